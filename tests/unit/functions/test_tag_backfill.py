"""The decisions of tag_backfill: what an event asks for, what it concerns, what it costs, what goes into a manifest."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from common.catalogue import load
from common.modes import BadRequest
from common.tagging import Aim, Outcome, Result
from tag_backfill.domain import (
    Entry,
    Method,
    Mode,
    Request,
    choose,
    concerns,
    group_of,
    manifest_line,
    plans,
    read_line,
    read_request,
    token_of,
    work_of,
)
from tag_backfill.progress import Chunk, Group, Phase, Progress

NOW = datetime(2026, 1, 15, 4, 0, tzinfo=UTC)
READS = "raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_T001_R1.fastq.gz"


def entry(key: str, modified: datetime = NOW) -> Entry:
    return Entry(key, "v1", modified)


def test_an_event_without_a_mode_goes_on_with_the_open_run() -> None:
    for event in ({}, {"schedule": "continue"}):
        assert read_request(event, "id").mode is Mode.CONTINUE


def test_a_run_without_a_name_has_the_call_s_so_that_lambda_s_retry_is_the_same_run() -> None:
    assert read_request({"mode": "apply"}, "52fdfc07").run == "apply-52fdfc07"
    assert read_request({"mode": "apply", "run": "recon-exec-1"}, "x").run == "recon-exec-1"


def test_what_a_run_keeps_is_the_request_again() -> None:
    request = Request(Mode.APPLY, "r", "a/", "p", NOW, 2.0, Method.BATCH, versions=True)
    assert read_request(json.loads(json.dumps(request.parameters())), "other") == request


def test_a_time_without_a_zone_is_utc() -> None:
    assert read_request({"mode": "apply", "modified_since": "2026-01-15"}, "x").modified_since == NOW.replace(hour=0)


@pytest.mark.parametrize("hours", [0, -1, "2", True, 1e9])
def test_hours_that_are_none_are_refused(hours: object) -> None:
    with pytest.raises(BadRequest, match="finish_within_hours"):
        read_request({"mode": "apply", "finish_within_hours": hours}, "x")


def test_folders_other_projects_and_older_objects_are_no_concern() -> None:
    assert not concerns(entry("raw-sequences/p/"), Request(Mode.APPLY, "r"))
    assert not concerns(entry(READS), Request(Mode.APPLY, "r", project="other"))
    assert concerns(entry(READS), Request(Mode.APPLY, "r", project="lambda-phage"))
    assert concerns(entry(READS), Request(Mode.APPLY, "r", modified_since=NOW))
    assert not concerns(entry(READS), Request(Mode.APPLY, "r", modified_since=NOW + timedelta(seconds=1)))


def test_the_rule_engine_says_what_an_object_should_have() -> None:
    aim = work_of(entry(READS), Request(Mode.APPLY, "r"), load())
    assert isinstance(aim, Aim)
    assert (aim.version_id, aim.tags["data_class"]) == ("v1", "raw_sequence")
    assert work_of(entry("a/"), Request(Mode.APPLY, "r"), load()) == Result("a/", Outcome.NOT_A_FILE)


@pytest.mark.parametrize(("objects", "groups"), [(10, 1), (10**6, 40), (10**9, 400)])
def test_direct_calls_are_the_cheaper_method_at_any_size(objects: int, groups: int) -> None:
    offered = plans(objects, objects, groups, 1.0)
    assert offered[Method.DIRECT].dollars < offered[Method.BATCH].dollars


def test_the_cheapest_in_time_wins_and_where_none_is_in_time_the_quickest() -> None:
    offered = plans(100_000_000, 100_000_000, 40, 1.0)
    direct, batch = offered[Method.DIRECT].hours, offered[Method.BATCH].hours
    assert batch < direct
    assert choose(offered, direct + 1) is Method.DIRECT
    assert choose(offered, (direct + batch) / 2) is Method.BATCH
    assert choose(offered, batch / 2) is Method.BATCH
    assert choose(plans(1000, 1000, 40, 1.0), 0.0001) is Method.DIRECT


def test_money_is_what_the_price_list_says() -> None:
    plan = plans(1_000_000, 1_000_000, 4, 1.0)
    # 1,000 lists, a million reads, a million writes; 2,001,000 calls at 400 a second, a GB each.
    requests = 0.005 + 0.4 + 5.0
    assert plan[Method.DIRECT].dollars == pytest.approx(requests + 2_001_000 / 400 * 0.0000133334)
    assert plan[Method.BATCH].dollars == pytest.approx(requests + 1_001_000 / 400 * 0.0000133334 + 4 * 0.25 + 1.0)
    assert plan[Method.DIRECT].calls == 2_001_000


def test_nothing_to_write_is_no_job() -> None:
    offered = plans(1000, 0, 7, 1.0)
    assert offered[Method.BATCH].jobs == 0
    assert offered[Method.BATCH].hours == offered[Method.DIRECT].hours


def test_a_group_is_its_complete_tag_set_in_any_order() -> None:
    assert group_of({"a": "1", "b": "2"}) == group_of({"b": "2", "a": "1"})
    assert group_of({"a": "1", "b": "2"}) != group_of({"a": "1"})
    assert group_of({"a": "1"}) != group_of({"a1": ""})


@pytest.mark.parametrize("key", ["a b", "a+b", 'a"b', "a,b", "a%20b", "a\nb", "हिन्दी", "x" * 1024, READS])
def test_any_key_comes_back_from_a_manifest_as_it_was(key: str) -> None:
    line = manifest_line("bucket", key, "v.1").decode("ascii")
    assert line.count(",") == 2
    assert line.count("\n") == 1
    assert "+" not in line
    assert read_line(line) == (key, "v.1")


def test_a_token_is_the_same_for_the_same_run_and_group_only() -> None:
    assert token_of("r", "g") == token_of("r", "g")
    assert len({token_of("r", "g"), token_of("r", "h"), token_of("s", "g")}) == 3
    assert len(token_of("r", "g")) <= 64


def test_a_checkpoint_is_the_same_progress_again_and_does_not_change_with_it() -> None:
    progress = Progress(Phase.WAIT, "batch", entry(READS), lease_until=NOW, groups={"g": Group({"a": "1"}, 2, [1])})
    chunk = Chunk()
    aim = Aim(READS, None, {"data_class": "raw_sequence"})
    chunk.add(Result(READS, Outcome.TAGGED, aim))
    chunk.add(Result(READS, Outcome.TRY_AGAIN, aim))
    chunk.add(Result(READS, Outcome.CONFLICT, aim, "why"))
    progress.take(chunk)
    document = progress.document()
    kept = json.loads(json.dumps(document))
    assert Progress.of(kept) == progress
    progress.take(chunk)
    progress.groups["g"].shards.append(2)
    assert json.loads(json.dumps(document)) == kept


def test_while_collecting_what_is_to_be_written_is_counted_by_its_writer() -> None:
    chunk = Chunk(collecting=True)
    aim = Aim(READS, None, {"data_class": "raw_sequence"})
    chunk.add(Result(READS, Outcome.TAGGED, aim))
    chunk.add(Result(READS, Outcome.UNCHANGED, aim))
    assert chunk.counts == {Outcome.UNCHANGED: 1}
