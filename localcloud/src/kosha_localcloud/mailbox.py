"""E-mail of SNS: subscriptions confirm at once, and what would be sent is kept here. Nothing leaves this machine."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from localstack.services.sns.provider import SnsProvider
from localstack.services.sns.publisher import EmailJsonTopicPublisher
from localstack.utils.patch import patch


@dataclass(frozen=True)
class Mail:
    """One delivery. `subject` is what AWS puts there when the publisher gives none."""

    time: str
    topic_arn: str
    endpoint: str
    subject: str
    message: str


class Mailbox:
    """The latest mails."""

    def __init__(self, size: int = 5_000) -> None:
        self._mails: deque[Mail] = deque(maxlen=size)
        self._lock = threading.Lock()

    def add(self, mail: Mail) -> None:
        """Keep one mail."""
        with self._lock:
            self._mails.append(mail)

    def clear(self) -> None:
        """Forget every mail."""
        with self._lock:
            self._mails.clear()

    def list(self) -> list[dict[str, str]]:
        """Every mail, oldest first."""
        with self._lock:
            return [asdict(mail) for mail in self._mails]


MAILBOX = Mailbox()


def install() -> None:
    """Take the place of LocalStack's delivery by SES."""

    @patch(EmailJsonTopicPublisher._publish)
    def deliver(_fn: Callable[..., None], self: EmailJsonTopicPublisher, context: Any, subscriber: Any) -> None:
        message = self.prepare_message(context.message, subscriber, topic_attributes=context.topic_attributes)
        MAILBOX.add(
            Mail(
                time=datetime.now(UTC).isoformat(),
                topic_arn=subscriber["TopicArn"],
                endpoint=subscriber["Endpoint"],
                subject=context.message.subject or "AWS Notification Message",
                message=message,
            )
        )

    @patch(SnsProvider.subscribe)
    def subscribe(fn: Callable[..., Any], self: SnsProvider, context: Any, *args: Any, **kwargs: Any) -> Any:
        answer = fn(self, context, *args, **kwargs)
        store = self.get_store(context.account_id, context.region)
        subscription = store.subscriptions.get(answer.get("SubscriptionArn"))
        if subscription is not None and subscription["Protocol"] in ("email", "email-json"):
            subscription["PendingConfirmation"] = "false"
            subscription["ConfirmationWasAuthenticated"] = "true"
        return answer
