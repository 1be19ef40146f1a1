"""Jobs of S3 Batch Operations that replace tags."""

from __future__ import annotations

import csv
import json
import uuid
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from ..conftest import Cloud, wait_for
from .conftest import ROLE, Replication, unique

ACCOUNT = "000000000000"
TAGS = [{"Key": "data_class", "Value": "raw_sequence"}]
FUNCTION = """
    import boto3

    def handle(event, context):
        control = boto3.client("s3control")
        try:
            return {"reply": str(getattr(control, event["call"])(AccountId="000000000000", **event["with"]))}
        except Exception as error:
            return {"error": type(error).__name__ + " " + str(error)}
"""


@pytest.fixture
def control(cloud: Cloud) -> Any:
    """A client as people have it, whose host is put right: the account in front of 127.0.0.1 resolves nowhere."""
    client = cloud.client("s3control")

    def without_account(request: Any, **_: Any) -> None:
        request.url = request.url.replace(f"//{ACCOUNT}.", "//")

    client.meta.events.register("before-sign.s3-control", without_account)
    return client


@pytest.fixture
def bucket(cloud: Cloud, service_role: str) -> str:
    s3, name = cloud.client("s3"), f"jobs-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def request_for(cloud: Cloud, bucket: str, *lines: str, **more: Any) -> dict[str, Any]:
    body = "".join(f"{line}\n" for line in lines).encode()
    etag = cloud.client("s3").put_object(Bucket=bucket, Key="manifest.csv", Body=body)["ETag"].strip('"')
    return {
        "AccountId": ACCOUNT,
        "ConfirmationRequired": False,
        "Operation": {"S3PutObjectTagging": {"TagSet": TAGS}},
        "Report": {
            "Bucket": f"arn:aws:s3:::{bucket}",
            "Format": "Report_CSV_20180820",
            "Enabled": True,
            "Prefix": "reports",
            "ReportScope": "FailedTasksOnly",
        },
        "ClientRequestToken": uuid.uuid4().hex,
        "Manifest": {
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key", "VersionId"]},
            "Location": {"ObjectArn": f"arn:aws:s3:::{bucket}/manifest.csv", "ETag": etag},
        },
        "Priority": 10,
        "RoleArn": ROLE,
    } | more


def status(control: Any, job: str) -> str:
    found: str = control.describe_job(AccountId=ACCOUNT, JobId=job)["Job"]["Status"]
    return found


def ended(control: Any, job: str) -> Any:
    def look() -> Any:
        found = control.describe_job(AccountId=ACCOUNT, JobId=job)["Job"]
        return found if found["Status"] in ("Complete", "Failed", "Cancelled") else None

    return wait_for(look)


def test_a_job_replaces_the_tags_of_the_versions_in_its_manifest(cloud: Cloud, control: Any, bucket: str) -> None:
    s3, key = cloud.client("s3"), "a +%,'ü.txt"
    old = s3.put_object(Bucket=bucket, Key=key, Body=b"1", Tagging="gone=1")["VersionId"]
    new = s3.put_object(Bucket=bucket, Key=key, Body=b"2", Tagging="kept=1")["VersionId"]
    request = request_for(cloud, bucket, f"{bucket},{quote(key)},{old}", f"{bucket},missing,{old}")
    job = control.create_job(**request)["JobId"]
    found = ended(control, job)
    assert found["Status"] == "Complete"
    assert found["ProgressSummary"]["NumberOfTasksSucceeded"] == found["ProgressSummary"]["NumberOfTasksFailed"] == 1
    assert s3.get_object_tagging(Bucket=bucket, Key=key, VersionId=old)["TagSet"] == TAGS
    assert s3.get_object_tagging(Bucket=bucket, Key=key, VersionId=new)["TagSet"] == [{"Key": "kept", "Value": "1"}]
    index = json.loads(s3.get_object(Bucket=bucket, Key=f"reports/job-{job}/manifest.json")["Body"].read())
    (result,) = index["Results"]
    text = s3.get_object(Bucket=bucket, Key=result["Key"])["Body"].read().decode()
    assert text.startswith(f"{bucket},missing,{old},failed,NoSuch")


def test_the_same_token_makes_one_job_and_another_request_with_it_is_refused(
    cloud: Cloud, control: Any, bucket: str
) -> None:
    request = request_for(cloud, bucket)
    job = control.create_job(**request)["JobId"]
    assert control.create_job(**request)["JobId"] == job
    with pytest.raises(ClientError, match="IdempotencyException"):
        control.create_job(**(request | {"Priority": 11}))
    assert ended(control, job)["Status"] == "Complete"
    assert job in [each["JobId"] for each in control.list_jobs(AccountId=ACCOUNT)["Jobs"]]


def test_a_manifest_that_was_changed_fails_the_job(cloud: Cloud, control: Any, bucket: str) -> None:
    request = request_for(cloud, bucket)
    cloud.client("s3").put_object(Bucket=bucket, Key="manifest.csv", Body=b"other")
    found = ended(control, control.create_job(**request)["JobId"])
    assert (found["Status"], found["FailureReasons"][0]["FailureCode"]) == ("Failed", "ManifestEtagMismatch")


def test_a_job_waits_for_its_confirmation_and_can_be_cancelled(cloud: Cloud, control: Any, bucket: str) -> None:
    first = control.create_job(**request_for(cloud, bucket, ConfirmationRequired=True))["JobId"]
    wait_for(lambda: status(control, first) == "Suspended")
    control.update_job_status(AccountId=ACCOUNT, JobId=first, RequestedJobStatus="Ready")
    assert ended(control, first)["Status"] == "Complete"
    second = control.create_job(**request_for(cloud, bucket, ConfirmationRequired=True))["JobId"]
    wait_for(lambda: status(control, second) == "Suspended")
    control.update_job_status(AccountId=ACCOUNT, JobId=second, RequestedJobStatus="Cancelled")
    assert ended(control, second)["Status"] == "Cancelled"
    with pytest.raises(ClientError, match="JobStatusException"):
        control.update_job_status(AccountId=ACCOUNT, JobId=second, RequestedJobStatus="Ready")


def test_a_function_reaches_s3_control_by_the_host_boto3_makes(cloud: Cloud, make_function: Any) -> None:
    function = make_function(FUNCTION, Timeout=30)
    payload = json.dumps({"call": "list_jobs", "with": {}})
    reply = cloud.client("lambda").invoke(FunctionName=function, Payload=payload)["Payload"].read()
    assert "reply" in json.loads(reply), reply


def test_a_policy_may_name_jobs(cloud: Cloud, role: str) -> None:
    statement = {"Effect": "Allow", "Action": "s3:DescribeJob", "Resource": f"arn:aws:s3:ap-south-1:{ACCOUNT}:job/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam, name = cloud.client("iam"), role.rpartition("/")[2]
    iam.put_role_policy(RoleName=name, PolicyName="jobs", PolicyDocument=policy)
    assert "jobs" in iam.list_role_policies(RoleName=name)["PolicyNames"]


def test_a_job_does_what_its_role_may(cloud: Cloud, control: Any, bucket: str) -> None:
    s3 = cloud.client("s3")
    versions = [s3.put_object(Bucket=bucket, Key=key, Body=b"x")["VersionId"] for key in ("free", "shut")]
    deny = {
        "Effect": "Deny",
        "Principal": {"AWS": ROLE},
        "Action": "s3:PutObjectVersionTagging",
        "Resource": f"arn:aws:s3:::{bucket}/shut",
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    lines = [f"{bucket},{key},{version}" for key, version in zip(("free", "shut"), versions, strict=True)]
    found = ended(control, control.create_job(**request_for(cloud, bucket, *lines))["JobId"])
    assert found["ProgressSummary"]["NumberOfTasksFailed"] == 1
    assert s3.get_object_tagging(Bucket=bucket, Key="free")["TagSet"] == TAGS
    assert s3.get_object_tagging(Bucket=bucket, Key="shut")["TagSet"] == []


def test_a_job_in_a_role_that_does_not_trust_it_fails(cloud: Cloud, control: Any, bucket: str, role: str) -> None:
    found = ended(control, control.create_job(**request_for(cloud, bucket, RoleArn=role))["JobId"])
    assert found["Status"] == "Failed"
    assert "AssumeRole" in found["FailureReasons"][0]["FailureReason"]


# -------------------------------------------------------------------------------------------- replicating what is there


def batch(replication: Replication, reports: str, role: str = ROLE, **filters: Any) -> dict[str, Any]:
    """A request for Batch Replication."""
    return {
        "AccountId": ACCOUNT,
        "ConfirmationRequired": False,
        "Operation": {"S3ReplicateObject": {}},
        "Report": {
            "Bucket": f"arn:aws:s3:::{reports}",
            "Format": "Report_CSV_20180820",
            "Enabled": True,
            "Prefix": "replication",
            "ReportScope": "AllTasks",
        },
        "ClientRequestToken": uuid.uuid4().hex,
        "ManifestGenerator": {
            "S3JobManifestGenerator": {
                "SourceBucket": f"arn:aws:s3:::{replication.source}",
                "EnableManifestOutput": False,
                "Filter": {"EligibleForReplication": True, **filters},
            }
        },
        "Priority": 10,
        "RoleArn": role,
    }


def report_of(cloud: Cloud, reports: str, job: str) -> dict[str, list[list[str]]]:
    """The rows of a completion report, by how they ended."""
    s3 = cloud.client("s3")
    found = s3.get_object(Bucket=reports, Key=f"replication/job-{job}/manifest.json")
    assert found["ServerSideEncryption"] == "AES256"
    return {
        result["TaskExecutionStatus"]: list(
            csv.reader(s3.get_object(Bucket=reports, Key=result["Key"])["Body"].read().decode().splitlines())
        )
        for result in json.loads(found["Body"].read())["Results"]
    }


def test_what_was_there_before_the_rule_is_replicated_by_a_job(
    cloud: Cloud, control: Any, bucket: str, replication: Replication
) -> None:
    old = replication.put("before", b"1", Tagging="data_class=raw_sequence")
    new = replication.put("before", b"2")
    replication.s3.delete_object(Bucket=replication.source, Key=replication.put("gone") and "gone")
    replication.replicate()
    replication.put("after")
    replication.wait("after")
    job = control.create_job(**batch(replication, bucket, ObjectReplicationStatuses=["NONE", "FAILED"]))["JobId"]
    found = ended(control, job)
    assert found["Status"] == "Complete"
    assert found["ProgressSummary"]["TotalNumberOfTasks"] == found["ProgressSummary"]["NumberOfTasksSucceeded"] == 4
    assert sorted(replication.versions(replication.replica)) == sorted(replication.versions(replication.source))
    assert replication.versions(replication.replica, "DeleteMarkers") == replication.versions(
        replication.source, "DeleteMarkers"
    )
    assert replication.status("before") == "COMPLETED"
    tags = replication.recovery.get_object_tagging(Bucket=replication.replica, Key="before", VersionId=old)["TagSet"]
    assert tags == TAGS
    (listed,) = [each for each in control.list_jobs(AccountId=ACCOUNT)["Jobs"] if each["JobId"] == job]
    assert listed["Operation"] == "S3ReplicateObject"
    assert [replication.source, "before", new, "succeeded", "", "200", "Successful"] in report_of(cloud, bucket, job)[
        "succeeded"
    ]


def test_what_failed_is_tried_again_and_what_fails_again_is_reported_with_its_reason(
    cloud: Cloud, control: Any, bucket: str, replication: Replication
) -> None:
    replication.replicate()
    cloud.control.post(
        "replication/faults", {"kind": "fail", "subject": replication.source, "pattern": "bad", "times": 2}
    )
    cloud.control.post(
        "replication/faults", {"kind": "fail", "subject": replication.source, "pattern": "once", "times": 1}
    )
    for key in ("bad", "once", "good"):
        replication.put(key)
    replication.wait("bad", "FAILED")
    replication.wait("once", "FAILED")
    job = control.create_job(**batch(replication, bucket, ObjectReplicationStatuses=["FAILED"]))["JobId"]
    found = ended(control, job)
    assert (found["ProgressSummary"]["NumberOfTasksSucceeded"], found["ProgressSummary"]["NumberOfTasksFailed"]) == (
        1,
        1,
    )
    (row,) = report_of(cloud, bucket, job)["failed"]
    assert (row[1], row[3], row[4]) == ("bad", "failed", "InternalError")
    assert (replication.status("once"), replication.status("bad")) == ("COMPLETED", "FAILED")


def test_filters_of_time_and_prefix_narrow_the_manifest_and_an_empty_one_fails_the_job(
    cloud: Cloud, control: Any, bucket: str, replication: Replication
) -> None:
    for key in ("a/old", "b/old"):
        replication.put(key)
    cloud.advance(60)
    moment = datetime.fromisoformat(cloud.control.get("clock")["now"])
    cloud.advance(60)
    replication.put("a/new")
    replication.replicate()
    narrow: dict[str, Any] = {"CreatedBefore": moment, "KeyNameConstraint": {"MatchAnyPrefix": ["a/"]}}
    assert ended(control, control.create_job(**batch(replication, bucket, **narrow))["JobId"])["Status"] == "Complete"
    assert [key for key, _, _ in replication.versions(replication.replica)] == ["a/old"]
    found = ended(
        control, control.create_job(**batch(replication, bucket, ObjectReplicationStatuses=["FAILED"]))["JobId"]
    )
    assert found["Status"] == "Failed"
    assert "no keys matching the filter criteria" in found["FailureReasons"][0]["FailureReason"]


def test_a_job_that_must_be_confirmed_counts_first(control: Any, bucket: str, replication: Replication) -> None:
    replication.put("before")
    replication.replicate()
    request = batch(replication, bucket) | {"ConfirmationRequired": True}
    job = control.create_job(**request)["JobId"]
    wait_for(lambda: status(control, job) == "Suspended")
    found = control.describe_job(AccountId=ACCOUNT, JobId=job)["Job"]
    assert found["ProgressSummary"]["TotalNumberOfTasks"] == 1
    assert replication.versions(replication.replica) == []
    control.update_job_status(AccountId=ACCOUNT, JobId=job, RequestedJobStatus="Cancelled")
    assert ended(control, job)["ProgressSummary"]["NumberOfTasksSucceeded"] == 0
    assert replication.versions(replication.replica) == []


def test_a_job_waits_for_a_region_keeps_no_clock_and_can_be_cancelled(
    cloud: Cloud, control: Any, bucket: str, replication: Replication
) -> None:
    replication.put("one")
    replication.put("two")
    replication.replicate()
    cloud.control.post("replication/faults", {"kind": "hold", "subject": replication.source})
    job = control.create_job(**batch(replication, bucket))["JobId"]
    wait_for(lambda: status(control, job) == "Active")
    cloud.advance(3600)
    assert status(control, job) == "Active"
    control.update_job_status(AccountId=ACCOUNT, JobId=job, RequestedJobStatus="Cancelled")
    assert ended(control, job)["ProgressSummary"]["NumberOfTasksSucceeded"] < 2
    assert replication.versions(replication.replica) == []


def test_a_version_deleted_for_good_from_the_destination_is_not_replicated_again(
    cloud: Cloud, control: Any, bucket: str, replication: Replication
) -> None:
    replication.replicate()
    version = replication.put("key")
    replication.wait("key")
    replication.recovery.delete_object(Bucket=replication.replica, Key="key", VersionId=version)
    job = control.create_job(**batch(replication, bucket, ObjectReplicationStatuses=["COMPLETED"]))["JobId"]
    assert ended(control, job)["ProgressSummary"]["NumberOfTasksFailed"] == 1
    assert report_of(cloud, bucket, job)["failed"][0][4] == "DstObjectHardDeleted"


@pytest.mark.parametrize(
    ("missing", "end"),
    [
        ("", "Complete"),
        ("s3:InitiateReplication", "InitiateReplicationNotPermitted"),
        ("s3:GetReplicationConfiguration", "Failed"),
        ("s3:PutInventoryConfiguration", "Failed"),
    ],
)
def test_batch_replication_takes_the_rights_of_its_role(
    cloud: Cloud, control: Any, bucket: str, replication: Replication, missing: str, end: str
) -> None:
    actions = [
        "s3:InitiateReplication",
        "s3:GetReplicationConfiguration",
        "s3:PutInventoryConfiguration",
        "s3:PutObject",
    ]
    iam, name, version = cloud.client("iam"), unique("batch"), {"Version": "2012-10-17"}
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "batchoperations.s3.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(version | {"Statement": trust}))["Role"]
    allow = {"Effect": "Allow", "Action": [each for each in actions if each != missing], "Resource": "*"}
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(version | {"Statement": allow}))
    replication.put("before")
    replication.replicate()
    job = control.create_job(**batch(replication, bucket, role["Arn"]))["JobId"]
    found = ended(control, job)
    if end in ("Complete", "Failed"):
        assert found["Status"] == end
    else:
        assert report_of(cloud, bucket, job)["failed"][0][4] == end
    assert len(replication.versions(replication.replica)) == (0 if missing else 1)


def test_other_operations_and_a_manifest_to_be_kept_are_refused(
    control: Any, bucket: str, replication: Replication
) -> None:
    replication.replicate()
    kept = batch(replication, bucket)
    kept["ManifestGenerator"]["S3JobManifestGenerator"]["EnableManifestOutput"] = True
    for request in (kept, batch(replication, bucket) | {"Operation": {"S3InitiateRestoreObject": {}}}):
        with pytest.raises(ClientError, match="InvalidRequest"):
            control.create_job(**request)
