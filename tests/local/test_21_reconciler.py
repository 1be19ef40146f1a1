"""Endings nobody heard of and slots without a transfer are noticed and made good."""

from typing import Any

from tests.local.conftest import Platform
from tests.patience import wait_for

HALF_AN_HOUR = 1800
FOLDER = "raw-sequences/lambda-phage"


def fault(platform: Platform, **fields: Any) -> None:
    platform.cloud.control("POST", "datasync/faults", {"subject": platform.transfer_task, "times": 1} | fields)


def test_a_transfer_whose_event_is_lost_is_tagged_all_the_same(platform: Platform) -> None:
    key = platform.publish(f"{FOLDER}/rs_lambda-phage_hyd-01_R001_R1.fastq.gz", b"reads")
    fault(platform, kind="drop_event", pattern="SUCCESS")
    platform.cloud.advance_clock(HALF_AN_HOUR)
    wait_for("the object is in the lake", lambda: platform.tags(key) is not None)
    assert platform.tags(key) == {}
    platform.cloud.advance_clock(3 * HALF_AN_HOUR)
    wait_for("the object is tagged", lambda: (platform.tags(key) or {}).get("data_class") == "raw_sequence")
    notices = wait_for("it was told", lambda: platform.notices("transfer.event_missing"))
    assert notices[-1]["details"]["state"] == "SUCCESS"


def test_an_execution_in_error_has_its_good_files_tagged_and_its_bad_ones_hidden(platform: Platform) -> None:
    good = platform.publish(f"{FOLDER}/rs_lambda-phage_hyd-01_R002_R1.fastq.gz", b"good")
    bad = platform.publish(f"{FOLDER}/rs_lambda-phage_hyd-01_R003_R1.fastq.gz", b"bad")
    fault(platform, kind="corrupt_file", pattern=f"*/{bad.rsplit('/', 1)[-1]}")
    platform.cloud.advance_clock(HALF_AN_HOUR)
    wait_for("the good one is tagged", lambda: (platform.tags(good) or {}).get("data_class") == "raw_sequence")
    notices = wait_for("the bad one was told", lambda: platform.notices("data.not_verified"))
    assert bad in str(notices[-1]["details"])
    assert not platform.tags(bad)


def test_slots_without_a_transfer_are_told(platform: Platform) -> None:
    before = len(platform.notices("transfer.slot_missed"))
    starter = platform.handoffs["40-automation"]["function_arns"]["transfer_starter"]
    client = platform.cloud.client("lambda", platform.environment.region)
    client.put_function_concurrency(FunctionName=starter, ReservedConcurrentExecutions=0)
    try:
        platform.cloud.advance_clock(3 * HALF_AN_HOUR)
        wait_for("the slots were told", lambda: len(platform.notices("transfer.slot_missed")) > before)
    finally:
        client.put_function_concurrency(FunctionName=starter, ReservedConcurrentExecutions=1)
    platform.cloud.advance_clock(HALF_AN_HOUR)
