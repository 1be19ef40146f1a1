"""The command of the backfill: the event it sends, what it makes of replies, and what it shows."""

from __future__ import annotations

import argparse
import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from scripts import backfill
from scripts.talk import UserError

NOTHING = {
    "mode": "estimate",
    "prefix": "",
    "project": "",
    "modified_since": "",
    "finish_within_hours": None,
    "method": "",
    "versions": False,
    "run": "",
}


def answer(reply: Any, **more: Any) -> dict[str, Any]:
    return {"Payload": io.BytesIO(json.dumps(reply).encode())} | more


def test_only_what_was_given_is_sent() -> None:
    assert backfill.make_event(argparse.Namespace(**NOTHING)) == {"mode": "estimate"}
    given = NOTHING | {"mode": "apply", "prefix": "a/", "versions": True}
    assert backfill.make_event(argparse.Namespace(**given)) == {"mode": "apply", "prefix": "a/", "versions": True}


def test_a_refusal_and_a_failure_are_told_as_they_are() -> None:
    with pytest.raises(UserError, match="unknown: prefx"):
        backfill.read_reply(answer({"outcome": "refused", "problem": "unknown: prefx"}))
    with pytest.raises(UserError, match="the run stays open"):
        backfill.read_reply(answer({"errorType": "ClientError"}, FunctionError="Unhandled"))


def test_only_a_busy_function_is_asked_again() -> None:
    def error(code: str) -> ClientError:
        return ClientError({"Error": {"Code": code, "Message": "m"}}, "Invoke")

    assert backfill.passing(error("TooManyRequestsException")) == backfill.THROTTLED
    assert backfill.passing(ReadTimeoutError(endpoint_url="u")) == "busy"
    assert backfill.passing(error("AccessDeniedException")) == ""


def test_progress_is_a_line_of_phase_and_counts() -> None:
    progress = {"phase": "wait", "counts": {"tagged": 1200, "not_a_file": 9}, "groups": {"g": {"job": "j"}}}
    assert backfill.progress_line({"id": "r", "progress": progress}) == "r: wait, 1,200 objects, 1,200 tagged, 1 jobs"
    assert backfill.progress_line({}) == "working"


class Replies:
    """A backfill whose calls are answered in order."""

    def __init__(self, *replies: dict[str, Any]) -> None:
        self.replies = list(replies)
        self.events: list[Any] = []

    def call(self, event: Any) -> dict[str, Any]:
        self.events.append(event)
        return self.replies.pop(0)

    def state(self) -> dict[str, Any]:
        return {"last": {"id": "r", "result": {"not_done_count": 1}}}

    def progress(self) -> str:
        return "working"


def run(monkeypatch: pytest.MonkeyPatch, *replies: dict[str, Any]) -> tuple[int, Replies]:
    fake = Replies(*replies)
    monkeypatch.setattr(backfill, "Backfill", lambda _: fake)
    return backfill.run(None, {"mode": "apply"}, lambda _: None), fake  # type: ignore[arg-type]


def test_a_run_is_called_until_it_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    under_way = {"outcome": "under_way", "run": "r"}
    code, fake = run(monkeypatch, under_way, {"outcome": "busy", "problem": "p"}, {"outcome": "finished", "run": "r"})
    assert (code, fake.events) == (0, [{"mode": "apply"}, {}, {}])


def test_what_was_asked_for_is_asked_until_the_function_has_heard_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a cancellation that is throttled would carry on with what it is to cancel, or with another's run."""
    throttled = {"outcome": "throttled", "problem": "Rate Exceeded."}
    queued = {"outcome": "queued", "run": "r"}
    finished: list[dict[str, Any]] = [{"outcome": "finished", "run": each, "result": {}} for each in ("s", "r")]
    code, fake = run(monkeypatch, throttled, throttled, queued, throttled, *finished)
    assert (code, fake.replies) == (0, [])
    assert fake.events == [{"mode": "apply"}] * 3 + [{}] * 3
    assert run(monkeypatch, throttled, {"outcome": "idle"})[0] == 0, "there is nothing to cancel; the last run is over"


def test_a_run_the_schedule_has_ended_meanwhile_is_read_from_its_state(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, {"outcome": "under_way", "run": "r"}, {"outcome": "idle"})[0] == 1


def test_a_run_that_waits_is_followed_past_the_one_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    queued = {"outcome": "queued", "run": "r", "behind": "s"}
    code, fake = run(
        monkeypatch, queued, {"outcome": "finished", "run": "s"}, {"outcome": "finished", "run": "r", "result": {}}
    )
    assert (code, len(fake.replies)) == (0, 0)


def test_a_stalled_run_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, {"outcome": "stalled", "run": "r", "problem": "AccessDenied"})[0] == 1
