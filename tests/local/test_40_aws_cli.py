"""The AWS CLI, pointed at the local cloud, can list, describe and read what the platform made."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name

from scripts.leftovers import LISTINGS, Listing, find_leftovers
from tests.local import aws_cli
from tests.local.conftest import Platform


def aws(platform: Platform, *arguments: str, recovery: bool = False) -> Any:
    environment = platform.environment
    region = environment.recovery_region if recovery else environment.region
    answer = aws_cli.run(
        # AWS CLI v1 takes no endpoint for SQS from the environment (README.md).
        [*arguments, "--region", region, "--output", "json", "--endpoint-url", platform.cloud.endpoint],
        {**platform.cloud.environment(), "AWS_EC2_METADATA_DISABLED": "true"},
    )
    assert answer.exit_code == 0, answer.complained
    return json.loads(answer.said or "null")


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
        (("efs", "describe-access-points"), "AccessPoints", 8),
        (("datasync", "list-tasks"), "Tasks", 2),
        (("eks", "list-clusters"), "clusters", 1),
        (("sns", "list-topics"), "Topics", 3),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else None,
)
def test_lists_what_terraform_made(platform: Platform, arguments: tuple[str, ...], path: str, expected: int) -> None:
    assert len(aws(platform, *arguments)[path]) == expected


def option(name: str, value: object) -> tuple[str, ...]:
    """A parameter as the command line has it: of a switch, only whether."""
    if isinstance(value, bool):
        return (f"--{name}" if value else f"--no-{name}",)
    if isinstance(value, list):
        return (f"--{name}", *value)
    return (f"--{name}", str(value))


def test_lists_in_both_regions_every_kind_of_resource_there_is(platform: Platform) -> None:
    """The same kinds and the same names as boto3 sees: what ``make destroy`` counts, before it is destroyed."""
    environment = platform.environment
    made = find_leftovers(platform.cloud, (environment.region, environment.recovery_region))

    def listed(place: tuple[Listing, str]) -> list[str]:
        listing, region = place
        service = {"config": "configservice", "s3": "s3api"}.get(listing.service, listing.service)
        options = [text for name, value in listing.arguments for text in option(xform_name(name, "-"), value)]
        command = (service, listing.operation.replace("_", "-"), *options, "--query", listing.query)
        found: list[str] = aws(platform, *command, recovery=region != environment.region)
        return sorted(found)

    places = {
        f"{region} {listing.service} {listing.operation}": (listing, region)
        for listing in LISTINGS
        for region in (environment.region, environment.recovery_region)
    }
    asked = {place: places[place] for place in made if place in places}
    with ThreadPoolExecutor(4) as pool:
        answers = dict(zip(asked, pool.map(listed, asked.values()), strict=True))
    assert answers == {place: sorted(made[place]) for place in asked}
    assert {place.split()[1] for place in asked} >= {
        "cloudwatch", "datasync", "ec2", "efs", "eks", "events", "iam", "kms", "lambda", "logs", "s3", "scheduler",
        "sns", "sqs", "ssm",
    }  # fmt: skip


def test_describes_one_of_each_kind(platform: Platform) -> None:
    storage, cluster = platform.storage, platform.handoffs["30-cluster"]["cluster_name"]
    foundation = platform.handoffs["10-foundation"]
    name = f"{platform.environment.prefix}-transfer-starter"
    queue = aws(platform, "sqs", "get-queue-url", "--queue-name", f"{name}-dead-letters")["QueueUrl"]
    execution = aws(platform, "datasync", "list-task-executions", "--task-arn", platform.transfer_task)
    execution = execution["TaskExecutions"][0]["TaskExecutionArn"]
    commands = {
        "VpcEndpoints": ("ec2", "describe-vpc-endpoints"),
        "SecurityGroupRules": ("ec2", "describe-security-group-rules"),
        "FlowLogs": ("ec2", "describe-flow-logs"),
        "KeyMetadata": ("kms", "describe-key", "--key-id", foundation["key_arns"]["lake"]),
        "Policy": ("kms", "get-key-policy", "--policy-name", "default", "--key-id", foundation["key_arns"]["logs"]),
        "Attributes": ("sns", "get-topic-attributes", "--topic-arn", foundation["topic_arns"]["data"]),
        "MountTargets": ("efs", "describe-mount-targets", "--file-system-id", storage["file_system_id"]),
        "LifecyclePolicies": (
            "efs", "describe-lifecycle-configuration", "--file-system-id", storage["file_system_id"],
        ),
        "ReplicationConfiguration": ("s3api", "get-bucket-replication", "--bucket", storage["lake_bucket"]),
        "Rules": ("s3api", "get-bucket-lifecycle-configuration", "--bucket", storage["lake_bucket"]),
        "LoggingEnabled": ("s3api", "get-bucket-logging", "--bucket", storage["lake_bucket"]),
        "EventBridgeConfiguration": (
            "s3api", "get-bucket-notification-configuration", "--bucket", storage["lake_bucket"],
        ),
        "Result": ("datasync", "describe-task-execution", "--task-execution-arn", execution),
        "addons": ("eks", "list-addons", "--cluster-name", cluster),
        "accessEntries": ("eks", "list-access-entries", "--cluster-name", cluster),
        "associations": ("eks", "list-pod-identity-associations", "--cluster-name", cluster),
        "nodegroup": ("eks", "describe-nodegroup", "--cluster-name", cluster, "--nodegroup-name", "system"),
        "Code": ("lambda", "get-function", "--function-name", name),
        "Role": ("iam", "get-role", "--role-name", name),
        "PolicyDocument": (
            "iam", "get-role-policy", "--role-name", name, "--policy-name", "transfer-starter-permissions",
        ),
        "MetricAlarms": ("cloudwatch", "describe-alarms", "--alarm-name-prefix", name),
        "Parameter": ("ssm", "get-parameter", "--name", platform.environment.handoff("20-storage")),
        "ScheduleExpression": ("scheduler", "get-schedule", "--name", f"{name}-usual"),
        "Targets": (
            "events", "list-targets-by-rule", "--rule", f"{platform.environment.prefix}-object-tagger-transfer-ended",
        ),
        "logStreams": ("logs", "describe-log-streams", "--log-group-name", f"/aws/lambda/{name}"),
        "Metrics": ("cloudwatch", "list-metrics", "--namespace", "AWS/DataSync"),
    }  # fmt: skip
    with ThreadPoolExecutor(4) as pool:
        answers = dict(zip(commands, pool.map(lambda command: aws(platform, *command), commands.values()), strict=True))
    # No one has access to the cluster of the local environment.
    assert {key for key, answer in answers.items() if not (answer or {}).get(key)} <= {
        "accessEntries",
        "EventBridgeConfiguration",
    }
    assert answers["EventBridgeConfiguration"]["EventBridgeConfiguration"] == {}
    attributes = aws(platform, "sqs", "get-queue-attributes", "--queue-url", queue, "--attribute-names", "All")
    assert attributes["Attributes"]["QueueArn"].endswith(f":{name}-dead-letters")


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
    task = aws(platform, "datasync", "describe-task", "--task-arn", platform.transfer_task)
    assert task["Options"]["PreserveDeletedFiles"] == "PRESERVE"
    name = platform.handoffs["40-automation"]["function_arns"]["object_tagger"]
    function = aws(platform, "lambda", "get-function-configuration", "--function-name", name)
    assert function["Runtime"] == "python3.13"


def test_reads_the_log_of_a_function(platform: Platform) -> None:
    group = f"/aws/lambda/{platform.environment.prefix}-object-tagger"
    events = aws(platform, "logs", "filter-log-events", "--log-group-name", group, "--max-items", "50")["events"]
    assert any("REPORT" in event["message"] for event in events)
