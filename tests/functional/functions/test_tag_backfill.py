"""tag_backfill on moto: what it tags, how it goes on, what it says, and what it does when AWS fails."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import Mock
from urllib.parse import unquote_plus

import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.exceptions import ClientError

from common.lake import OneByOne
from common.runs import Runs
from common.state import Remembered, StateConflict, StateStore
from tag_backfill.aws import Job
from tag_backfill.domain import Entry, Method, Mode, Request, read_request
from tests.functional.functions.conftest import LAKE, REPORTS, Context, Load, Metrics, Notices, StandingTime

NOW = datetime(2026, 1, 15, 4, 0, 20, tzinfo=UTC)
READS = "raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_T001_R1.fastq.gz"
TAGS = {"data_class": "raw_sequence", "sensitivity": "controlled", "project": "lambda-phage", "site": "hyd-01"}


def reads(number: int, project: str = "lambda-phage") -> str:
    return f"raw-sequences/{project}/rs_{project}_hyd-01_T{number:06}_R1.fastq.gz"


@pytest.fixture
def module(s3: Any, load: Load, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("ACCOUNT_ID", "123456789012")
    monkeypatch.setenv("BATCH_ROLE_ARN", "arn:aws:iam::123456789012:role/kosha-test-tag-backfill-jobs")
    return load("tag_backfill")


def put(s3: Any, *keys: str, tags: str = "") -> None:
    for key in keys:
        s3.put_object(Bucket=LAKE, Key=key, Body=b"x", Tagging=tags)


def tags_of(s3: Any, key: str, **version: str) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in s3.get_object_tagging(Bucket=LAKE, Key=key, **version)["TagSet"]}


class Time(StandingTime):
    """At ``NOW``."""

    def __init__(self, *seconds: float) -> None:
        super().__init__(NOW, *seconds)


class Store:
    """State in memory, conditional as in S3."""

    def __init__(self) -> None:
        self.documents: dict[str, tuple[str, int]] = {}

    def read(self, name: str) -> Any:
        text, etag = self.documents.get(name, ("{}", 0))
        return Remembered(json.loads(text), str(etag) if etag else None)

    def write(self, name: str, document: dict[str, Any], etag: str | None) -> str:
        now = self.documents.get(name, ("{}", 0))[1]
        if (etag or "0") != str(now):
            raise StateConflict("another run")
        self.documents[name] = (json.dumps(document), now + 1)
        return str(now + 1)


class Lake(OneByOne):
    """A lake in memory: a listing of any length, tags, and faults."""

    def __init__(self, keys: Mapping[str, dict[str, str]] | int = 0) -> None:
        super().__init__(workers=4)
        self.count = keys if isinstance(keys, int) else 0
        self.tags: dict[str, dict[str, str]] = {} if isinstance(keys, int) else {k: dict(v) for k, v in keys.items()}
        self.writes: Counter[str] = Counter()
        self.reads: Counter[str] = Counter()
        self.fault: Callable[[str, str], None] = lambda operation, key: None

    def keys(self) -> Iterator[str]:
        yield from (reads(number) for number in range(self.count)) if self.count else sorted(self.tags)

    def pages(self, prefix: str, after: Entry | None, versions: bool) -> Iterator[list[Entry]]:
        page: list[Entry] = []
        for key in self.keys():
            if key.startswith(prefix) and (after is None or key > after.key):
                page.append(Entry(key, None, NOW))
            if len(page) == 1000:
                yield page
                page = []
        yield page

    def read_tags(self, key: str, version_id: str | None) -> tuple[dict[str, str], str | None]:
        self.fault("read", key)
        self.reads[key] += 1
        return dict(self.tags.get(key, {})), "v1"

    def write_tags(self, key: str, version_id: str, tags: Mapping[str, str]) -> None:
        self.fault("write", key)
        self.writes[key] += 1
        self.tags[key] = dict(tags)


class FakeJobs:
    """S3 Batch Operations: a job does its manifest's objects when it is described for the second time."""

    def __init__(self, lake: Lake, manifests: Any) -> None:
        self.lake, self.manifests = lake, manifests
        self.jobs: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, str] = {}
        self.cancelled: list[str] = []
        self.end = "Complete"
        self.fails: set[str] = set()

    def create(self, token: str, manifest: Any, report_prefix: str, tags: Any, description: str) -> str:
        if token not in self.tokens:
            job = f"job-{len(self.jobs)}"
            self.tokens[token] = job
            self.jobs[job] = {"items": self.manifests.joined[manifest[0]], "tags": dict(tags), "looks": 0}
        return self.tokens[token]

    def describe(self, job: str) -> Job:
        found = self.jobs[job]
        found["looks"] += 1
        if found["looks"] < 2:
            return Job("Active", len(found["items"]), 0, 0, "")
        failed = 0
        for key, _ in found["items"]:
            if self.end == "Complete" and key not in self.fails:
                self.lake.tags[key] = dict(found["tags"])
            else:
                failed += 1
        return Job(self.end, len(found["items"]), len(found["items"]) - failed, failed, "a reason")

    def cancel(self, job: str) -> None:
        self.cancelled.append(job)


class FakeManifests:
    """Shards and manifests in memory."""

    def __init__(self) -> None:
        self.shards: dict[tuple[str, str, int], list[Any]] = {}
        self.joined: dict[str, list[Any]] = {}
        self.joins = 0
        self.failures: list[Any] = []

    def write_shard(self, run: str, group: str, shard: int, items: Any) -> None:
        self.shards[run, group, shard] = list(items)

    def read_shard(self, run: str, group: str, shard: int) -> Iterator[Any]:
        yield from self.shards[run, group, shard]

    def join(self, run: str, group: str, shards: Any) -> tuple[str, str]:
        self.joins += 1
        key = f"{run}/{group}"
        self.joined[key] = [item for shard in shards for item in self.shards[run, group, shard]]
        return key, f"etag-{self.joins}"

    def report_prefix(self, run: str, group: str) -> str:
        return f"{run}/{group}/report"

    def failed(self, run: str, group: str, job: str) -> Iterator[Any]:
        yield from self.failures


@pytest.fixture
def fakes(module: ModuleType) -> Callable[..., tuple[Any, Lake, Store, FakeJobs]]:
    """A backfiller on a lake in memory."""

    def make(lake: Lake, **config: Any) -> tuple[Any, Lake, Store, FakeJobs]:
        store, manifests = Store(), FakeManifests()
        jobs = FakeJobs(lake, manifests)
        backfiller = replace(
            module.backfiller,
            config=replace(module.config, **config),
            lake=lake,
            listing=lake,
            store=store,
            manifests=manifests,
            jobs=jobs,
        )
        return backfiller, lake, store, jobs

    return make


def apply(run: str = "run-1", **more: Any) -> Request:
    return Request(Mode.APPLY, run, **more)


GO_ON = Request(Mode.CONTINUE, "continue-x")


def client_error(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Op")  # type: ignore[typeddict-item]


# ------------------------------------------------------------------------------------------------ through the handler


def test_tags_every_object_that_has_no_tags(
    s3: Any, module: ModuleType, notices: Notices, metrics: Metrics, context: Context
) -> None:
    put(s3, READS, reads(2), "raw-sequences/lambda-phage/odd name.txt", "raw-sequences/lambda-phage/")
    reply = module.handler({"mode": "apply"}, context)
    assert (reply["outcome"], reply["result"]["written"], reply["result"]["objects"]) == ("finished", 3, 3)
    assert tags_of(s3, READS) == TAGS
    assert tags_of(s3, "raw-sequences/lambda-phage/odd name.txt")["data_class"] == "unclassified"
    assert tags_of(s3, "raw-sequences/lambda-phage/") == {}
    (notice,) = notices("data")
    assert (notice["kind"], notice["severity"]) == ("data.backfill_finished", "warning")
    assert metrics()["ObjectsTagged"] == 3


def test_an_estimate_writes_nothing_and_tells_both_methods(
    s3: Any, module: ModuleType, notices: Notices, context: Context
) -> None:
    put(s3, READS, reads(2))
    put(s3, reads(3), tags="&".join(f"{key}={value}" for key, value in TAGS.items()))
    result = module.handler({"mode": "estimate"}, context)["result"]
    assert (result["objects"], result["to_write"], result["to_write_by_class"]) == (3, 2, {"raw_sequence": 2})
    assert {each["method"] for each in result["methods"]} == {"direct", "batch"}
    assert result["recommended"] == "direct"
    assert tags_of(s3, READS) == {}
    report = s3.get_object(Bucket=REPORTS, Key=result["report"].removeprefix(f"s3://{REPORTS}/"))
    assert json.loads(report["Body"].read())["result"]["to_write"] == 2
    (notice,) = notices("data")
    assert (notice["kind"], notice["severity"]) == ("data.backfill_estimated", "info")


def test_a_second_run_writes_nothing(s3: Any, module: ModuleType, context: Context) -> None:
    put(s3, READS)
    module.handler({"mode": "apply", "run": "one"}, context)
    result = module.handler({"mode": "apply", "run": "two"}, context)["result"]
    assert result["counts"] == {"unchanged": 1}


def test_a_run_asked_for_again_is_not_done_again(s3: Any, module: ModuleType, context: Context) -> None:
    module.handler({"mode": "apply", "run": "recon-exec-1"}, context)
    assert module.handler({"mode": "apply", "run": "recon-exec-1"}, context)["outcome"] == "done_already"


@pytest.mark.parametrize(
    "name",
    [
        "with space.txt",
        "plus+plus.txt",
        "quote'\"quote.txt",
        "percent%20%2B.txt",
        "comma,comma.txt",
        "हिन्दी-ü.txt",
        "x" * (1024 - len("raw-sequences/p/")),
    ],
)
@pytest.mark.parametrize("method", ["direct", "batch"])
def test_odd_names_are_found_and_tagged(s3: Any, module: ModuleType, context: Context, name: str, method: str) -> None:
    key = f"raw-sequences/p/{name}"
    put(s3, key)
    assert module.handler({"mode": "apply", "method": method}, context)["outcome"] in ("finished", "under_way")
    module.handler({"schedule": "continue"}, context)
    assert tags_of(s3, key)["data_class"] == "unclassified"


def test_tags_of_others_are_kept_and_a_full_set_is_left_alone(s3: Any, module: ModuleType, context: Context) -> None:
    put(s3, READS, tags="lab=kosha")
    put(s3, reads(2), tags="&".join(f"t{number}=1" for number in range(10)))
    result = module.handler({"mode": "apply"}, context)["result"]
    assert result["counts"] == {"tag_quota": 1, "tagged": 1}
    assert tags_of(s3, READS) == TAGS | {"lab": "kosha"}
    assert len(tags_of(s3, reads(2))) == 10


def test_old_versions_are_tagged_only_when_asked_for_and_delete_markers_never(
    s3: Any, module: ModuleType, context: Context
) -> None:
    put(s3, READS, READS, reads(2))
    s3.delete_object(Bucket=LAKE, Key=reads(2))
    assert module.handler({"mode": "apply", "run": "a"}, context)["result"]["objects"] == 1
    versions = s3.list_object_versions(Bucket=LAKE)["Versions"]
    assert sum(bool(tags_of(s3, each["Key"], VersionId=each["VersionId"])) for each in versions) == 1
    result = module.handler({"mode": "apply", "run": "b", "versions": True}, context)["result"]
    assert result["counts"] == {"tagged": 2, "unchanged": 1}
    assert all(tags_of(s3, each["Key"], VersionId=each["VersionId"]) for each in versions)


def test_prefix_project_and_time_narrow_a_run(s3: Any, module: ModuleType, context: Context) -> None:
    put(s3, READS, reads(1, "other"), "variants/lambda-phage/x")
    for number, narrow in enumerate(({"prefix": "variants/"}, {"project": "other"})):
        assert module.handler({"mode": "apply", "run": f"r{number}"} | narrow, context)["result"]["objects"] == 1
    future = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert module.handler({"mode": "apply", "modified_since": future}, context)["result"]["objects"] == 0
    assert tags_of(s3, READS) == {}


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ({"mode": "all"}, "give one of estimate, apply, cancel, continue"),
        ({"mode": "apply", "prefx": "a/"}, "unknown: prefx"),
        ({"mode": "apply", "modified_since": "soon"}, "give a time"),
        ({"mode": "apply", "run": "../x"}, "give up to 64 letters"),
        ({"mode": "apply", "finish_within_hours": 0}, "give a number above zero"),
        ({"mode": "apply", "versions": "yes"}, "give true or false"),
        ([], "no JSON object"),
    ],
)
def test_an_event_that_makes_no_sense_is_refused_with_what_to_send(
    module: ModuleType, context: Context, event: Any, problem: str
) -> None:
    reply = module.handler(event, context)
    assert reply["outcome"] == "refused"
    assert problem in reply["problem"]


def test_the_schedule_does_nothing_where_no_run_is_open(module: ModuleType, context: Context) -> None:
    assert module.handler({"schedule": "continue"}, context) == {"outcome": "idle"}


def test_a_run_goes_on_where_lambda_s_time_ended(s3: Any, module: ModuleType, context: Context) -> None:
    put(s3, *(reads(number) for number in range(300)))
    context.remaining_ms[:] = [900_000] * 2 + [1_000]
    first = module.handler({"mode": "apply", "run": "r", "method": "direct"}, context)
    assert first["outcome"] == "under_way"
    assert 0 < first["objects"] < 300
    context.remaining_ms[:] = [900_000]
    last = module.handler({"schedule": "continue"}, context)
    assert last["result"]["counts"] == {"tagged": 300}


def test_while_a_run_is_open_the_next_waits_and_is_done_after(s3: Any, module: ModuleType, context: Context) -> None:
    put(s3, READS)
    runs = Runs(StateStore(s3, REPORTS, "tag_backfill"))
    runs.open("first", datetime.now(UTC), Request(Mode.APPLY, "first").parameters())
    for _ in range(2):
        reply = module.handler({"mode": "apply", "run": "recon-exec-1"}, context)
        assert reply == {"outcome": "queued", "run": "recon-exec-1", "behind": "first"}
    assert module.handler({"schedule": "continue"}, context)["run"] == "first"
    assert module.handler({"schedule": "continue"}, context)["run"] == "recon-exec-1"
    assert module.handler({"schedule": "continue"}, context) == {"outcome": "idle"}


def test_a_job_of_batch_operations_is_asked_for_and_where_it_is_refused_the_function_tags(
    s3: Any, module: ModuleType, context: Context, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.backfiller.jobs, "_s3control", control := Control(s3))
    config = replace(module.config, batch_group_size=2)
    monkeypatch.setattr(module, "backfiller", replace(module.backfiller, config=config))
    put(s3, READS, reads(2))
    put(s3, reads(3), tags="lab=kosha")
    control.refuse = "AccessDenied"
    reply = module.handler({"mode": "apply", "method": "batch"}, context)
    assert reply["result"]["counts"] == {"tagged": 3}
    assert metrics()["BatchJobsRefused"] == 1


class Control:
    """S3 Control as its documentation has it; moto 5.2 has no jobs."""

    def __init__(self, s3: Any) -> None:
        self.s3, self.refuse = s3, ""
        self.created: list[Any] = []
        self.cancelled: list[str] = []

    def create_job(self, **request: Any) -> dict[str, str]:
        if self.refuse:
            raise client_error(self.refuse, 403)
        self.created.append(request)
        return {"JobId": f"id-{len(self.created) - 1}"}

    def describe_job(self, AccountId: str, JobId: str) -> dict[str, Any]:
        request = self.created[int(JobId[3:])]
        location = request["Manifest"]["Location"]
        bucket, _, key = location["ObjectArn"].removeprefix("arn:aws:s3:::").partition("/")
        found = self.s3.get_object(Bucket=bucket, Key=key)
        assert found["ETag"].strip('"') == location["ETag"]
        lines = found["Body"].read().decode().splitlines()
        tags = request["Operation"]["S3PutObjectTagging"]["TagSet"]
        for line in lines[1:]:
            lake, name, version = line.split(",")
            self.s3.put_object_tagging(Bucket=lake, Key=unquote_plus(name), VersionId=version, Tagging={"TagSet": tags})
        folder = f"{request['Report']['Prefix']}/job-{JobId}"
        self.s3.put_object(Bucket=bucket, Key=f"{folder}/results/a.csv", Body=f"{lines[0]},failed,500,500,odd\n")
        index = {"Results": [{"TaskExecutionStatus": "failed", "Bucket": bucket, "Key": f"{folder}/results/a.csv"}]}
        self.s3.put_object(Bucket=bucket, Key=f"{folder}/manifest.json", Body=json.dumps(index))
        summary = {"TotalNumberOfTasks": len(lines), "NumberOfTasksSucceeded": len(lines) - 1, "NumberOfTasksFailed": 1}
        return {"Job": {"Status": "Complete", "ProgressSummary": summary}}


def test_a_job_tags_its_group_and_what_it_failed_at_is_tagged_after_it(
    s3: Any, module: ModuleType, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.backfiller.jobs, "_s3control", control := Control(s3))
    config = replace(module.config, batch_group_size=2)
    monkeypatch.setattr(module, "backfiller", replace(module.backfiller, config=config))
    odd = "raw-sequences/lambda-phage/a +%,'ü.txt"
    put(s3, READS, reads(2), reads(4), odd, f"{odd}2")
    put(s3, reads(3), tags="lab=kosha")
    reply = module.handler({"mode": "apply", "method": "batch", "run": "b"}, context)
    assert (reply["outcome"], reply["result"]["counts"]) == ("finished", {"tagged": 6})
    assert reply["result"]["unclassified_count"] == 2
    assert len(control.created) == 2
    assert tags_of(s3, odd)["data_class"] == "unclassified"
    assert tags_of(s3, READS) == tags_of(s3, reads(4)) == TAGS
    assert tags_of(s3, reads(3)) == TAGS | {"lab": "kosha"}


def test_the_calls_for_jobs_are_those_of_s3_control(module: ModuleType) -> None:
    """moto 5.2 has no jobs: the real client makes the requests, and nobody answers but this test."""
    jobs = module.backfiller.jobs
    sent: list[tuple[str, str]] = []

    def answer(request: Any, **_: Any) -> Any:
        sent.append((request.method, request.url.split("amazonaws.com")[1]))
        body = b"<R><JobId>job-0001</JobId><Job><Status>Active</Status></Job></R>"
        headers: Any = HeadersDict()
        return AWSResponse("u", 200, headers, Mock(stream=Mock(return_value=[body])))

    jobs._s3control.meta.events.register("before-send.s3-control", answer)
    assert jobs.create("t", ("a/b.csv", '"e"'), "p", TAGS, "d") == "job-0001"
    assert jobs.describe("job-0001").status == "Active"
    jobs.cancel("job-0001")
    assert [method for method, _ in sent] == ["POST", "GET", "POST"]
    assert "requestedJobStatus=Cancelled" in sent[2][1]


# --------------------------------------------------------------------------------------------- on a lake in memory


def test_a_crash_between_checkpoints_loses_nothing_and_writes_nothing_twice(fakes: Any) -> None:
    backfiller, lake, _, _ = fakes(Lake(2500))
    kill = Mock(side_effect=KeyboardInterrupt)

    def fault(operation: str, key: str) -> None:
        if key == reads(1700):
            kill()

    lake.fault = fault
    time = Time()
    with pytest.raises(KeyboardInterrupt):
        backfiller.run(apply(), time.clock)
    lake.fault = lambda operation, key: None
    assert backfiller.run(GO_ON, time.clock)["outcome"] == "busy"  # the lease of the call that died
    time.now += timedelta(minutes=16)
    reply = backfiller.run(GO_ON, time.clock)
    assert reply["result"]["objects"] == 2500
    assert set(lake.writes.values()) == {1}
    assert len(lake.writes) == 2500


@pytest.mark.parametrize("method", ["direct", "batch"])
def test_a_run_in_many_slices_takes_every_object_once(fakes: Any, method: str) -> None:
    backfiller, lake, _, _ = fakes(Lake(3100), batch_group_size=10**9)
    reply: dict[str, Any] = {"outcome": "under_way"}
    slices = 0
    request = apply(method=Method(method))
    while reply["outcome"] == "under_way":
        slices += 1
        assert slices < 60
        time = Time(*[900.0] * 5, 5.0)
        reply = backfiller.run(request if slices == 1 else GO_ON, time.clock)
    assert reply["result"]["counts"] == {"tagged": 3100}
    assert set(lake.writes.values()) == {1}
    assert slices > 3


def test_slow_down_is_tried_again_and_then_set_aside_for_the_next_call(fakes: Any) -> None:
    backfiller, lake, _, _ = fakes(Lake({reads(number): {} for number in range(10)}))
    slow = {reads(3), reads(4)}

    def fault(operation: str, key: str) -> None:
        if operation == "write" and key in slow:
            raise client_error("SlowDown", 503)

    lake.fault = fault
    time = Time()
    reply = backfiller.run(apply(), time.clock)
    assert reply["outcome"] == "under_way"
    assert time.waited == [5.0, 20.0, 5.0, 20.0]
    slow.clear()
    reply = backfiller.run(GO_ON, time.clock)
    assert (reply["outcome"], reply["result"]["counts"]) == ("finished", {"tagged": 10})


def test_what_fails_again_and_again_is_named_and_the_run_ends(fakes: Any, notices: Notices, metrics: Metrics) -> None:
    backfiller, lake, _, _ = fakes(Lake({reads(number): {} for number in range(10)}))

    def fault(operation: str, key: str) -> None:
        if key == reads(3):
            raise client_error("InternalError", 500)

    lake.fault = fault
    outcomes = [backfiller.run(apply(), Time().clock)["outcome"]]
    while outcomes[-1] == "under_way":
        outcomes.append(backfiller.run(GO_ON, Time().clock)["outcome"])
    assert outcomes == ["under_way", "under_way", "finished"]
    (notice,) = notices("data")
    assert (notice["kind"], notice["severity"]) == ("data.backfill_incomplete", "critical")
    assert notice["details"]["examples"]["items"] == [{"key": reads(3), "reason": "failed again and again"}]


def test_refused_by_s3_or_the_key_the_run_stops_says_so_once_and_goes_on_when_mended(
    fakes: Any, notices: Notices
) -> None:
    backfiller, lake, _, _ = fakes(Lake(700))

    def fault(operation: str, key: str) -> None:
        if key >= reads(400):
            raise client_error("AccessDenied", 403)

    lake.fault = fault
    for _ in range(3):
        assert backfiller.run(GO_ON if _ else apply(), Time().clock)["outcome"] == "stalled"
    (notice,) = notices("data")
    assert (notice["kind"], notice["severity"]) == ("data.backfill_stalled", "critical")
    assert "AccessDenied" in notice["details"]["problem"]
    lake.fault = lambda operation, key: None
    assert backfiller.run(GO_ON, Time().clock)["result"]["objects"] == 700
    assert set(lake.writes.values()) == {1}


def test_an_object_deleted_between_list_and_tag_is_counted_and_no_failure(fakes: Any) -> None:
    backfiller, lake, _, _ = fakes(Lake({reads(number): {} for number in range(3)}))

    def fault(operation: str, key: str) -> None:
        if key == reads(1):
            raise client_error("NoSuchKey" if operation == "read" else "x", 404)

    lake.fault = fault
    reply = backfiller.run(apply(), Time().clock)
    assert (reply["outcome"], reply["result"]["counts"]) == ("finished", {"tagged": 2, "vanished": 1})


def test_a_listing_that_fails_is_raised_and_the_run_goes_on_at_its_checkpoint(fakes: Any) -> None:
    backfiller, _, _, _ = fakes(Lake(10))
    listing = Mock()
    listing.pages.side_effect = client_error("SlowDown", 503)
    with pytest.raises(ClientError, match="SlowDown"):
        replace(backfiller, listing=listing).run(apply(), Time().clock)
    assert backfiller.run(GO_ON, Time().clock)["result"]["objects"] == 10


def test_a_call_that_lost_its_run_to_another_stops_at_its_next_checkpoint(fakes: Any) -> None:
    backfiller, lake, _, _ = fakes(Lake(5000))

    def fault(operation: str, key: str) -> None:
        if key == reads(600) and operation == "read" and not lake.reads[key]:
            lake.reads[key] += 1
            assert backfiller.run(Request(Mode.CANCEL, ""), Time().clock)["outcome"] == "cancelled"

    lake.fault = fault
    assert backfiller.run(apply(), Time().clock)["outcome"] == "busy"
    assert len(lake.writes) < 1500
    assert backfiller.run(GO_ON, Time().clock) == {"outcome": "idle"}


def test_cancel_stops_the_jobs_and_a_queued_run_can_be_cancelled_by_its_name(fakes: Any) -> None:
    backfiller, _, _, jobs = fakes(Lake(30), batch_group_size=10)
    assert backfiller.run(apply("one", method=Method.BATCH), Time().clock)["phase"] == "wait"
    assert backfiller.run(apply("two"), Time().clock)["outcome"] == "queued"
    assert backfiller.run(Request(Mode.CANCEL, "two"), Time().clock) == {"outcome": "cancelled", "run": "two"}
    again = backfiller.run(Request(Mode.CANCEL, "two"), Time().clock)
    assert (again["outcome"], again["problem"]) == ("refused", "no such run is open or waits; one is open")
    reply = backfiller.run(Request(Mode.CANCEL, ""), Time().clock)
    assert (reply["run"], reply["result"]["jobs_cancelled"]) == ("one", 1)
    assert jobs.cancelled == ["job-0"]
    assert backfiller.run(GO_ON, Time().clock) == {"outcome": "idle"}
    assert backfiller.run(Request(Mode.CANCEL, "one"), Time().clock)["outcome"] == "refused"


def test_an_open_run_can_be_cancelled_by_its_name(fakes: Any) -> None:
    backfiller, _, _, _ = fakes(Lake(30), batch_group_size=10)
    backfiller.run(apply("one", method=Method.BATCH), Time().clock)
    assert backfiller.run(Request(Mode.CANCEL, "one"), Time().clock)["outcome"] == "cancelled"


def test_a_cancellation_names_a_run_only_where_its_event_does() -> None:
    assert read_request({"mode": "cancel"}, "call").run == ""
    assert read_request({"mode": "cancel", "run": "two"}, "call").run == "two"


@pytest.mark.parametrize("end", ["Complete", "Failed", "Cancelled"])
def test_however_a_job_ends_its_objects_are_tagged(fakes: Any, end: str) -> None:
    backfiller, lake, _, jobs = fakes(Lake(30), batch_group_size=10)
    jobs.end = end
    jobs.fails = {reads(3)}
    assert backfiller.run(apply(method=Method.BATCH), Time().clock)["outcome"] == "under_way"
    reply = backfiller.run(GO_ON, Time().clock)
    assert reply["outcome"] == "finished"
    assert reply["result"]["objects"] == 30
    assert all(lake.tags[reads(number)] == TAGS for number in range(30))


def test_a_job_asked_for_twice_is_one_job_with_one_manifest(fakes: Any) -> None:
    backfiller, _, _, jobs = fakes(Lake(30), batch_group_size=10)
    create = jobs.create

    def lost(*arguments: Any) -> str:
        create(*arguments)
        raise client_error("InternalError", 500)

    jobs.create = lost
    with pytest.raises(ClientError):
        backfiller.run(apply(method=Method.BATCH), Time().clock)
    jobs.create = create
    backfiller.run(GO_ON, Time().clock)
    assert (len(jobs.jobs), backfiller.manifests.joins) == (1, 1)


@pytest.mark.parametrize(("code", "status"), [("AccessDenied", 403), ("SlowDown", 503)])
def test_a_list_for_a_job_that_cannot_be_written_loses_no_object(fakes: Any, code: str, status: int) -> None:
    backfiller, lake, _, _ = fakes(Lake(30), batch_group_size=10**9)
    write = backfiller.manifests.write_shard
    backfiller.manifests.write_shard = Mock(side_effect=client_error(code, status))
    if code == "SlowDown":
        with pytest.raises(ClientError):
            backfiller.run(apply(method=Method.BATCH), Time().clock)
    else:
        assert backfiller.run(apply(method=Method.BATCH), Time().clock)["outcome"] == "stalled"
    backfiller.manifests.write_shard = write
    assert backfiller.run(GO_ON, Time().clock)["result"]["counts"] == {"tagged": 30}
    assert len(lake.writes) == 30


def peak_memory(fakes: Any, method: str, objects: int) -> int:
    """The most bytes at a time that a run over so many objects takes."""

    class Flowing(Lake):
        """Remembers nothing of what is written."""

        def read_tags(self, key: str, version_id: str | None) -> tuple[dict[str, str], str | None]:
            return {}, "v1"

        def write_tags(self, key: str, version_id: str, tags: Mapping[str, str]) -> None:
            pass

    class Nowhere(FakeManifests):
        def write_shard(self, run: str, group: str, shard: int, items: Any) -> None:
            self.shards[run, group, shard] = []

    lake = Flowing(objects)
    lake.workers = 1
    backfiller, _, _, jobs = fakes(lake, batch_group_size=1)
    jobs.manifests = Nowhere()
    backfiller = replace(backfiller, manifests=jobs.manifests)
    tracemalloc.start()
    reply = backfiller.run(apply(method=Method(method)), Time().clock)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reply["outcome"] in ("finished", "under_way")
    return peak


@pytest.mark.parametrize("method", ["direct", "batch"])
def test_more_objects_take_no_more_memory(fakes: Any, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept, the keys of 4,000 objects more would be as much again as all that is held at a time."""
    monkeypatch.setattr("tag_backfill.backfiller.COLLECT_CHECKPOINT", 1000)
    _, some, more = (peak_memory(fakes, method, objects) for objects in (1, 2000, 6000))
    assert more < 1.2 * some


def test_where_nothing_ends_in_time_the_quicker_method_is_taken(fakes: Any) -> None:
    backfiller, _, _, jobs = fakes(Lake(3000), batch_group_size=10)
    backfiller.run(apply(finish_within_hours=0.0001), Time().clock)
    assert not jobs.jobs


def test_names_of_files_are_not_logged(s3: Any, module: ModuleType, context: Context, capsys: Any) -> None:
    put(s3, "raw-sequences/p/asha-rao.txt")
    module.handler({"mode": "apply"}, context)
    assert "asha" not in capsys.readouterr().out


def test_the_sample_event_is_understood(module: ModuleType, context: Context) -> None:
    events = Path(__file__).parents[2] / "events"
    sample = json.loads((events / "backfill-from-reconciler.json").read_text())
    assert module.handler(sample, context)["outcome"] == "finished"
