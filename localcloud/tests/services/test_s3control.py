"""Jobs of S3 Batch Operations that replace tags."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from ..conftest import Cloud, wait_for
from .conftest import ROLE

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
    assert control.describe_job(AccountId=ACCOUNT, JobId=first)["Job"]["Status"] == "Suspended"
    control.update_job_status(AccountId=ACCOUNT, JobId=first, RequestedJobStatus="Ready")
    assert ended(control, first)["Status"] == "Complete"
    second = control.create_job(**request_for(cloud, bucket, ConfirmationRequired=True))["JobId"]
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
