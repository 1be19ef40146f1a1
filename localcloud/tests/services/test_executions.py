"""DataSync tasks and executions: queueing, reports, events, logs, metrics."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ..conftest import Cloud, messages, server_python, wait_for
from .conftest import ROLE, FileSystem, Network, Transfer, unique

STATES = ["LAUNCHING", "PREPARING", "TRANSFERRING", "VERIFYING", "SUCCESS"]


@pytest.fixture
def events(cloud: Cloud, make_queue: Callable[[], tuple[str, str]]) -> Callable[[], list[dict[str, Any]]]:
    """Give the DataSync events that have come since the last call."""
    url, arn = make_queue()
    name = unique("rule")
    client = cloud.client("events")
    pattern = {"source": ["aws.datasync"], "detail-type": ["DataSync Task Execution State Change"]}
    client.put_rule(Name=name, EventPattern=json.dumps(pattern))
    client.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])

    def take() -> list[dict[str, Any]]:
        wait_for(lambda: not cloud.control.get("status")["busy"])
        return [json.loads(message["Body"]) for message in messages(cloud, url)]

    return take


def test_every_state_sends_its_event(transfer: Transfer, events: Callable[[], list[dict[str, Any]]]) -> None:
    transfer.write("file")
    transfer.run()
    received = events()
    assert sorted(event["detail"]["State"] for event in received) == sorted(STATES)
    assert {tuple(event["resources"]) for event in received} == {(transfer.executions[-1],)}
    assert {event["region"] for event in received} == {"ap-south-1"}


def test_dropped_event_is_the_only_thing_missing(
    transfer: Transfer, events: Callable[[], list[dict[str, Any]]]
) -> None:
    transfer.fault(kind="drop_event", pattern="SUCCESS")
    assert transfer.run()["Status"] == "SUCCESS"
    assert "SUCCESS" not in [event["detail"]["State"] for event in events()]


@pytest.mark.parametrize("phase", ["PREPARING", "TRANSFERRING", "VERIFYING"])
def test_injected_failure_ends_with_error_and_the_next_execution_works(
    transfer: Transfer, events: Callable[[], list[dict[str, Any]]], phase: str
) -> None:
    transfer.write("file")
    transfer.fault(kind="fail_execution", pattern=phase, times=1)
    done = transfer.run()
    assert (done["Status"], done["Result"]["ErrorCode"]) == ("ERROR", "InjectedFault")
    states = [event["detail"]["State"] for event in events()]
    assert "ERROR" in states
    assert "SUCCESS" not in states
    assert transfer.run()["Status"] == "SUCCESS"


def test_second_execution_is_refused_without_queueing(make_transfer: Callable[..., Transfer]) -> None:
    transfer = make_transfer(Options={"TaskQueueing": "DISABLED"})
    transfer.write("file")
    transfer.fault(kind="slow", seconds=15, times=1)
    first = transfer.start()
    with pytest.raises(ClientError, match="InvalidRequestException"):
        transfer.start()
    task = transfer.datasync.describe_task(TaskArn=transfer.task_arn)
    assert (task["Status"], task["CurrentTaskExecutionArn"]) == ("RUNNING", first)
    transfer.datasync.cancel_task_execution(TaskExecutionArn=first)
    transfer.finish(first)
    assert transfer.datasync.describe_task(TaskArn=transfer.task_arn)["Status"] == "AVAILABLE"
    assert transfer.run()["Status"] == "SUCCESS"


def test_second_execution_waits_with_queueing(transfer: Transfer, events: Callable[[], list[dict[str, Any]]]) -> None:
    transfer.write("file")
    transfer.fault(kind="slow", seconds=5, times=1)  # long enough to be seen waiting on a busy machine
    first, second = transfer.start(), transfer.start()
    assert transfer.describe(second)["Status"] == "QUEUED"
    one, two = transfer.finish(first), transfer.finish(second)
    assert (one["Status"], two["Status"]) == ("SUCCESS", "SUCCESS")
    assert two["StartTime"] >= one["EndTime"] - timedelta(milliseconds=5)
    assert (one["FilesTransferred"], two["FilesTransferred"]) == (1, 0)
    assert [event["detail"]["State"] for event in events()].count("QUEUED") == 1
    listed = transfer.datasync.list_task_executions(TaskArn=transfer.task_arn)["TaskExecutions"]
    assert [entry["TaskExecutionArn"] for entry in listed] == [first, second]


def test_clock_waits_for_a_transfer(transfer: Transfer) -> None:
    transfer.write("file")
    transfer.fault(kind="slow", seconds=0.5, times=1)
    execution = transfer.start()
    transfer.cloud.advance(60)
    assert transfer.describe(execution)["Status"] == "SUCCESS"


def test_report_lists_each_file_with_its_version(transfer: Transfer) -> None:
    transfer.write("folder/file", b"reads")
    transfer.run()
    entries = {entry["RelativePath"]: entry for entry in transfer.report(transfer.executions[-1], "Transferred")}
    assert set(entries) == {"/folder", "/folder/file"}
    entry = entries["/folder/file"]
    assert entry["SrcMetadata"]["Type"] == "Regular"
    assert entry["SrcMetadata"]["ContentSize"] == 5
    assert (entry["TransferType"], entry["TransferStatus"]) == ("CONTENT_AND_METADATA", "SUCCESS")
    assert entry["Overwrite"] == "False"
    head = transfer.s3.head_object(Bucket=transfer.bucket, Key="folder/file")
    assert entry["DstS3VersionId"] == head["VersionId"]
    assert entries["/folder"]["SrcMetadata"]["Type"] == "Directory"
    verified = {entry["RelativePath"]: entry for entry in transfer.report(transfer.executions[-1], "Verified")}
    assert verified["/folder/file"]["VerifyStatus"] == "SUCCESS"
    assert verified["/folder/file"]["SrcChecksum"] == verified["/folder/file"]["DstChecksum"]
    transfer.write("folder/file", b"other reads")
    transfer.run()
    entries = {entry["RelativePath"]: entry for entry in transfer.report(transfer.executions[-1], "Transferred")}
    assert entries["/folder/file"]["Overwrite"] == "True"


def test_override_of_the_report_level_leaves_successes_out(transfer: Transfer) -> None:
    transfer.write("file")
    transfer.run()
    task = transfer.datasync.describe_task(TaskArn=transfer.task_arn)
    config = task["TaskReportConfig"] | {"Overrides": {"Skipped": {"ReportLevel": "ERRORS_ONLY"}}}
    assert len(transfer.report(transfer.start_and_finish(), "Skipped")) == 1
    transfer.datasync.update_task(TaskArn=transfer.task_arn, TaskReportConfig=config)
    assert transfer.report(transfer.start_and_finish(), "Skipped") == []


def test_override_that_says_the_same_as_the_report_is_not_kept(transfer: Transfer) -> None:
    config = transfer.datasync.describe_task(TaskArn=transfer.task_arn)["TaskReportConfig"]
    same = {"Transferred": {"ReportLevel": "SUCCESSES_AND_ERRORS"}}
    transfer.datasync.update_task(TaskArn=transfer.task_arn, TaskReportConfig=config | {"Overrides": same})
    assert "Overrides" not in transfer.datasync.describe_task(TaskArn=transfer.task_arn)["TaskReportConfig"]


def test_report_that_cannot_be_written_is_said_and_the_transfer_stands(transfer: Transfer) -> None:
    transfer.write("file")
    transfer.s3.delete_bucket(Bucket=transfer.reports)
    done = transfer.run()
    assert (done["Status"], done["ReportResult"]["Status"]) == ("SUCCESS", "ERROR")


def test_long_report_comes_in_parts_below_five_megabytes() -> None:
    source = """
import json
from kosha_localcloud.services.datasync.report import TaskReport

class Store:
    objects = {}
    def put_object(self, Bucket, Key, Body, ContentType):
        self.objects[Key] = Body

place = {"S3BucketArn": "arn:aws:s3:::reports", "Subdirectory": "transfer"}
config = {"Destination": {"S3": place}, "OutputType": "STANDARD", "ReportLevel": "SUCCESSES_AND_ERRORS",
          "ObjectVersionIds": "NONE"}
report = TaskReport(Store(), config, "task-1", "exec-1")
for number in range(60_000):
    report.add("Transferred", {"RelativePath": f"/folder/{number:0100}", "TransferStatus": "SUCCESS"})
report.finish({"Status": "SUCCESS"})
parts = {key: body for key, body in sorted(Store.objects.items()) if "Detailed" in key}
print(json.dumps({
    "names": [key.rpartition(".files-")[2][:20] for key in parts],
    "largest": max(map(len, parts.values())),
    "paths": len({entry["RelativePath"] for body in parts.values() for entry in json.loads(body)["Transferred"]}),
}))
"""
    done = subprocess.run([server_python(), "-c", source], capture_output=True, text=True, check=True, timeout=60)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["names"] == ["transferred-v1-00001", "transferred-v1-00002"]
    assert found["largest"] <= 5_000_000
    assert found["paths"] == 60_000


def test_log_and_metrics_tell_of_the_transfer(cloud: Cloud, make_transfer: Callable[..., Transfer]) -> None:
    logs = cloud.client("logs")
    group = unique("/transfer")
    logs.create_log_group(logGroupName=group)
    arn = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["arn"]
    transfer = make_transfer(CloudWatchLogGroupArn=arn, Options={"LogLevel": "TRANSFER"})
    transfer.write("file", b"12345")
    transfer.run()
    task, execution = transfer.executions[-1].split(":task/")[1].split("/execution/")
    lines = logs.get_log_events(logGroupName=group, logStreamName=f"{task}-{execution}")["events"]
    assert any("Transferred /file" in line["message"] for line in lines)
    wait_for(lambda: not cloud.control.get("status")["busy"])
    metrics = cloud.client("cloudwatch")
    sums = metrics.get_metric_data(
        MetricDataQueries=[
            {
                "Id": "bytes",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/DataSync",
                        "MetricName": "BytesWritten",
                        "Dimensions": [{"Name": "TaskId", "Value": task}],
                    },
                    "Period": 60,
                    "Stat": "Sum",
                },
            }
        ],
        StartTime=transfer.describe(transfer.executions[-1])["StartTime"] - timedelta(minutes=2),
        EndTime=transfer.describe(transfer.executions[-1])["EndTime"] + timedelta(minutes=2),
    )
    assert sum(sums["MetricDataResults"][0]["Values"]) == 5
    logs.delete_log_group(logGroupName=group)


def test_location_of_a_task_is_not_deleted(transfer: Transfer) -> None:
    task = transfer.datasync.describe_task(TaskArn=transfer.task_arn)
    with pytest.raises(ClientError, match="in use by task"):
        transfer.datasync.delete_location(LocationArn=task["SourceLocationArn"])


@pytest.mark.parametrize(
    ("request_changes", "message"),
    [
        ({"InTransitEncryption": "NONE"}, "needs InTransitEncryption TLS1_2"),
        ({"EfsFilesystemArn": "arn:aws:elasticfilesystem:ap-south-1:000000000000:file-system/fs-0"}, "no file system"),
        ({"Subdirectory": "/../other"}, "in it"),
    ],
)
def test_bad_efs_location_is_refused(
    cloud: Cloud, file_system: FileSystem, network: Network, request_changes: dict[str, str], message: str
) -> None:
    request = {
        "EfsFilesystemArn": file_system.arn,
        "FileSystemAccessRoleArn": ROLE,
        "InTransitEncryption": "TLS1_2",
        "Ec2Config": network.ec2_config,
    }
    with pytest.raises(ClientError, match=message):
        cloud.client("datasync").create_location_efs(**(request | request_changes))


def test_tags_are_kept_and_changed(transfer: Transfer) -> None:
    datasync = transfer.datasync
    datasync.tag_resource(ResourceArn=transfer.task_arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    datasync.untag_resource(ResourceArn=transfer.task_arn, Keys=["a"])
    assert datasync.list_tags_for_resource(ResourceArn=transfer.task_arn)["Tags"] == [{"Key": "b", "Value": "2"}]


def test_unknown_task_is_said_to_be_not_found(cloud: Cloud) -> None:
    arn = "arn:aws:datasync:ap-south-1:000000000000:task/task-00000000000000000"
    with pytest.raises(ClientError, match="not found"):
        cloud.client("datasync").describe_task(TaskArn=arn)


def test_unknown_kind_of_fault_is_refused_with_the_choices(cloud: Cloud) -> None:
    with pytest.raises(Exception, match="choose one of fail_execution"):
        cloud.control.post("datasync/faults", {"kind": "explode"})
