"""tag_auditor on moto: what it finds, how it goes on, what it says, and what it does when S3 fails."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError

from common.lake import LakeTags
from tag_auditor.domain import Entry
from tests.functional.functions.conftest import LAKE, REPORTS, Context, Load, Metrics, Notices, StandingTime

FOLDER = "raw-sequences/lambda-phage"
RIGHT = "data_class=raw_sequence&sensitivity=controlled&project=lambda-phage&site=hyd-01"


def reads(number: int) -> str:
    return f"{FOLDER}/rs_lambda-phage_hyd-01_T{number:06}_R1.fastq.gz"


class Time(StandingTime):
    """``days`` from now."""

    def __init__(self, *seconds: float, days: float = 1) -> None:
        super().__init__(datetime.now(UTC) + timedelta(days=days), *seconds)


@pytest.fixture
def module(s3: Any, load: Load) -> ModuleType:
    loaded = load("tag_auditor")
    loaded.metrics.clear_metrics()  # Powertools keeps one set for all instances
    return loaded


@pytest.fixture
def by_boto3(module: ModuleType, s3: Any) -> ModuleType:
    """With the plain lake, whose calls a test can let fail; in one thread, as tracemalloc and threads hold each other
    up."""
    loaded: Any = module
    loaded.auditor = replace(loaded.auditor, lake=LakeTags(s3, LAKE, workers=1))
    return module


@pytest.fixture
def small_pages(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two keys a page, so that small buckets cross them; a checkpoint after each."""
    real = module.auditor.listing.pages

    def pages(after: str) -> Iterator[list[Entry]]:
        listed = [entry for page in real(after) for entry in page]
        for begin in range(0, len(listed), 2):
            yield listed[begin : begin + 2]

    monkeypatch.setattr(type(module.auditor.listing), "pages", lambda self, after: pages(after))
    monkeypatch.setattr("tag_auditor.auditor.PAGES_PER_CHECKPOINT", 1)


def put(s3: Any, key: str, tags: str = "") -> None:
    s3.put_object(Bucket=LAKE, Key=key, Body=b"x", Tagging=tags)


def report_lines(s3: Any, reply: dict[str, Any]) -> list[dict[str, Any]]:
    lines = []
    for address in reply["result"]["reports"]:
        body = s3.get_object(Bucket=REPORTS, Key=address.removeprefix(f"s3://{REPORTS}/"))["Body"].read()
        lines += [json.loads(line) for line in body.splitlines()]
    return lines


def failing(code: str, status: int, keys: set[str], times: int) -> Callable[..., Any]:
    left = dict.fromkeys(keys, times)

    def read_tags(self: Any, key: str, version_id: str | None) -> Any:
        if left.get(key, 0):
            left[key] -= 1
            raise ClientError(
                {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
                "GetObjectTagging",
            )
        found = self._s3.get_object_tagging(Bucket=self._bucket, Key=key)
        return {each["Key"]: each["Value"] for each in found["TagSet"]}, None

    return read_tags


def test_coverage_and_correctness_are_told_with_every_finding_in_a_report(
    module: ModuleType, s3: Any, notices: Notices
) -> None:
    odd = f"{FOLDER}/odd +%,'ü.txt"
    put(s3, reads(1), RIGHT)
    put(s3, reads(2), RIGHT + "&study=theirs")
    put(s3, reads(3))
    put(s3, reads(4), RIGHT.replace("lambda-phage", "tb-2026"))
    put(s3, odd, "data_class=unclassified&sensitivity=restricted")
    put(s3, f"{FOLDER}/")
    reply = module.auditor.run("audit", Time().clock)
    assert reply["outcome"] == "finished"
    assert reply["result"]["verdicts"] == {"right": 3, "untagged": 1, "wrong": 1}
    assert (reply["result"]["coverage_percent"], reply["result"]["correctness_percent"]) == (80.0, 60.0)
    lines = {line["key"]: line for line in report_lines(s3, reply)}
    assert lines.keys() == {reads(3), reads(4)}
    assert (lines[reads(4)]["finding"], lines[reads(4)]["wanted"]["project"]) == ("wrong", "lambda-phage")
    [notice] = notices("data")
    assert (notice["kind"], notice["severity"]) == ("data.audit_finished", "warning")
    assert notice["details"]["findings"]["count"] == 2
    assert notice["details"]["to_mend"] == "make backfill ENV=test MODE=apply"


def test_a_lake_without_findings_is_told_as_such(module: ModuleType, s3: Any, notices: Notices) -> None:
    put(s3, reads(1), RIGHT)
    assert module.auditor.run("audit", Time().clock)["result"]["reports"] == []
    [notice] = notices("data")
    assert notice["severity"] == "info"
    assert "to_mend" not in notice["details"]


def test_what_has_just_come_is_left_to_the_taggers(module: ModuleType, s3: Any, notices: Notices) -> None:
    put(s3, reads(1))
    result = module.auditor.run("audit", Time(days=0).clock)["result"]
    assert (result["audited"], result["fresh"]) == (0, 1)
    assert notices("data")[0]["severity"] == "info"


def test_metrics_are_told_for_each_class_and_for_all(
    module: ModuleType, s3: Any, context: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("common.clock.datetime", _Tomorrow)
    put(s3, reads(1), RIGHT)
    put(s3, reads(2))
    capsys.readouterr()
    module.metrics.clear_metrics()
    assert module.handler({"mode": "audit"}, context)["outcome"] == "finished"
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    of_class = next(each for each in documents if each.get("data_class") == "raw_sequence")
    assert (of_class["TagCoverage"], of_class["ObjectsUntagged"]) == ([50.0], [1.0])
    assert sorted(of_class["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]) == ["data_class", "service"]
    total = next(each for each in documents if "data_class" not in each)
    assert (total["TagCorrectness"], total["service"]) == ([50.0], "tag_auditor")


class _Tomorrow(datetime):
    """``datetime`` of the clock's module, a day ahead."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return datetime.now(tz) + timedelta(days=1)


@pytest.mark.usefixtures("small_pages")
def test_an_audit_goes_on_where_lambda_s_time_ended(module: ModuleType, s3: Any) -> None:
    for number in range(7):
        put(s3, reads(number), RIGHT if number % 2 else "")
    outcomes = [module.auditor.run("audit", Time(5.0).clock)["outcome"]]
    assert module.auditor.run("audit", Time().clock)["outcome"] == "busy"
    while outcomes[-1] == "under_way":
        reply = module.auditor.run("continue", Time(5.0).clock)
        outcomes.append(reply["outcome"])
    assert outcomes == ["under_way"] * 4 + ["finished"]
    assert reply["result"]["verdicts"] == {"right": 3, "untagged": 4}
    assert [line["key"] for line in report_lines(s3, reply)] == [reads(number) for number in (0, 2, 4, 6)]
    assert module.auditor.run("audit", Time().clock)["outcome"] == "done_already"
    assert module.auditor.run("continue", Time().clock) == {"outcome": "idle"}


def test_slow_down_is_tried_again_and_then_counted_as_unread(
    by_boto3: ModuleType, s3: Any, notices: Notices, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        put(s3, reads(number), RIGHT)
    monkeypatch.setattr(LakeTags, "read_tags", failing("SlowDown", 503, {reads(0)}, 1))
    time = Time()
    assert by_boto3.auditor.run("audit", time.clock)["result"]["verdicts"] == {"right": 3}
    assert time.waited == [5.0]
    monkeypatch.setattr(LakeTags, "read_tags", failing("SlowDown", 503, {reads(0)}, 9))
    result = by_boto3.auditor.run("audit", Time(days=2).clock)["result"]
    assert (result["verdicts"], result["unread"]) == ({"right": 2}, 1)
    well, unread = notices("data")
    assert (well["severity"], well["summary"]) == ("info", "All 3 objects have the tags their names call for")
    assert (unread["severity"], "the tags of 1 could not be read" in unread["summary"]) == ("warning", True)


def test_an_object_that_goes_between_list_and_look_is_no_finding(
    by_boto3: ModuleType, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        put(s3, reads(number), RIGHT)
    monkeypatch.setattr(LakeTags, "read_tags", failing("NoSuchKey", 404, {reads(0)}, 9))
    result = by_boto3.auditor.run("audit", Time().clock)["result"]
    assert (result["audited"], result["vanished"], result["unread"]) == (1, 1, 0)


@pytest.mark.parametrize(("code", "status"), [("AccessDenied", 403), ("SlowDown", 503)])
def test_tags_that_s3_does_not_show_stop_the_audit_which_says_so_once_and_goes_on_when_mended(
    code: str, status: int, by_boto3: ModuleType, s3: Any, notices: Notices, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(s3, reads(1))
    with monkeypatch.context() as patched:
        patched.setattr(LakeTags, "read_tags", failing(code, status, {reads(1)}, 99))
        reply = by_boto3.auditor.run("audit", Time().clock)
        assert (reply["outcome"], code in reply["problem"]) == ("stalled", True)
        assert by_boto3.auditor.run("continue", Time().clock)["outcome"] == "stalled"
    assert [each["kind"] for each in notices("data")] == ["data.audit_stalled"]
    assert by_boto3.auditor.run("continue", Time().clock)["result"]["verdicts"] == {"untagged": 1}


def test_a_lake_that_cannot_be_listed_is_told(module: ModuleType, s3: Any, notices: Notices) -> None:
    s3.delete_bucket(Bucket=LAKE)
    reply = module.auditor.run("audit", Time().clock)
    assert (reply["outcome"], reply["problem"]) == ("stalled", "S3 does not list the lake: NoSuchBucket")
    assert notices("data")[0]["severity"] == "critical"


def test_an_audit_that_is_missing_is_counted(module: ModuleType, s3: Any) -> None:
    module.auditor.run("audit", Time(days=1).clock)
    module.auditor.run("continue", Time(days=2).clock)
    assert "AuditsMissed" not in module.metrics.metric_set
    module.auditor.run("continue", Time(days=2.2).clock)
    assert module.metrics.metric_set["AuditsMissed"]["Value"] == [1.0]


def test_a_first_audit_that_never_comes_is_counted_too(module: ModuleType, s3: Any) -> None:
    for days in (1, 2):
        module.auditor.run("continue", Time(days=days).clock)
    assert "AuditsMissed" not in module.metrics.metric_set
    module.auditor.run("continue", Time(days=2.2).clock)
    assert module.metrics.metric_set["AuditsMissed"]["Value"] == [1.0]


def test_an_audit_that_is_killed_at_its_end_tells_twice_rather_than_never(
    module: ModuleType, s3: Any, notices: Notices, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(s3, reads(1))

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("tag_auditor.auditor.Runs.close", killed)
        with pytest.raises(KeyboardInterrupt):
            module.auditor.run("audit", Time().clock)
    assert module.auditor.run("continue", Time().clock)["outcome"] == "finished"
    first, second = notices("data")
    assert first["details"]["dedupe_key"] == second["details"]["dedupe_key"]
    assert first["details"]["result"] == second["details"]["result"]


def test_a_report_that_s3_does_not_take_fails_the_call_and_nothing_is_lost(
    module: ModuleType, s3: Any, notices: Notices, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(s3, reads(1))
    monkeypatch.setattr("tag_auditor.auditor.PAGES_PER_CHECKPOINT", 1)

    def refused(*_: Any) -> str:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject")

    with monkeypatch.context() as patched:
        patched.setattr("tag_auditor.auditor.ReportStore.write", refused)
        with pytest.raises(ClientError, match="PutObject"):
            module.auditor.run("audit", Time().clock)
    reply = module.auditor.run("continue", Time().clock)
    assert [line["key"] for line in report_lines(s3, reply)] == [reads(1)]
    assert [each["kind"] for each in notices("data")] == ["data.audit_finished"]


# Kept, the keys of 20,000 objects alone would be 4 MB and more. A hundred thousand take no more than this.
def test_more_objects_take_no_more_memory(by_boto3: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept, the keys of 4,000 objects more would be as much again as all that is held at a time."""
    tags = dict(each.split("=") for each in RIGHT.split("&"))
    monkeypatch.setattr(LakeTags, "read_tags", lambda self, key, version_id: (tags, None))

    def peak_memory(objects: int, day: int) -> int:
        def pages(self: Any, after: str) -> Iterator[list[Entry]]:
            for begin in range(0, objects, 1000):
                yield [Entry(reads(begin + number), datetime(2026, 1, 1, tzinfo=UTC)) for number in range(1000)]

        monkeypatch.setattr(type(by_boto3.auditor.listing), "pages", pages)
        tracemalloc.start()
        result = by_boto3.auditor.run("audit", Time(days=day).clock)["result"]
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert result["audited"] == objects
        return peak

    _, some, more = map(peak_memory, (1000, 2000, 6000), (1, 2, 3))
    assert more < 1.2 * some


def test_the_handler_refuses_what_makes_no_sense(module: ModuleType, context: Context, metrics: Metrics) -> None:
    assert module.handler({"mode": "mend"}, context)["outcome"] == "refused"
    assert metrics()["EventsIgnored"] == 1
