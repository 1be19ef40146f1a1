"""What CloudWatch Logs sends: ``{"awslogs": {"data": <base64 of gzip of JSON>}}``.

https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html. A ``CONTROL_MESSAGE`` only looks whether the
destination can be reached.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from log_alerter.domain import Line

# modules/function names a subscription filter <organisation>-<environment>-log-alerter-<filter>--<group>.
OWN_NAME = "log-alerter"


@dataclass(frozen=True)
class Poison:
    """A delivery that no other try can make readable."""

    problem: str


@dataclass(frozen=True)
class Control:
    """CloudWatch Logs looks whether we are there."""


@dataclass(frozen=True)
class Delivery:
    """Lines of one log stream, and the names of the catalogue's filters that brought them."""

    log_group: str
    filters: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def is_our_own(self) -> bool:
        """Whether these are log_alerter's own lines: telling of them would make more of them."""
        return self.log_group.startswith("/aws/lambda/") and self.log_group.endswith(f"-{OWN_NAME}")


def read(event: Any) -> Delivery | Control | Poison:
    """The delivery in an event."""
    try:
        data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
        if data["messageType"] == "CONTROL_MESSAGE":
            return Control()
        return _delivery(data)
    except (
        zlib.error,
        EOFError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
        OSError,
        RecursionError,
    ) as error:
        # The error's text may quote the line.
        return Poison(type(error).__name__)


def _delivery(data: Any) -> Delivery:
    if data["messageType"] != "DATA_MESSAGE":
        raise ValueError("neither data nor control")
    log_group, stream = _text(data["logGroup"]), _text(data["logStream"])
    lines = tuple(
        Line(
            id=_text(each["id"]),
            at=datetime.fromtimestamp(each["timestamp"] / 1000, UTC),
            message=_text(each["message"]),
            log_group=log_group,
            stream=stream,
        )
        for each in data["logEvents"]
    )
    names = (_text(name).partition(f"-{OWN_NAME}-")[2].partition("--")[0] for name in data["subscriptionFilters"])
    return Delivery(log_group, tuple(names), lines)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value.encode("utf-8", "replace").decode("utf-8")
