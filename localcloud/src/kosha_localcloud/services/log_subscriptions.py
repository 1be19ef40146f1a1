"""Subscription filters bring log events to functions.

LocalStack sends every event of a log group, whatever the pattern says, and waits for the function to end. AWS sends
those that match, asynchronously (https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html).
"""

from __future__ import annotations

import base64
import gzip
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from kosha_localcloud.services.log_patterns import BadPattern, Matches, compile_pattern

LOG = logging.getLogger(__name__)
# Below the 256 KB that LocalStack takes in an asynchronous call.
PAYLOAD = 250_000

type Event = Mapping[str, Any]


def install() -> None:
    """Take the delivery over from LocalStack."""
    from localstack.aws.api.logs import InvalidParameterException
    from localstack.utils.patch import patch
    from moto.logs.exceptions import ResourceAlreadyExistsException
    from moto.logs.models import LogEvent, LogGroup, LogsBackend, LogStream

    import_module("localstack.services.logs.provider")  # brings its own patches, which would come after ours

    @patch(LogsBackend.put_subscription_filter)
    def put_subscription_filter(fn: Any, self: Any, *arguments: Any, **more: Any) -> Any:
        pattern, destination = arguments[2], arguments[3]
        try:
            compile_pattern(pattern or "")
        except BadPattern as error:
            raise InvalidParameterException(str(error)) from error
        if ":lambda:" not in destination:
            raise InvalidParameterException(
                f"the local cloud brings log events to functions only, not to {destination}"
            )
        return fn(self, *arguments, **more)

    def put_log_events(self: Any, log_events: list[dict[str, Any]]) -> str:
        filters = list(self.log_group.subscription_filters.values())
        stored = _store(LogEvent, self, log_events)
        events = [
            {"id": f"{event.event_id:056d}", "timestamp": event.timestamp, "message": event.message} for event in stored
        ]
        for each in filters:
            matches = _compiled(each.filter_pattern or "")
            found = [event for event in events if matches(event["message"])]
            if found:
                _deliver(self, each, found)
        return f"{self.upload_sequence_token:056d}"

    def create_log_stream(self: Any, log_stream_name: str) -> None:
        if log_stream_name in self.streams:
            raise ResourceAlreadyExistsException
        self.streams[log_stream_name] = LogStream(self, log_stream_name)

    # The tool would not find the classes behind LocalStack's own patches. Its way to make a stream fails in a log group
    # that has a filter, after it has made the stream; what a function logs first would be lost.
    stream: Any = LogStream
    stream.put_log_events = put_log_events
    group: Any = LogGroup
    group.create_log_stream = create_log_stream


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Matches:
    return compile_pattern(pattern)


def _store(log_event: Any, stream: Any, log_events: list[dict[str, Any]]) -> list[Any]:
    """As moto does it, without its way to deliver; the events."""
    from moto.core.utils import unix_time_millis

    stream.last_ingestion_time = int(unix_time_millis())
    stream.stored_bytes += sum(len(each["message"]) for each in log_events)
    events = [log_event(stream.last_ingestion_time, each) for each in log_events]
    stream.events += events
    stream.upload_sequence_token += 1
    return events


def _deliver(stream: Any, each: Any, events: Sequence[Event]) -> None:
    from kosha_localcloud.services.clients import client

    region = each.destination_arn.split(":")[3]
    functions = client("lambda", stream.account_id, region)
    frame = {
        "messageType": "DATA_MESSAGE",
        "owner": stream.account_id,
        "logGroup": stream.log_group.name,
        "logStream": stream.log_stream_name,
        "subscriptionFilters": [each.name],
    }
    for payload in payloads(frame, events):
        try:
            functions.invoke(FunctionName=each.destination_arn, InvocationType="Event", Payload=payload)
        except (BotoCoreError, ClientError) as error:
            LOG.warning("Log events of %s did not reach %s: %s", stream.log_group.name, each.destination_arn, error)


def payloads(frame: Event, events: Sequence[Event]) -> Iterator[bytes]:
    """The events as Lambda gets them, in as many payloads as it takes."""
    packed = gzip.compress(json.dumps({**frame, "logEvents": list(events)}, separators=(",", ":")).encode())
    payload = json.dumps({"awslogs": {"data": base64.b64encode(packed).decode()}}).encode()
    if len(payload) <= PAYLOAD or len(events) == 1:
        yield payload
        return
    middle = len(events) // 2
    yield from payloads(frame, events[:middle])
    yield from payloads(frame, events[middle:])
