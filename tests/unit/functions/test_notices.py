"""Notices fit into SNS, whatever is in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from common.notices import BODY_LIMIT_BYTES, Detail, Listing, Notice, Severity, render

NOW = datetime(2026, 1, 15, 9, 33, 27, tzinfo=timezone(timedelta(hours=5, minutes=30)))


def notice(summary: str = "two files", details: Mapping[str, Detail | Listing] | None = None) -> Notice:
    return Notice(
        kind="data.unclassified",
        severity=Severity.WARNING,
        environment="local",
        source="object_tagger",
        occurred_at=NOW,
        summary=summary,
        runbook="docs/runbooks/object-tagger.md",
        dedupe_key="data.unclassified exec-1",
        details=details or {},
    )


def body(of: Notice, limit: int = BODY_LIMIT_BYTES) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(render(of, limit).body)
    return parsed


def test_holds_every_field_of_the_schema() -> None:
    assert body(notice(details={"execution": "exec-1"})) == {
        "schema": "kosha.notice/1",
        "kind": "data.unclassified",
        "severity": "warning",
        "environment": "local",
        "source": "object_tagger",
        "occurred_at": "2026-01-15T04:03:27+00:00",
        "summary": "two files",
        "details": {"execution": "exec-1", "dedupe_key": "data.unclassified exec-1"},
        "runbook": "docs/runbooks/object-tagger.md",
    }


def test_attributes_let_a_subscription_filter() -> None:
    assert render(notice()).attributes == {
        "kind": "data.unclassified",
        "severity": "warning",
        "environment": "local",
    }


def test_a_list_that_fits_is_whole() -> None:
    items = [{"key": f"k{number}", "reason": "r"} for number in range(100)]
    listed = body(notice(details={"files": Listing(items, 100)}))["details"]["files"]
    assert listed == {"count": 100, "shown": 100, "items": items}


def test_a_list_that_does_not_fit_is_cut_to_the_first_and_says_how_many_there_are() -> None:
    items = [{"key": "क" * 340, "reason": "r"} for _ in range(1000)]
    message = render(notice(details={"files": Listing(items, 25_000)}))
    listed = json.loads(message.body)["details"]["files"]
    assert len(message.body.encode()) <= BODY_LIMIT_BYTES
    assert listed["count"] == 25_000
    assert 0 < listed["shown"] < 1000
    assert listed["items"] == items[: listed["shown"]]


def test_the_cut_is_as_late_as_the_limit_allows() -> None:
    items = [{"key": "न" * 10} for _ in range(50)]
    of = notice(details={"files": Listing(items, 50)})
    limit = len(render(of).body.encode()) - 1
    assert body(of, limit)["details"]["files"]["shown"] == 49


def test_an_error_text_without_end_is_shortened() -> None:
    message = render(notice(details={"problem": "न" * 300_000}))
    assert len(message.body.encode()) <= BODY_LIMIT_BYTES
    assert len(json.loads(message.body)["details"]["problem"]) == 1000


def test_half_a_surrogate_pair_can_be_sent() -> None:
    message = render(notice(details={"files": Listing([{"key": "a\ud800b"}], 1)}))
    assert message.body.encode("utf-8")


TEXT = st.text(max_size=300)


@given(TEXT)
def test_a_subject_is_short_ascii_on_one_line(summary: str) -> None:
    subject = render(notice(summary)).subject
    assert 0 < len(subject) <= 100
    assert all(" " <= letter <= "~" for letter in subject)


@given(st.lists(TEXT, max_size=40), TEXT, st.integers(1200, 20_000))
def test_a_body_never_exceeds_its_limit_and_stays_json(keys: list[str], summary: str, limit: int) -> None:
    of = notice(summary[:50], {"files": Listing([{"key": key} for key in keys], len(keys))})
    message = render(of, limit)
    assert len(message.body.encode()) <= limit
    assert json.loads(message.body)["details"]["files"]["count"] == len(keys)


def test_occurred_at_is_utc_wherever_the_clock_stands() -> None:
    assert body(notice())["occurred_at"] == NOW.astimezone(UTC).isoformat(timespec="seconds")
