"""The backfill, deployed: what lay in the lake before is tagged, directly and by a job of S3 Batch Operations."""

import json
import subprocess
import sys
from typing import Any

from scripts.paths import REPOSITORY
from tests.local.conftest import Platform
from tests.patience import wait_for

TAGS = {"data_class": "raw_sequence", "sensitivity": "controlled", "project": "backfill", "site": "hyd-01"}
QUARTER = 900


def key(name: str) -> str:
    return f"raw-sequences/backfill/rs_backfill_hyd-01_{name}_R1.fastq.gz"


def put(platform: Platform, *keys: str, tags: str = "") -> None:
    for each in keys:
        platform.client("s3").put_object(Bucket=platform.storage["lake_bucket"], Key=each, Body=b"x", Tagging=tags)


def call(platform: Platform, **event: Any) -> dict[str, Any]:
    answer = platform.client("lambda").invoke(
        FunctionName=platform.handoffs["40-automation"]["function_arns"]["tag_backfill"], Payload=json.dumps(event)
    )
    reply: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, reply
    return reply


def test_an_estimate_changes_nothing_and_an_apply_tags_what_lay_there_untagged(platform: Platform) -> None:
    odd = "raw-sequences/backfill/odd +%,'ü.txt"
    put(platform, key("B001"), odd)
    put(platform, key("B002"), tags="lab=kosha")
    estimate = call(platform, mode="estimate", prefix="raw-sequences/backfill/")["result"]
    assert (estimate["objects"], estimate["to_write"]) == (3, 3)
    assert platform.tags(key("B001")) == {}
    result = call(platform, mode="apply", prefix="raw-sequences/backfill/")["result"]
    assert result["counts"] == {"tagged": 3}
    assert platform.tags(key("B001")) == TAGS
    assert platform.tags(key("B002")) == TAGS | {"lab": "kosha"}
    assert (platform.tags(odd) or {})["data_class"] == "unclassified"
    wait_for("a notice says so", lambda: platform.notices("data.backfill_finished"))


def test_the_tags_reach_the_replica(platform: Platform) -> None:
    wait_for("the replica is tagged", lambda: platform.tags(key("B001"), recovery=True) == TAGS)


def test_a_job_of_batch_operations_tags_a_group_and_the_schedule_takes_its_result(platform: Platform) -> None:
    functions = platform.client("lambda")
    arn = platform.handoffs["40-automation"]["function_arns"]["tag_backfill"]
    variables = functions.get_function_configuration(FunctionName=arn)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=arn, Environment={"Variables": variables | {"BATCH_GROUP_SIZE": "2"}}
    )
    functions.get_waiter("function_updated_v2").wait(FunctionName=arn, WaiterConfig={"Delay": 1})
    try:
        put(platform, key("B011"), key("B012"), "raw-sequences/backfill/odd +%,'ü2.txt", "raw-sequences/backfill/x y")
        put(platform, key("B013"), tags="lab=kosha")
        reply = call(platform, mode="apply", prefix="raw-sequences/backfill/", method="batch", run="by-jobs")
        assert reply["outcome"] in ("under_way", "finished")

        def ended() -> Any:
            platform.cloud.advance_clock(QUARTER)
            return [each for each in platform.notices("data.backfill_finished") if each["details"]["run"] == "by-jobs"]

        (notice,) = wait_for("the schedule has taken the jobs' results", ended)
        assert notice["details"]["result"]["counts"] == {"tagged": 5, "unchanged": 3}
        assert platform.tags(key("B011")) == platform.tags(key("B012")) == TAGS
        assert platform.tags(key("B013")) == TAGS | {"lab": "kosha"}
        assert (platform.tags("raw-sequences/backfill/odd +%,'ü2.txt") or {})["data_class"] == "unclassified"
        calls = platform.cloud.control("GET", "calls/counts")
        assert [each for each in calls if each["operation"] == "CreateJob"]
    finally:
        functions.update_function_configuration(FunctionName=arn, Environment={"Variables": variables})
        functions.get_waiter("function_updated_v2").wait(FunctionName=arn, WaiterConfig={"Delay": 1})


def test_the_command_shows_what_a_backfill_takes(platform: Platform) -> None:
    put(platform, key("B021"))
    command = [sys.executable, "-m", "scripts.backfill", "--env", "local", "--mode", "estimate"]
    done = subprocess.run(
        [*command, "--prefix", "raw-sequences/backfill/"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "estimated" in done.stdout
    assert "recommended" in done.stdout
