"""The lake and its replica are kept alike both ways, and Batch Replication brings what the rules left alone."""

import json
import sys

import boto3
import pytest
from botocore.exceptions import ClientError

from scripts import replicate
from tests.local.conftest import Platform
from tests.patience import wait_for

TAGS = {"data_class": "variant_calls", "sensitivity": "controlled", "project": "two-ways", "site": "hyd-01"}


def key(name: str) -> str:
    return f"variant-calls/two-ways/vc_two-ways_hyd-01_{name}.vcf.gz"


def put(platform: Platform, name: str, recovery: bool = False) -> None:
    bucket = platform.storage["replica_bucket" if recovery else "lake_bucket"]
    tagging = "&".join(f"{tag}={value}" for tag, value in TAGS.items())
    platform.client("s3", recovery).put_object(Bucket=bucket, Key=key(name), Body=b"variants", Tagging=tagging)


def test_what_is_written_in_the_recovery_region_comes_back(platform: Platform) -> None:
    put(platform, "W001", recovery=True)
    wait_for("the lake has it, with its tags", lambda: platform.tags(key("W001")) == TAGS)
    head = platform.client("s3").head_object(Bucket=platform.storage["lake_bucket"], Key=key("W001"))
    assert head["ReplicationStatus"] == "REPLICA"
    assert head["SSEKMSKeyId"] == platform.handoffs["10-foundation"]["key_arns"]["lake"]
    listed = platform.client("s3", recovery=True).list_object_versions(
        Bucket=platform.storage["replica_bucket"], Prefix=key("W001")
    )
    assert len(listed["Versions"]) == 1


def test_tags_corrected_on_the_replica_come_back(platform: Platform) -> None:
    put(platform, "W002")
    wait_for("the replica is there", lambda: platform.tags(key("W002"), recovery=True) == TAGS)
    corrected = TAGS | {"site": "blr-02"}
    platform.client("s3", recovery=True).put_object_tagging(
        Bucket=platform.storage["replica_bucket"],
        Key=key("W002"),
        Tagging={"TagSet": [{"Key": name, "Value": value} for name, value in corrected.items()]},
    )
    wait_for("the lake has the correction", lambda: platform.tags(key("W002")) == corrected)


def test_what_failed_is_brought_by_a_job(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KOSHA_LOCALCLOUD_PORT", str(platform.cloud.port))
    monkeypatch.setattr(replicate, "WAIT_SECONDS", 0.3)

    def run(mode: str, direction: str = "out") -> tuple[int, str]:
        arguments = ["--env", "local", "--mode", mode, "--direction", direction, "--prefix", key("W003")]
        monkeypatch.setattr(sys, "argv", ["replicate", *arguments])
        return replicate.main(), capsys.readouterr().out

    bucket = platform.storage["lake_bucket"]
    platform.cloud.control("POST", "replication/faults", {"kind": "fail", "subject": bucket, "pattern": key("W003")})
    put(platform, "W003")
    s3 = platform.client("s3")
    wait_for("S3 gives up", lambda: s3.head_object(Bucket=bucket, Key=key("W003"))["ReplicationStatus"] == "FAILED")
    code, shown = run("apply")
    assert code == 1
    assert "InternalError" in shown
    platform.cloud.control("DELETE", "replication/faults")
    code, shown = run("estimate")
    assert code == 0
    assert " 1 " in shown
    assert platform.tags(key("W003"), recovery=True) is None
    code, shown = run("apply")
    assert (code, "1 of 1 objects" in shown) == (0, True)
    assert platform.tags(key("W003"), recovery=True) == TAGS
    assert "nothing to copy" in run("apply")[1]
    assert "nothing to copy" in run("apply", "back")[1]


def test_an_administrator_writes_nothing_to_the_replica(platform: Platform) -> None:
    iam, name = platform.client("iam"), "administrator-of-replicas"
    iam.create_user(UserName=name)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.put_user_policy(
        UserName=name, PolicyName="all", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": everything})
    )
    made = iam.create_access_key(UserName=name)["AccessKey"]
    s3 = boto3.client(
        "s3",
        region_name=platform.environment.recovery_region,
        endpoint_url=platform.cloud.endpoint,
        aws_access_key_id=made["AccessKeyId"],
        aws_secret_access_key=made["SecretAccessKey"],
    )
    bucket = platform.storage["replica_bucket"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=bucket, Key=key("W004"), Body=b"x")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=bucket, Key=key("W002"))
    assert s3.list_object_versions(Bucket=bucket, Prefix=key("W002")).get("DeleteMarkers", []) == []
    iam.delete_access_key(UserName=name, AccessKeyId=made["AccessKeyId"])
    iam.delete_user_policy(UserName=name, PolicyName="all")
    iam.delete_user(UserName=name)
