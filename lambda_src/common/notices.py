"""Notices: the one form in which functions tell people what happened.

SNS takes a subject of at most 100 ASCII characters without line breaks, and 256 KiB of message including its
attributes (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html). Sizes are counted in bytes: a name in
Devanagari takes three bytes a letter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

SCHEMA = "kosha.notice/1"
SUBJECT_LIMIT = 100
# 256 KiB less room for the message attributes.
BODY_LIMIT_BYTES = 256 * 1024 - 1024

type Detail = str | int | float | bool | Sequence[Detail] | Mapping[str, Detail] | None


class Severity(StrEnum):
    """How much a notice matters: nothing to do, look into it, or act now."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True)
class Listing:
    """A list that may be long: the items at hand, and how many there are in all."""

    items: Sequence[Mapping[str, Detail]]
    total: int


@dataclass(frozen=True)
class Notice:
    """One notice. ``kind`` is ``<area>.<what happened>``; ``runbook`` is a path in the repository.

    ``dedupe_key`` is the same for two notices of the same fact: a function that is tried again says it again.
    """

    kind: str
    severity: Severity
    environment: str
    source: str
    occurred_at: datetime
    summary: str
    runbook: str
    dedupe_key: str
    details: Mapping[str, Detail | Listing]


@dataclass(frozen=True)
class Message:
    """What goes to SNS."""

    subject: str
    body: str
    attributes: Mapping[str, str]


def render(notice: Notice, limit_bytes: int = BODY_LIMIT_BYTES) -> Message:
    """The notice as an SNS message: lists are cut, all in the same measure, until the body fits ``limit_bytes``."""
    longest = max((len(each.items) for each in notice.details.values() if isinstance(each, Listing)), default=0)
    fits, too_many = 0, longest + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if len(_body(notice, middle).encode()) <= limit_bytes:
            fits = middle
        else:
            too_many = middle
    body = _body(notice, fits)
    if len(body.encode()) > limit_bytes:  # not the lists: a summary or an error text without end
        body = _body(notice, 0, text_limit=1000)
    return Message(
        subject=_subject(notice),
        body=body,
        attributes={"kind": notice.kind, "severity": notice.severity, "environment": notice.environment},
    )


def _body(notice: Notice, items: int, text_limit: int | None = None) -> str:
    document = {
        "schema": SCHEMA,
        "kind": notice.kind,
        "severity": notice.severity,
        "environment": notice.environment,
        "source": notice.source,
        "occurred_at": notice.occurred_at.astimezone(UTC).isoformat(timespec="seconds"),
        "summary": notice.summary[:text_limit],
        "details": {
            key: _cut(value, items) if isinstance(value, Listing) else _shorten(value, text_limit)
            for key, value in notice.details.items()
        }
        | {"dedupe_key": notice.dedupe_key},
        "runbook": notice.runbook,
    }
    text = json.dumps(document, ensure_ascii=False, indent=2)
    # Half a surrogate pair cannot be sent as UTF-8; a file name on NFS may hold one.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _cut(listing: Listing, items: int) -> Mapping[str, Detail]:
    shown = list(listing.items[:items])
    return {"count": listing.total, "shown": len(shown), "items": shown}


def _shorten(value: Detail, text_limit: int | None) -> Detail:
    return value[:text_limit] if isinstance(value, str) else value


def _subject(notice: Notice) -> str:
    text = f"[{notice.environment}] {notice.severity}: {notice.kind}: {notice.summary}"
    printable = "".join(letter if " " <= letter <= "~" else "?" if letter.isprintable() else " " for letter in text)
    return printable[:SUBJECT_LIMIT].strip()
