"""The AWS CLI, pointed at the local cloud, can list, describe and read what the platform made."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.local.conftest import Platform

AWS = Path(sys.executable).parent / "aws"


def aws(platform: Platform, *arguments: str, recovery: bool = False) -> Any:
    environment = platform.environment
    region = environment.recovery_region if recovery else environment.region
    done = subprocess.run(
        [str(AWS), *arguments, "--region", region, "--output", "json"],
        env={**os.environ, **platform.cloud.environment(), "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "null")


def test_reads_an_object_of_the_lake_and_of_the_replica(platform: Platform, tmp_path: Path) -> None:
    for recovery, bucket in ((False, "lake_bucket"), (True, "replica_bucket")):
        listed = aws(platform, "s3api", "list-objects-v2", "--bucket", platform.storage[bucket], recovery=recovery)
        key = listed["Contents"][0]["Key"]
        target = tmp_path / bucket
        aws(
            platform,
            "s3api",
            "get-object",
            "--bucket",
            platform.storage[bucket],
            "--key",
            key,
            str(target),
            recovery=recovery,
        )
        assert target.stat().st_size == listed["Contents"][0]["Size"]


@pytest.mark.parametrize(
    ("arguments", "path", "expected"),
    [
        (("ec2", "describe-vpcs", "--filters", "Name=is-default,Values=false"), "Vpcs", 1),
        (("efs", "describe-file-systems"), "FileSystems", 1),
        (("efs", "describe-access-points"), "AccessPoints", 6),
        (("datasync", "list-tasks"), "Tasks", 1),
        (("eks", "list-clusters"), "clusters", 1),
        (("sns", "list-topics"), "Topics", 3),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else None,
)
def test_lists_what_terraform_made(platform: Platform, arguments: tuple[str, ...], path: str, expected: int) -> None:
    assert len(aws(platform, *arguments)[path]) == expected


def test_lists_every_function_and_its_schedules(platform: Platform) -> None:
    published = {arn.rsplit(":", 1)[-1] for arn in platform.handoffs["40-automation"]["function_arns"].values()}
    assert {each["FunctionName"] for each in aws(platform, "lambda", "list-functions")["Functions"]} == published
    schedules = {each["Name"] for each in aws(platform, "scheduler", "list-schedules")["Schedules"]}
    prefix = platform.environment.prefix
    assert {f"{prefix}-transfer-starter-usual", f"{prefix}-transfer-reconciler-usual"} <= schedules
    assert all(any(name.startswith(f"{function}-") for function in published) for name in schedules)


def test_describes_the_cluster_the_task_and_a_function(platform: Platform) -> None:
    cluster = aws(platform, "eks", "describe-cluster", "--name", platform.handoffs["30-cluster"]["cluster_name"])
    assert cluster["cluster"]["status"] == "ACTIVE"
    assert cluster["cluster"]["resourcesVpcConfig"]["endpointPublicAccess"] is False
    task = aws(platform, "datasync", "describe-task", "--task-arn", platform.storage["transfer_task_arn"])
    assert task["Options"]["PreserveDeletedFiles"] == "PRESERVE"
    name = platform.handoffs["40-automation"]["function_arns"]["object_tagger"]
    function = aws(platform, "lambda", "get-function-configuration", "--function-name", name)
    assert function["Runtime"] == "python3.13"


def test_reads_the_log_of_a_function(platform: Platform) -> None:
    group = f"/aws/lambda/{platform.environment.prefix}-object-tagger"
    events = aws(platform, "logs", "filter-log-events", "--log-group-name", group, "--max-items", "50")["events"]
    assert any("REPORT" in event["message"] for event in events)
