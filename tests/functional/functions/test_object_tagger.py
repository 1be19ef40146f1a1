"""object_tagger on moto: real tags on real (emulated) objects, and what it does when S3, SNS or the report fail."""

from __future__ import annotations

import io
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from common.lake import OneByOne
from common.publisher import NoticeNotSent
from common.tagging import TaggingIncomplete
from object_tagger.tagger import ReportNotReady
from tests.functional.functions.conftest import EVENTS, EXECUTION, LAKE, REPORTS, Context, Load, Metrics, Notices, event
from tests.transfers import SNAPSHOTS, TASK, TRANSFER, setting

FOLDER = f"task-reports/Detailed-Reports/{TASK.rsplit('/', 1)[-1]}/exec-0123456789abcdef0/exec-0123456789abcdef0"
KEY = "raw-sequences/p/rs_p_s_S1.fastq.gz"
TAGS = {"data_class": "raw_sequence", "sensitivity": "controlled", "project": "p", "site": "s"}
HIDDEN = {"data_class": "unclassified", "sensitivity": "restricted"}


@dataclass
class World:
    """The buckets, filled as a transfer does."""

    s3: Any

    def put(self, key: str, body: bytes = b"x") -> str:
        version: str = self.s3.put_object(Bucket=LAKE, Key=key, Body=body)["VersionId"]
        return version

    def tag(self, key: str, tags: dict[str, str]) -> None:
        tag_set = [{"Key": name, "Value": value} for name, value in tags.items()]
        self.s3.put_object_tagging(Bucket=LAKE, Key=key, Tagging={"TagSet": tag_set})

    def tags(self, key: str, version: str | None = None) -> dict[str, str]:
        wanted = {"VersionId": version} if version else {}
        found = self.s3.get_object_tagging(Bucket=LAKE, Key=key, **wanted)["TagSet"]
        return {each["Key"]: each["Value"] for each in found}

    def report(self, *entries: dict[str, Any], part: int = 1) -> None:
        document = {"TaskExecutionId": "exec-0123456789abcdef0", "Transferred": list(entries)}
        name = f"{FOLDER}.files-transferred-v1-{part:05}-0a12.json"
        self.s3.put_object(Bucket=REPORTS, Key=name, Body=json.dumps(document).encode())

    def transferred(self, *keys: str, part: int = 1) -> None:
        """Put each key and report it, with its version."""
        self.report(*(entry(key, self.put(key)) for key in keys), part=part)


def entry(key: str, version: str | None = None, kind: str = "Regular", status: str = "SUCCESS") -> dict[str, Any]:
    line = {"RelativePath": f"/{key}", "SrcMetadata": {"Type": kind}, "TransferStatus": status}
    return line | ({"DstS3VersionId": version} if version else {})


@pytest.fixture
def world(aws: None, datasync_says: dict[str, Any]) -> World:
    s3 = boto3.client("s3")
    for bucket in (LAKE, REPORTS):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return World(s3)


@pytest.fixture
def module(world: World, load: Load, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    loaded = load("object_tagger")
    monkeypatch.setattr(loaded.clock.time, "sleep", lambda seconds: None)
    return loaded


def run(module: ModuleType, context: Context, name: str = "datasync-execution-success") -> dict[str, Any]:
    reply: dict[str, Any] = module.handler(event(name), context)
    return reply


class Spied(OneByOne):
    """A lake whose calls a test sees, one after the other."""

    def __init__(self, calls: Calls, lake: Any) -> None:
        super().__init__(workers=1)
        self.calls = calls
        self.lake = lake

    def read_tags(self, key: str, version_id: str | None) -> Any:
        self.calls.called("read", key)
        return self.lake.read_tags(key, version_id)

    def write_tags(self, key: str, version_id: str, tags: Any) -> None:
        self.calls.called("write", key)
        self.lake.write_tags(key, version_id, tags)


class Calls:
    """The S3 calls of the function under test, each of which the test may let fail by ``fail[operation]``."""

    def __init__(self, module: ModuleType) -> None:
        self.made: Counter[str] = Counter()
        self.fail: dict[str, Callable[[str], Exception | None]] = {}
        self.lake = Spied(self, module.tagger.lake)
        self.tagger = replace(module.tagger, lake=self.lake)

    def called(self, operation: str, key: str) -> None:
        self.made[operation] += 1
        fault = self.fail.get(operation)
        error = fault(key) if fault is not None else None
        if error is not None:
            raise error


@pytest.fixture
def calls(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Calls:
    spied = Calls(module)
    monkeypatch.setattr(module, "tagger", spied.tagger)
    return spied


def s3_error(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Op")  # type: ignore[typeddict-item]


def test_tags_what_the_report_lists(world: World, module: ModuleType, metrics: Metrics, context: Context) -> None:
    world.transferred(KEY)
    assert run(module, context) == {"outcome": "tagged", "counts": {"tagged": 1, "unclassified": 0}}
    assert world.tags(KEY) == TAGS
    assert metrics()["ObjectsTagged"] == 1


def test_reads_the_report_sample_of_aws(world: World, module: ModuleType, context: Context) -> None:
    key = "raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_S001_R1.fastq.gz"
    text = (EVENTS / "task-report-transferred.json").read_text().replace("VERSION-1", world.put(key))
    world.s3.put_object(Bucket=REPORTS, Key=f"{FOLDER}.files-transferred-v1-00001-0a.json", Body=text.encode())
    assert run(module, context)["counts"] == {"tagged": 1, "not_a_file": 1, "not_transferred": 1, "unclassified": 0}
    assert world.tags(key)["project"] == "lambda-phage"


def test_reads_every_part_of_a_report_and_no_other_list(world: World, module: ModuleType, context: Context) -> None:
    keys = [f"raw-sequences/p/rs_p_s_S{number}.fastq.gz" for number in range(30)]
    world.transferred(*keys[:20], part=1)
    world.transferred(*keys[20:], part=2)
    world.put("raw-sequences/p/rs_p_s_untouched.fastq.gz")
    verified = json.dumps({"Verified": [entry("raw-sequences/p/rs_p_s_untouched.fastq.gz")]})
    world.s3.put_object(Bucket=REPORTS, Key=f"{FOLDER}.files-verified-v1-00001-0a.json", Body=verified.encode())
    assert run(module, context)["counts"]["tagged"] == 30
    assert all(world.tags(key) == TAGS for key in keys)
    assert world.tags("raw-sequences/p/rs_p_s_untouched.fastq.gz") == {}


def test_a_repeated_event_writes_nothing(world: World, module: ModuleType, calls: Calls, context: Context) -> None:
    world.transferred(KEY)
    run(module, context)
    assert run(module, context)["counts"] == {"unchanged": 1, "unclassified": 0}
    assert calls.made == {"read": 2, "write": 1}


def test_a_fresh_transfer_is_tagged_without_reading_tags_first(
    world: World, module: ModuleType, calls: Calls, context: Context, datasync_says: dict[str, Any]
) -> None:
    datasync_says["StartTime"] = time.time() - 600
    world.transferred(KEY)
    run(module, context)
    assert calls.made == {"write": 1}
    assert world.tags(KEY) == TAGS


@pytest.mark.parametrize("began", [None, 3700], ids=["unknown", "an hour ago"])
def test_an_older_transfer_is_read_first_so_that_tags_of_others_stay(
    world: World,
    module: ModuleType,
    calls: Calls,
    context: Context,
    datasync_says: dict[str, Any],
    began: float | None,
) -> None:
    if began is not None:
        datasync_says["StartTime"] = time.time() - began
    world.transferred(KEY)
    world.tag(KEY, {"owner": "lab-7"})
    run(module, context)
    assert calls.made == {"read": 1, "write": 1}
    assert world.tags(KEY) == {"owner": "lab-7"} | TAGS


def test_a_repeated_event_of_a_fresh_transfer_reads_first_so_that_tags_of_others_stay(
    world: World, module: ModuleType, context: Context, datasync_says: dict[str, Any]
) -> None:
    datasync_says["StartTime"] = time.time() - 600
    world.transferred(KEY)
    run(module, context)
    world.tag(KEY, {"owner": "lab-7"})
    assert run(module, context)["counts"]["tagged"] == 1
    assert world.tags(KEY) == {"owner": "lab-7"} | TAGS


def test_where_others_tag_new_objects_a_fresh_transfer_is_read_first_too(
    world: World, load: Load, monkeypatch: pytest.MonkeyPatch, context: Context, datasync_says: dict[str, Any]
) -> None:
    monkeypatch.setenv("READ_TAGS_FIRST", "true")
    datasync_says["StartTime"] = time.time() - 600
    world.transferred(KEY)
    world.tag(KEY, {"GuardDutyMalwareScanStatus": "NO_THREATS_FOUND"})
    run(load("object_tagger"), context)
    assert world.tags(KEY) == {"GuardDutyMalwareScanStatus": "NO_THREATS_FOUND"} | TAGS


def test_a_fresh_write_that_failed_is_read_before_it_is_tried_again(
    world: World, module: ModuleType, calls: Calls, context: Context, datasync_says: dict[str, Any]
) -> None:
    datasync_says["StartTime"] = time.time() - 600
    world.transferred(KEY)
    faults = iter([s3_error("SlowDown", 503)])
    calls.fail["write"] = lambda _: next(faults, None)
    assert run(module, context)["counts"]["tagged"] == 1
    assert calls.made == {"write": 2, "read": 1}


def receipt(world: World) -> dict[str, Any]:
    body = world.s3.get_object(Bucket=REPORTS, Key="automation-state/object_tagger/exec-0123456789abcdef0.json")["Body"]
    document: dict[str, Any] = json.loads(body.read())
    return document


def test_a_receipt_says_that_the_execution_is_tagged(world: World, module: ModuleType, context: Context) -> None:
    world.transferred(KEY)
    run(module, context)
    assert receipt(world)["status"] == "done"
    assert receipt(world)["counts"] == {"tagged": 1, "unclassified": 0}


def test_a_receipt_says_that_tagging_is_incomplete_and_later_that_it_is_done(
    world: World, module: ModuleType, calls: Calls, context: Context
) -> None:
    world.transferred(KEY)
    calls.fail["write"] = lambda _: s3_error("SlowDown", 503)
    with pytest.raises(TaggingIncomplete):
        run(module, context)
    assert receipt(world)["status"] == "incomplete"
    del calls.fail["write"]
    run(module, context)
    assert receipt(world)["status"] == "done"


def test_what_is_done_stays_done_whatever_a_repetition_comes_to(
    world: World, module: ModuleType, calls: Calls, context: Context
) -> None:
    world.transferred(KEY)
    run(module, context)
    calls.fail["read"] = lambda _: s3_error("SlowDown", 503)
    with pytest.raises(TaggingIncomplete):
        run(module, context)
    assert receipt(world)["status"] == "done"


def test_an_execution_in_error_is_tagged_but_for_what_failed_the_verification(
    world: World, module: ModuleType, context: Context, notices: Notices, metrics: Metrics
) -> None:
    bad = "raw-sequences/p/rs_p_s_S2.fastq.gz"
    failed = "raw-sequences/p/rs_p_s_S3.fastq.gz"
    world.report(entry(KEY, world.put(KEY)), entry(bad, world.put(bad)), entry(failed, status="FAILED"))
    verified = {"Verified": [{"RelativePath": f"/{bad}", "VerifyStatus": "FAILED", "FailureReason": "checksum"}]}
    world.s3.put_object(
        Bucket=REPORTS, Key=f"{FOLDER}.files-verified-v1-00001-0a.json", Body=json.dumps(verified).encode()
    )
    reply = run(module, context, "datasync-execution-error")
    assert reply["counts"] == {"tagged": 1, "not_transferred": 1, "not_verified": 1, "unclassified": 0}
    assert world.tags(KEY) == TAGS
    assert world.tags(bad) == {}
    (notice,) = notices("data")
    assert (notice["kind"], notice["severity"]) == ("data.not_verified", "critical")
    assert bad in json.dumps(notice["details"])
    assert metrics()["ObjectsNotVerified"] == 1


def test_an_execution_that_failed_before_it_copied_anything_needs_no_report(
    world: World, module: ModuleType, context: Context, datasync_says: dict[str, Any]
) -> None:
    datasync_says |= {"Status": "ERROR", "FilesTransferred": 0, "ReportResult": {"Status": "ERROR"}}
    assert run(module, context, "datasync-execution-error")["counts"] == {"unclassified": 0}
    assert receipt(world)["status"] == "done"


def test_events_in_the_wrong_order_tag_each_version_of_an_overwritten_file(
    world: World, module: ModuleType, context: Context
) -> None:
    old = world.put(KEY, b"one")
    new = world.put(KEY, b"two")
    for version in (new, old):  # the later transfer's event comes first
        world.report(entry(KEY, version))
        run(module, context)
    assert world.tags(KEY, old) == TAGS
    assert world.tags(KEY, new) == TAGS


def test_keeps_the_tags_of_others(world: World, module: ModuleType, context: Context) -> None:
    world.transferred(KEY)
    world.tag(KEY, {"owner": "lab-7"})
    run(module, context)
    assert world.tags(KEY) == {"owner": "lab-7"} | TAGS


def test_tags_the_version_the_report_names_also_when_it_is_no_longer_current(
    world: World, module: ModuleType, context: Context
) -> None:
    first = world.put(KEY, b"one")
    world.report(entry(KEY, first))
    second = world.put(KEY, b"two")
    run(module, context)
    assert world.tags(KEY, first) == TAGS
    assert world.tags(KEY, second) == {}


def test_tags_the_version_it_read_when_the_report_names_none(
    world: World, module: ModuleType, calls: Calls, context: Context
) -> None:
    first = world.put(KEY, b"one")
    world.report(entry(KEY))

    def overwrite(_: str) -> None:
        world.put(KEY, b"two")

    calls.fail["write"] = overwrite
    run(module, context)
    assert world.tags(KEY, first) == TAGS
    assert world.tags(KEY) == {}


@pytest.mark.parametrize(
    "name", ["a b", "a+b", "a%2Bb", "a%252Bb", "नमूना", "a\tb", "a\nb", "..//x", "quo'te\"", "&amp;", "x" * 1000]
)
def test_a_strange_name_arrives_at_its_object_unchanged(
    world: World, module: ModuleType, notices: Notices, context: Context, name: str
) -> None:
    key = f"raw-sequences/p/{name}"
    world.transferred(key)
    run(module, context)
    assert world.tags(key) == HIDDEN
    (notice,) = notices("data")
    assert notice["details"]["unclassified"]["items"][0]["key"] == key


def test_unknown_names_are_hidden_and_told_in_one_notice(
    world: World, module: ModuleType, notices: Notices, metrics: Metrics, context: Context
) -> None:
    world.transferred(KEY, "raw-sequences/p/RS_p_s_S1.fastq.gz", "stray.txt")
    run(module, context)
    assert world.tags("stray.txt") == HIDDEN
    (notice,) = notices("data")
    assert (notice["kind"], notice["severity"]) == ("data.unclassified", "warning")
    assert notice["details"]["unclassified"]["count"] == 2
    assert metrics()["ObjectsUnclassified"] == 2


def test_no_notice_when_all_is_well(world: World, module: ModuleType, notices: Notices, context: Context) -> None:
    world.transferred(KEY)
    run(module, context)
    assert notices("data") == []


def test_names_of_files_are_not_logged(
    world: World, module: ModuleType, calls: Calls, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    log = io.StringIO()
    module.logger.registered_handler.setStream(log)
    module.logger.setLevel("DEBUG")
    name = "clinical-records/p/Asha-Rao-discharge.pdf"
    world.transferred(name, KEY)
    run(module, context)
    calls.fail["read"] = lambda _: s3_error("SlowDown", 503)
    with pytest.raises(TaggingIncomplete) as raised:
        run(module, context)
    written = log.getvalue() + "".join(capsys.readouterr()) + str(raised.value)
    assert "tagged what was transferred" in written
    assert "Asha" not in written
    assert "rs_p_s_S1" not in written


def test_folders_and_datasync_objects_are_left_alone(world: World, module: ModuleType, context: Context) -> None:
    world.put("raw-sequences/p/", b"")
    world.put(".aws-datasync-metadata", b"")
    world.report(entry("raw-sequences/p", kind="Directory"), entry("raw-sequences/p/"), entry(".aws-datasync-metadata"))
    assert run(module, context)["counts"] == {"not_a_file": 3, "unclassified": 0}
    assert world.tags("raw-sequences/p/") == world.tags(".aws-datasync-metadata") == {}


def test_an_object_that_is_gone_is_counted_and_no_failure(world: World, module: ModuleType, context: Context) -> None:
    gone = world.put("raw-sequences/p/rs_p_s_S2.fastq.gz")
    world.s3.delete_object(Bucket=LAKE, Key="raw-sequences/p/rs_p_s_S2.fastq.gz", VersionId=gone)
    never = entry("raw-sequences/p/rs_p_s_S3.fastq.gz")
    world.report(entry("raw-sequences/p/rs_p_s_S2.fastq.gz", gone), never, entry(KEY, world.put(KEY)))
    assert run(module, context)["counts"] == {"tagged": 1, "vanished": 2, "unclassified": 0}


def test_the_version_below_a_delete_marker_is_tagged(world: World, module: ModuleType, context: Context) -> None:
    version = world.put(KEY)
    world.s3.delete_object(Bucket=LAKE, Key=KEY)
    world.report(entry(KEY, version))
    assert run(module, context)["counts"] == {"tagged": 1, "unclassified": 0}
    assert world.tags(KEY, version) == TAGS


def test_a_delete_marker_is_counted_and_no_failure(
    world: World, module: ModuleType, calls: Calls, context: Context
) -> None:
    world.transferred(KEY)
    calls.fail["read"] = lambda _: s3_error("MethodNotAllowed", 405)  # S3's answer; moto says NoSuchKey
    assert run(module, context)["counts"] == {"delete_marker": 1, "unclassified": 0}


def test_an_object_under_retention_is_tagged_like_any_other(
    world: World, load: Load, monkeypatch: pytest.MonkeyPatch, context: Context
) -> None:
    locked = "kosha-test-locked-ap-south-1"
    world.s3.create_bucket(
        Bucket=locked,
        CreateBucketConfiguration={"LocationConstraint": "ap-south-1"},
        ObjectLockEnabledForBucket=True,
    )
    until = datetime.now(UTC) + timedelta(days=30)
    version = world.s3.put_object(
        Bucket=locked, Key=KEY, Body=b"x", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until
    )["VersionId"]
    world.report(entry(KEY, version))
    monkeypatch.setenv("LAKE_BUCKET", locked)
    assert run(load("object_tagger"), context)["counts"]["tagged"] == 1


def test_ten_tags_of_others_stay_and_people_are_told(
    world: World, module: ModuleType, notices: Notices, context: Context
) -> None:
    foreign = {f"k{number}": "v" for number in range(10)}
    world.transferred(KEY)
    world.tag(KEY, foreign)
    assert run(module, context)["counts"]["tag_quota"] == 1
    assert world.tags(KEY) == foreign
    (notice,) = notices("data")
    assert notice["kind"] == "data.tags_refused"
    assert "tag_quota" in notice["details"]["objects"]["items"][0]["reason"]


def test_a_more_sensitive_class_is_not_lowered_and_people_are_told(
    world: World, module: ModuleType, notices: Notices, context: Context
) -> None:
    clinical = {"data_class": "clinical_record", "sensitivity": "restricted"}
    world.transferred(KEY)
    world.tag(KEY, clinical)
    assert run(module, context)["counts"]["conflict"] == 1
    assert world.tags(KEY) == clinical
    assert "clinical_record (restricted)" in notices("data")[0]["details"]["objects"]["items"][0]["reason"]


@pytest.mark.parametrize(
    "error", [s3_error("SlowDown", 503), s3_error("InternalError", 500), EndpointConnectionError(endpoint_url="u")]
)
def test_a_passing_fault_is_tried_again(
    world: World, module: ModuleType, calls: Calls, notices: Notices, context: Context, error: Exception
) -> None:
    world.transferred(KEY, "raw-sequences/p/rs_p_s_S2.fastq.gz")
    faults = [error, error]
    calls.fail["write"] = lambda key: faults.pop() if key == KEY and faults else None
    assert run(module, context)["counts"]["tagged"] == 2
    assert world.tags(KEY) == TAGS
    assert notices("data") == []


def test_what_stays_untagged_is_told_and_raised_so_that_the_event_comes_again(
    world: World, module: ModuleType, calls: Calls, notices: Notices, metrics: Metrics, context: Context
) -> None:
    world.transferred(KEY, "raw-sequences/p/rs_p_s_S2.fastq.gz", "stray.txt")
    calls.fail["write"] = lambda key: s3_error("SlowDown", 503) if key == KEY else None
    with pytest.raises(TaggingIncomplete, match="1 objects"):
        run(module, context)
    (notice,) = notices("data")
    assert (notice["kind"], notice["severity"]) == ("data.tagging_failed", "critical")
    assert notice["details"]["not_tagged"]["items"] == [{"key": KEY, "reason": "SlowDown"}]
    assert notice["details"]["unclassified"]["count"] == 1
    assert metrics()["TagFailures"] == 1
    calls.fail.clear()
    assert run(module, context)["counts"] == {"tagged": 1, "unchanged": 2, "unclassified": 1}


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket", "PermanentRedirect"])
def test_refusals_in_a_row_end_the_run(
    world: World, module: ModuleType, calls: Calls, notices: Notices, context: Context, code: str
) -> None:
    world.transferred(*(f"raw-sequences/p/rs_p_s_S{number}.fastq.gz" for number in range(100)))
    calls.fail["read"] = lambda _: s3_error(code, 403)
    with pytest.raises(TaggingIncomplete, match=f"5 refusals in a row: {code}"):
        run(module, context)
    assert calls.made["read"] < 20
    assert notices("data")[0]["kind"] == "data.tagging_failed"


def test_one_refusal_is_a_failure_of_that_object_only(
    world: World, module: ModuleType, calls: Calls, notices: Notices, context: Context
) -> None:
    world.transferred(KEY, *(f"raw-sequences/p/rs_p_s_S{number}.fastq.gz" for number in range(2, 9)))
    calls.fail["read"] = lambda key: s3_error("AccessDenied", 403) if key == KEY else None
    with pytest.raises(TaggingIncomplete):
        run(module, context)
    assert notices("data")[0]["details"]["counts"] == {"tagged": 7, "refused": 1, "unclassified": 0}


def test_stops_before_the_timeout_and_the_next_try_goes_on(
    world: World, module: ModuleType, calls: Calls, notices: Notices, context: Context
) -> None:
    keys = [f"raw-sequences/p/rs_p_s_S{number}.fastq.gz" for number in range(40)]
    world.transferred(*keys)
    context.remaining_ms = [300_000] * 20 + [29_000]
    with pytest.raises(TaggingIncomplete, match="time is nearly over"):
        run(module, context)
    done = [key for key in keys if world.tags(key)]
    assert 0 < len(done) < 40
    assert notices("data")[0]["kind"] == "data.tagging_failed"
    context.remaining_ms = [300_000]
    counts = run(module, context)["counts"]
    assert (counts["unchanged"], counts["tagged"]) == (len(done), 40 - len(done))


def test_a_report_that_is_not_written_yet_is_waited_for(
    world: World, module: ModuleType, datasync_says: dict[str, Any], context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.transferred(KEY)
    datasync_says["ReportResult"] = {"Status": "PENDING"}
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            datasync_says["ReportResult"] = {"Status": "SUCCESS"}

    monkeypatch.setattr(module.clock.time, "sleep", wait)
    assert run(module, context)["counts"]["tagged"] == 1
    assert waits == [5.0, 5.0, 5.0]


def test_a_report_that_does_not_come_is_an_error_that_says_where_it_should_be(
    world: World, module: ModuleType, datasync_says: dict[str, Any], context: Context
) -> None:
    datasync_says["FilesTransferred"] = 7
    with pytest.raises(ReportNotReady, match=rf"s3://{REPORTS}/task-reports/Detailed-Reports/task-0a.*7 files"):
        run(module, context)


def test_a_transfer_that_moved_nothing_needs_no_report(
    world: World, module: ModuleType, datasync_says: dict[str, Any], context: Context
) -> None:
    datasync_says["FilesTransferred"] = 0
    assert run(module, context) == {"outcome": "tagged", "counts": {"unclassified": 0}}


def test_a_report_datasync_could_not_write_is_told(
    world: World, module: ModuleType, datasync_says: dict[str, Any], notices: Notices, context: Context
) -> None:
    datasync_says["ReportResult"] = {"Status": "ERROR", "ErrorCode": "S3AccessDenied", "ErrorDetail": "no"}
    with pytest.raises(TaggingIncomplete, match="S3AccessDenied no"):
        run(module, context)
    assert "S3AccessDenied" in notices("data")[0]["details"]["problem"]


def test_a_report_that_is_cut_off_is_told_after_what_it_holds_is_tagged(
    world: World, module: ModuleType, notices: Notices, context: Context
) -> None:
    whole = json.dumps({"Transferred": [entry(KEY, world.put(KEY)), entry("raw-sequences/p/rs_p_s_S2.fastq.gz")]})
    name = f"{FOLDER}.files-transferred-v1-00001-0a.json"
    world.s3.put_object(Bucket=REPORTS, Key=name, Body=whole[:-30].encode())
    with pytest.raises(TaggingIncomplete, match=r"files-transferred-v1-00001-0a\.json is not complete JSON"):
        run(module, context)
    assert notices("data")[0]["kind"] == "data.tagging_failed"


def test_a_reports_bucket_that_is_missing_is_told(
    world: World, load: Load, monkeypatch: pytest.MonkeyPatch, notices: Notices, context: Context
) -> None:
    monkeypatch.setenv("REPORTS_BUCKET", "kosha-test-no-such-bucket")
    with pytest.raises(TaggingIncomplete, match="NoSuchBucket"):
        run(load("object_tagger"), context)
    assert notices("data")[0]["kind"] == "data.tagging_failed"


def test_a_notice_sns_does_not_take_is_an_error_so_that_it_is_sent_again(
    world: World, load: Load, metrics: Metrics, monkeypatch: pytest.MonkeyPatch, context: Context
) -> None:
    monkeypatch.setenv("DATA_TOPIC_ARN", "arn:aws:sns:ap-south-1:123456789012:gone")
    world.transferred("stray.txt")
    with pytest.raises(NoticeNotSent, match=r"data\.unclassified"):
        run(load("object_tagger"), context)
    assert world.tags("stray.txt") == HIDDEN
    assert metrics()["NoticesFailed"] == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("datasync-execution-transferring", "other_state"),
        ("datasync-execution-other-task", "other_task"),
        ("schedule", "malformed"),
    ],
)
def test_other_events_are_ignored_and_counted(
    world: World, module: ModuleType, metrics: Metrics, context: Context, name: str, reason: str
) -> None:
    world.transferred(KEY)
    assert run(module, context, name) == {"outcome": "ignored", "reason": reason}
    assert world.tags(KEY) == {}
    assert metrics()["EventsIgnored"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"resources": []},
        {"resources": None},
        {"resources": [7]},
        {"resources": [EXECUTION, EXECUTION]},
        {"detail": None},
        {"detail": {}},
        {"detail": {"State": None}},
        {"source": "my.own"},
        {"detail-type": "DataSync Task State Change"},
        {"resources": [TASK]},
        {"resources": [f"{EXECUTION}/../x"]},
        {"resources": [f"{TASK}9/execution/exec-0123456789abcdef0"]},
    ],
)
def test_a_malformed_event_is_no_crash_loop(module: ModuleType, context: Context, change: dict[str, Any]) -> None:
    reply = module.handler(event("datasync-execution-success") | change, context)
    assert reply["outcome"] == "ignored"


@pytest.mark.parametrize("nonsense", [None, [], "text", 7])
def test_an_event_that_is_no_object_is_ignored(module: ModuleType, context: Context, nonsense: Any) -> None:
    assert module.handler(nonsense, context) == {"outcome": "ignored", "reason": "malformed"}


def test_many_objects_are_tagged_at_once(world: World, module: ModuleType, context: Context) -> None:
    keys = [f"raw-sequences/p/rs_p_s_S{number}.fastq.gz" for number in range(60)]
    world.transferred(*keys)
    with patch.object(module, "tagger", replace(module.tagger, config=replace(module.config, workers=8))):
        assert run(module, context)["counts"]["tagged"] == 60
    assert all(world.tags(key) == TAGS for key in keys)


def test_what_the_snapshots_brought_is_tagged_from_their_own_report(
    world: World, load: Load, notices: Notices, monkeypatch: pytest.MonkeyPatch, context: Context
) -> None:
    monkeypatch.setenv("TRANSFERS", setting(TRANSFER, SNAPSHOTS))
    execution = "exec-00000000000000001"
    good, bad = "snapshots/p-1/hyd-01/Field notes.RData", "snapshots/p-1/stray.txt"
    lines = [entry(key.removeprefix("snapshots/"), world.put(key)) for key in (good, bad)]
    folder = f"snapshot-reports/Detailed-Reports/{SNAPSHOTS.task_arn.rsplit('/', 1)[-1]}/{execution}"
    world.s3.put_object(
        Bucket=REPORTS,
        Key=f"{folder}/{execution}.files-transferred-v1-00001-0a12.json",
        Body=json.dumps({"TaskExecutionId": execution, "Transferred": lines}).encode(),
    )
    ended = event("datasync-execution-success") | {"resources": [f"{SNAPSHOTS.task_arn}/execution/{execution}"]}
    assert load("object_tagger").handler(ended, context)["counts"] == {"tagged": 2, "unclassified": 1}
    assert world.tags(good) == {
        "data_class": "snapshot",
        "sensitivity": "controlled",
        "project": "p-1",
        "site": "hyd-01",
    }
    assert world.tags(bad) == HIDDEN
    (notice,) = notices("data")
    assert notice["details"]["transfer"] == "snapshots"
    assert [each["key"] for each in notice["details"]["unclassified"]["items"]] == [bad]
