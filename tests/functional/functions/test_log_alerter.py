"""log_alerter on moto: what people get for what CloudWatch Logs delivers, and what it does when S3 or SNS fails."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta
from itertools import count
from types import ModuleType
from typing import Any
from unittest.mock import Mock, patch

import pytest
from botocore.exceptions import ClientError

from common import catalogue
from common.publisher import NoticeNotSent
from common.state import StateConflict, StateStore, StateUnreadable
from tests.functional.functions.conftest import REPORTS, Context, Load, Metrics, Notices, event

MINUTE = timedelta(minutes=1)
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
FUNCTION = "/aws/lambda/kosha-test-object-tagger"
DOCUMENT = catalogue.read_document("log-alerts")
ids = count()


@pytest.fixture
def module(s3: Any, load: Load) -> ModuleType:
    return load("log_alerter")


def delivery(*messages: str, watched: str = "functions", group: str = FUNCTION, kind: str = "DATA_MESSAGE") -> Any:
    document = {
        "messageType": kind,
        "owner": "111122223333",
        "logGroup": group,
        "logStream": "2026/11/24/[$LATEST]0a1b",
        "subscriptionFilters": [f"kosha-test-log-alerter-{watched}--object-tagger"],
        "logEvents": [
            {"id": f"{next(ids):056d}", "timestamp": int(NOW.timestamp() * 1000), "message": each} for each in messages
        ],
    }
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(document).encode())).decode()}}


TIMED_OUT = DOCUMENT["filters"]["functions"]["rules"]["timed-out"]["example"]
KILLED = DOCUMENT["filters"]["functions"]["rules"]["killed"]["example"]
FLUSH = {"schedule": "flush"}


def run(module: ModuleType, context: Context, event: Any, later: timedelta = timedelta(0)) -> dict[str, Any]:
    with patch.object(module.clock, "datetime", Mock(now=Mock(return_value=NOW + later))):
        reply: dict[str, Any] = module.handler(event, context)
        return reply


def state(s3: Any, name: str = "functions") -> dict[str, Any]:
    body = s3.get_object(Bucket=REPORTS, Key=f"automation-state/log_alerter/{name}.json")["Body"].read()
    document: dict[str, Any] = json.loads(body)
    return document


def test_a_delivery_becomes_a_notice_of_its_rule(
    module: ModuleType, context: Context, notices: Notices, metrics: Metrics
) -> None:
    reply = run(module, context, event("log-delivery"))
    assert reply == {"outcome": "counted", "counts": {"lines": 1, "counted": 1, "repeated": 0, "notices": 1}}
    (notice,) = notices("platform")
    assert (notice["kind"], notice["severity"]) == ("logs.matched", "critical")
    assert notice["details"]["rule"] == "cluster-audit/anonymous-access"
    assert notice["runbook"] == "docs/runbooks/cluster-logs.md"
    counted = metrics()
    assert [counted[name] for name in ("LinesReceived", "LinesCounted", "NoticesSent")] == [1, 1, 1]


def test_the_topic_is_the_rule_s(module: ModuleType, context: Context, notices: Notices) -> None:
    line = DOCUMENT["filters"]["cluster-audit"]["rules"]["storage-deleted"]["example"]
    run(module, context, delivery(line, watched="cluster-audit", group="/aws/eks/kosha-test-cluster/cluster"))
    assert notices("platform") == []
    assert [each["details"]["rule"] for each in notices("data")] == ["cluster-audit/storage-deleted"]


def test_a_storm_is_one_notice_and_one_summary(s3: Any, module: ModuleType, context: Context, notices: Notices) -> None:
    for number in range(10):
        run(module, context, delivery(*[TIMED_OUT] * 100), number * timedelta(seconds=5))
    (first,) = notices("platform")
    assert first["details"]["lines"] == 100
    assert run(module, context, FLUSH, 59 * MINUTE) == {"outcome": "flushed", "notices": 0}
    assert run(module, context, FLUSH, 61 * MINUTE) == {"outcome": "flushed", "notices": 1}
    (summary,) = notices("platform")
    assert (summary["kind"], summary["details"]["lines"]) == ("logs.repeated", 900)
    assert run(module, context, FLUSH, 125 * MINUTE)["notices"] == 0
    assert state(s3)["rules"]["timed-out"] == {"groups": [], "notices": []}


def test_a_delivery_that_is_repeated_is_counted_once(
    module: ModuleType, context: Context, notices: Notices, metrics: Metrics
) -> None:
    twice = delivery(TIMED_OUT, KILLED)
    run(module, context, twice)
    assert len(notices("platform")) == 2
    reply = run(module, context, twice, MINUTE)
    assert reply["counts"] == {"lines": 2, "counted": 0, "repeated": 2, "notices": 0}
    assert metrics()["LinesRepeated"] == 2
    assert run(module, context, FLUSH, 90 * MINUTE)["notices"] == 0


def test_a_flush_that_finds_nothing_writes_nothing(s3: Any, module: ModuleType, context: Context) -> None:
    run(module, context, FLUSH)
    assert "Contents" not in s3.list_objects_v2(Bucket=REPORTS)


def test_a_control_message_is_counted_and_no_more(
    module: ModuleType, context: Context, notices: Notices, metrics: Metrics
) -> None:
    assert run(module, context, delivery("m", kind="CONTROL_MESSAGE")) == {"outcome": "control"}
    assert metrics()["ControlMessages"] == 1
    assert notices("platform") == []


@pytest.mark.parametrize("data", ["!", base64.b64encode(b"no gzip").decode(), 7, None])
def test_a_poison_delivery_is_counted_and_dropped_without_a_crash(
    data: Any, module: ModuleType, context: Context, metrics: Metrics
) -> None:
    assert run(module, context, {"awslogs": {"data": data}})["outcome"] == "dropped"
    assert metrics()["PoisonDeliveries"] == 1


@pytest.mark.parametrize("other", [None, [], {}, {"schedule": "daily"}, "text"])
def test_other_events_are_ignored_and_counted(
    other: Any, module: ModuleType, context: Context, metrics: Metrics
) -> None:
    assert run(module, context, other)["outcome"] == "ignored"
    assert metrics()["EventsIgnored"] == 1


def test_its_own_lines_are_dropped_without_an_error_line(
    module: ModuleType, context: Context, notices: Notices, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = run(module, context, delivery(TIMED_OUT, group="/aws/lambda/kosha-test-log-alerter"))
    assert reply == {"outcome": "dropped", "reason": "own log group"}
    out = capsys.readouterr().out
    assert "OwnLinesDropped" in out
    watched = module.alerter.filters["functions"]
    terms = [term for rule in watched.rules.values() for term in rule.terms]
    assert [term for term in terms if term in out] == []
    assert notices("platform") == []


def test_a_filter_the_catalogue_does_not_know_is_counted(
    module: ModuleType, context: Context, metrics: Metrics
) -> None:
    run(module, context, delivery(TIMED_OUT, watched="former"))
    assert metrics()["UnknownFilters"] == 1


def test_lines_of_no_rule_are_counted_and_not_told(
    module: ModuleType, context: Context, notices: Notices, metrics: Metrics
) -> None:
    run(module, context, delivery('{"level":"INFO","state":"ERROR"}'))
    assert metrics()["LinesUnmatched"] == 1
    assert notices("platform") == []


def test_a_line_is_in_the_notice_with_its_secret_masked_and_never_in_the_log(
    s3: Any, module: ModuleType, context: Context, notices: Notices, capsys: pytest.CaptureFixture[str]
) -> None:
    run(module, context, delivery("[ERROR] patient Asha: password=hunter2"))
    (notice,) = notices("platform")
    (item,) = notice["details"]["groups"]["items"]
    assert item["example"] == "[ERROR] patient Asha: password=***"
    captured = capsys.readouterr()
    assert "Asha" not in captured.out + captured.err
    assert "hunter2" not in json.dumps(state(s3))
    assert "Asha" not in json.dumps(state(s3)), "what was told is not kept"


class Fails:
    """SNS or S3 that refuses some calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, client: Any, operation: str, times: int) -> None:
        self.left = times
        real = getattr(client, operation)

        def call(**arguments: Any) -> Any:
            if self.left > 0:
                self.left -= 1
                error: Any = {"Error": {"Code": "InternalError"}, "ResponseMetadata": {"HTTPStatusCode": 500}}
                raise ClientError(error, operation)
            return real(**arguments)

        monkeypatch.setattr(client, operation, call)


def test_a_notice_sns_does_not_take_is_kept_and_sent_by_the_flush(
    module: ModuleType, context: Context, notices: Notices, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    Fails(monkeypatch, module.alerter.publisher._sns, "publish", 2)
    run(module, context, delivery(TIMED_OUT))
    assert metrics()["NoticesFailed"] == 1
    with pytest.raises(NoticeNotSent, match="functions: SNS did not take 1 notices"):
        run(module, context, FLUSH, MINUTE)
    assert run(module, context, FLUSH, 2 * MINUTE)["notices"] == 1
    (notice,) = notices("platform")
    assert notice["details"]["lines"] == 1
    assert run(module, context, FLUSH, 10 * MINUTE)["notices"] == 0


def test_what_fails_after_the_lines_are_counted_does_not_have_them_counted_again(
    module: ModuleType, context: Context, notices: Notices, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, written = StateStore.write, count()

    def write(self: StateStore, name: str, document: dict[str, Any], etag: str | None) -> str:
        if next(written) == 1:  # the one after the notice
            raise StateConflict
        return real(self, name, document, etag)

    monkeypatch.setattr(StateStore, "write", write)
    monkeypatch.setattr("log_alerter.aws.ATTEMPTS", 1)
    same = delivery(TIMED_OUT)
    assert run(module, context, same)["counts"]["counted"] == 1
    assert run(module, context, same)["counts"]["counted"] == 0
    run(module, context, FLUSH, 10 * MINUTE)
    one, again = notices("platform")
    assert one == again, "the same notice, which its dedupe_key tells"


def test_a_function_killed_before_it_sent_loses_no_notice(
    module: ModuleType, context: Context, notices: Notices, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    with monkeypatch.context() as patched:
        patched.setattr(module.alerter.publisher._sns, "publish", Mock(side_effect=Killed))
        with pytest.raises(Killed):
            run(module, context, delivery(TIMED_OUT))
    assert run(module, context, FLUSH, MINUTE)["notices"] == 0, "another one may still be sending it"
    assert run(module, context, FLUSH, 10 * MINUTE)["notices"] == 1
    assert len(notices("platform")) == 1


def test_of_two_at_once_neither_loses_a_line_and_one_notice_goes_out(
    s3: Any, module: ModuleType, context: Context, notices: Notices, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = StateStore.write
    others = iter([delivery(TIMED_OUT, TIMED_OUT)])

    def write(self: StateStore, name: str, document: dict[str, Any], etag: str | None) -> str:
        for other in others:  # between our read and our write
            run(module, Context(), other, timedelta(seconds=1))
        return real(self, name, document, etag)

    monkeypatch.setattr(StateStore, "write", write)
    monkeypatch.setattr("time.sleep", lambda _: None)
    reply = run(module, context, delivery(TIMED_OUT), timedelta(seconds=2))
    assert reply["counts"]["notices"] == 0
    assert [each["details"]["lines"] for each in notices("platform")] == [2]
    (group,) = state(s3)["rules"]["timed-out"]["groups"]
    assert group["count"] == 1
    run(module, context, FLUSH, 70 * MINUTE)
    assert [each["details"]["lines"] for each in notices("platform")] == [1]


def test_where_others_are_always_faster_lambda_tries_again(
    module: ModuleType, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StateStore, "write", Mock(side_effect=StateConflict))
    monkeypatch.setattr("common.clock.time.sleep", lambda _: None)
    with pytest.raises(StateConflict):
        run(module, context, delivery(TIMED_OUT))


def test_a_memory_somebody_else_wrote_stops_that_filter_only(
    s3: Any, module: ModuleType, context: Context, notices: Notices
) -> None:
    run(module, context, delivery(TIMED_OUT))
    run(module, context, delivery(TIMED_OUT), MINUTE)
    notices("platform")
    s3.put_object(Bucket=REPORTS, Key="automation-state/log_alerter/cluster-audit.json", Body=b"not json")
    with pytest.raises(StateUnreadable, match=r"cluster-audit\.json"):
        run(module, context, FLUSH, 70 * MINUTE)
    assert [each["kind"] for each in notices("platform")] == ["logs.repeated"]
    assert s3.get_object(Bucket=REPORTS, Key="automation-state/log_alerter/cluster-audit.json")["Body"].read() == (
        b"not json"
    )
