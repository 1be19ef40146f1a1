"""Lambda's own queue of asynchronous invocations: when it is empty, and when a retry in it is due.

The versions of ``$LATEST`` share one queue. After an update LocalStack stops the poller of the former version, which
may still be asking the queue then: what it gets after that it drops, and the event is invisible for the function's
timeout and a minute. Here it goes back to the queue, for the poller of the new version.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from localstack.services.lambda_.invocation.event_manager import Poller
from localstack.services.lambda_.invocation.internal_sqs_queue import FakeSqsClient, get_fake_sqs_client
from localstack.services.lambda_.invocation.version_manager import LambdaVersionManager
from localstack.utils.patch import patch

from kosha_localcloud.clock.timeline import Timeline
from kosha_localcloud.clock.work import Work


def install(timeline: Timeline, work: Work) -> None:
    """Count invocations as work, and put the waiting time before a retry on the timeline."""

    received = threading.local()
    begun: set[str] = set()

    @patch(Poller.run)
    def run(fn: Callable[..., None], self: Poller, *args: Any, **kwargs: Any) -> None:
        received.handles = set()
        try:
            fn(self, *args, **kwargs)
        finally:
            queue = get_fake_sqs_client().queue_manager.queues.get(self.event_queue_url)
            if queue is not None:
                for handle in received.handles - begun:
                    queue.update_visibility_timeout(handle, 0)
            begun.difference_update(received.handles)

    @patch(FakeSqsClient.receive_message)
    def receive_message(fn: Callable[..., Any], self: FakeSqsClient, **kwargs: Any) -> Any:
        result = fn(self, **kwargs)
        if (handles := getattr(received, "handles", None)) is not None:
            done = handles & begun
            handles -= done
            begun.difference_update(done)
            handles |= {message["ReceiptHandle"] for message in result["Messages"] or []}
        return result

    @patch(Poller.handle_message)
    def handle_message(fn: Callable[..., None], self: Poller, message: dict[str, Any]) -> None:
        begun.add(message["ReceiptHandle"])
        with work.doing(f"event of {self.version_manager.function_version.id.function_name}"):
            fn(self, message)

    @patch(LambdaVersionManager.invoke)
    def invoke(fn: Callable[..., Any], self: LambdaVersionManager, **kwargs: Any) -> Any:
        with work.doing(f"invocation of {self.function_version.id.function_name}"):
            return fn(self, **kwargs)

    @patch(FakeSqsClient.send_message)
    def send_message(fn: Callable[..., Any], self: FakeSqsClient, **kwargs: Any) -> Any:
        result = fn(self, **kwargs)
        if delay := kwargs.get("DelaySeconds"):
            url = kwargs["QueueUrl"]
            # a little later than the delay, so that the queue agrees that the time has come
            due = datetime.now(UTC) + timedelta(seconds=int(delay), milliseconds=20)
            timeline.at(due, f"Lambda retry in {url}", lambda: _release(self, url))
        return result

    work.add(_waiting_events)


def _release(client: FakeSqsClient, url: str) -> None:
    """Hand over the messages whose delay is over; LocalStack would look for them once a second."""
    queue = client.queue_manager.queues.get(url)
    if queue is not None:
        queue.enqueue_delayed_messages()


def _waiting_events() -> list[str]:
    queues = list(get_fake_sqs_client().queue_manager.queues.items())
    return [f"events in {name}" for name, queue in queues if queue.visible.qsize() or queue.inflight]
