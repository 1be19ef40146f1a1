"""The transfer under faults: called twice, failing, and with its event lost."""

import json
from concurrent.futures import ThreadPoolExecutor

from tests.local.conftest import Platform
from tests.patience import wait_for

HALF_AN_HOUR = 1800


def executions(platform: Platform) -> list[str]:
    pages = platform.client("datasync").get_paginator("list_task_executions")
    listed = pages.paginate(TaskArn=platform.transfer_task)
    return [execution["TaskExecutionArn"] for page in listed for execution in page["TaskExecutions"]]


def test_called_many_times_in_one_slot_the_starter_starts_one_execution(platform: Platform) -> None:
    platform.publish("raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_F001_R1.fastq.gz", b"y" * 4096)
    function = platform.handoffs["40-automation"]["function_arns"]["transfer_starter"]
    platform.cloud.advance_clock(HALF_AN_HOUR)
    before = len(executions(platform))

    def call(_: int) -> int:
        # Its reserved concurrency is one: Lambda refuses what comes at the same time.
        client = platform.cloud.client("lambda", platform.environment.region)
        try:
            answer = client.invoke(FunctionName=function, Payload=b"{}")
        except client.exceptions.TooManyRequestsException:
            return 429
        assert "FunctionError" not in answer, answer["Payload"].read()
        return int(answer["StatusCode"])

    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(call, range(6)))
    assert set(codes) <= {200, 429}
    assert 200 in codes
    assert len(executions(platform)) == before


def test_a_failed_transfer_is_announced(platform: Platform) -> None:
    platform.cloud.control(
        "POST",
        "datasync/faults",
        {"subject": platform.transfer_task, "kind": "fail_execution", "times": 1},
    )
    platform.cloud.advance_clock(HALF_AN_HOUR)
    notices = wait_for("a notice of the failure", lambda: platform.notices("transfer.failed"))
    assert notices[-1]["severity"] == "critical"
    assert "/execution/exec-" in json.dumps(notices[-1]["details"])


def test_the_transfer_after_a_failed_one_carries_the_files(platform: Platform) -> None:
    key = platform.publish("raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_F002_R1.fastq.gz", b"z")
    platform.cloud.advance_clock(HALF_AN_HOUR)
    wait_for("the file is in the lake, tagged", lambda: platform.tags(key))
