"""SNS: takes notices, or refuses what AWS refuses. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.simulation.world.errors import client_error
from tests.simulation.world.faults import Faults
from tests.simulation.world.timeline import Timeline

LIMIT_BYTES = 256 * 1024


@dataclass(frozen=True)
class Delivered:
    """A notice as its readers get it."""

    at: datetime
    topic: str
    function: str
    subject: str
    document: dict[str, Any]
    attributes: Mapping[str, str]
    size: int


class Mailbox:
    """Every notice of every topic."""

    def __init__(self) -> None:
        self.watchers: list[Callable[[Delivered], None]] = []
        self.count = 0

    def deliver(self, notice: Delivered) -> None:
        """Hand a notice to whoever watches."""
        self.count += 1
        for watcher in self.watchers:
            watcher(notice)


class Sns:
    """A client."""

    def __init__(self, timeline: Timeline, faults: Faults, mailbox: Mailbox, region: str = "ap-south-1") -> None:
        self._timeline = timeline
        self._faults = faults
        self._mailbox = mailbox
        self._region = region

    def publish(
        self, *, TopicArn: str, Subject: str, Message: str, MessageAttributes: Mapping[str, Mapping[str, str]]
    ) -> dict[str, Any]:
        """Publish a notice."""
        done = self._faults.before("sns", self._region, "Publish")
        size = len(Message.encode()) + sum(
            len(name.encode()) + len(each["DataType"]) + len(each["StringValue"].encode())
            for name, each in MessageAttributes.items()
        )
        if size > LIMIT_BYTES:
            raise client_error("Publish", "InvalidParameter", 400, "Invalid parameter: Message too long")
        if not 0 < len(Subject) <= 100 or not all(" " <= letter <= "~" for letter in Subject):
            raise client_error("Publish", "InvalidParameter", 400, "Invalid parameter: Subject")
        if any(not each["StringValue"] for each in MessageAttributes.values()):
            raise client_error("Publish", "ParameterValueInvalid", 400, "The message attribute must contain a value")
        invocation = self._faults.invocation
        self._mailbox.deliver(
            Delivered(
                at=self._timeline.now,
                topic=TopicArn.rpartition(":")[2],
                function=invocation.function if invocation else "",
                subject=Subject,
                document=json.loads(Message),
                attributes={name: each["StringValue"] for name, each in MessageAttributes.items()},
                size=size,
            )
        )
        done()
        return {"MessageId": f"notice-{self._mailbox.count}"}
