"""What must be told is told, in words, from both regions; and nobody can take back what the trail wrote.

The local cloud logs no call: events come here as CloudTrail and the detectors would send them. The evaluator of access/
decides about the policy of the trail's bucket.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from kosha_access.evaluation import Decision, Policies, Principal, Request, decide

from scripts.localcloud import ACCOUNT
from tests.local.conftest import Platform
from tests.patience import wait_for

API_CALL = "AWS API Call via CloudTrail"
ADMINISTRATOR = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
USER = {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/asha"}
TAGGER = {
    "type": "AssumedRole",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/kosha-local-object-tagger/kosha-local-object-tagger",
    "sessionContext": {"sessionIssuer": {"arn": f"arn:aws:iam::{ACCOUNT}:role/kosha-local-object-tagger"}},
}


def send(platform: Platform, source: str, kind: str, detail: dict[str, Any], *, recovery: bool = False) -> None:
    entry = {"Source": f"aws.{source}", "DetailType": kind, "Detail": json.dumps(detail)}
    answer = platform.client("events", recovery).put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0


def call(
    name: str, parameters: dict[str, str], who: dict[str, Any], service: str = "s3", region: str = "ap-south-1"
) -> dict[str, Any]:
    return {
        "awsRegion": region,
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "eventID": f"event-of-{name}",
        "requestParameters": parameters,
        "sourceIPAddress": "192.0.2.1",
        "userIdentity": who,
    }


def told(platform: Platform) -> list[str]:
    mails = platform.cloud.control("GET", "mailbox")
    return [mail["message"] for mail in mails if mail["topic_arn"].endswith("-platform")]


def wait_until_told(platform: Platform, *words: str) -> str:
    def found() -> list[str]:
        return [message for message in told(platform) if all(word in message for word in words)]

    messages: list[str] = wait_for(f"a notice with {words}", found)
    assert "<" not in messages[0], f"something was not filled in: {messages[0]}"
    return messages[0]


@pytest.mark.parametrize("name", ["PutBucketPolicy", "DeleteBucketPolicy"])
@pytest.mark.parametrize("side", ["lake_bucket", "replica_bucket"])
def test_a_change_of_the_lakes_policy_is_told(platform: Platform, name: str, side: str) -> None:
    bucket, recovery = platform.storage[side], side == "replica_bucket"
    region = platform.environment.recovery_region if recovery else platform.environment.region
    detail = call(name, {"bucketName": bucket}, USER, region=region) | {"errorCode": "AccessDenied"}
    send(platform, "s3", API_CALL, detail, recovery=recovery)
    wait_until_told(platform, f"{name} {bucket} in {region} by {USER['arn']} from 192.0.2.1", "AccessDenied")


def test_tagging_is_told_unless_a_function_did_it(platform: Platform) -> None:
    bucket = platform.storage["lake_bucket"]
    send(platform, "s3", API_CALL, call("PutObjectTagging", {"bucketName": bucket, "key": "by-a-function"}, TAGGER))
    send(platform, "s3", API_CALL, call("PutObjectTagging", {"bucketName": bucket, "key": "by-a-person"}, USER))
    other = json.loads(json.dumps(TAGGER).replace("object-tagger", "storage-workers"))
    send(platform, "s3", API_CALL, call("DeleteObjectTagging", {"bucketName": bucket, "key": "by-a-role"}, other))
    for key in ("by-a-person", "by-a-role"):
        wait_until_told(platform, "ObjectTagging", key)
    assert not [message for message in told(platform) if "by-a-function" in message]


@pytest.mark.parametrize("name", ["StopLogging", "DeleteTrail", "UpdateTrail"])
def test_who_touches_the_trail_is_told(platform: Platform, name: str) -> None:
    send(platform, "cloudtrail", API_CALL, call(name, {"name": "kosha-local-audit"}, USER, "cloudtrail"))
    wait_until_told(platform, name, "kosha-local-audit", USER["arn"])


@pytest.mark.parametrize("name", ["ScheduleKeyDeletion", "DisableKey", "PutKeyPolicy"])
@pytest.mark.parametrize("recovery", [False, True], ids=["primary", "recovery"])
def test_who_touches_a_key_is_told(platform: Platform, name: str, recovery: bool) -> None:
    key = f"mrk-{'recovery' if recovery else 'primary'}"
    send(platform, "kms", API_CALL, call(name, {"keyId": key}, USER, "kms"), recovery=recovery)
    wait_until_told(platform, name, key)


def test_findings_are_told(platform: Platform) -> None:
    region = platform.environment.recovery_region
    finding = {"id": "f-1", "region": region, "severity": 8, "title": "Something is wrong", "type": "Recon:S3/Tor"}
    send(platform, "guardduty", "GuardDuty Finding", finding, recovery=True)
    wait_until_told(platform, f"GuardDuty in {region}", "severity 8: Something is wrong (Recon:S3/Tor, finding f-1)")
    exposed = {"id": "f-2", "region": "r", "status": "ACTIVE", "resource": "arn:aws:s3:::exposed", "isPublic": True}
    send(platform, "access-analyzer", "Access Analyzer Finding", exposed)
    wait_until_told(platform, "Access Analyzer", "arn:aws:s3:::exposed", "f-2")


def ask(platform: Platform, who: Principal, action: str, key: str, **keys: str) -> Decision:
    """By the policy of the trail's bucket; a role is taken for an administrator's, a service has no policy."""
    bucket = platform.handoffs["50-audit"]["trail_bucket"]
    policy = json.loads(platform.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    known = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3", **keys}
    request = Request(who, action, f"arn:aws:s3:::{bucket}/{key}", ACCOUNT, known)
    return decide(request, Policies(identity=[] if who.service else [ADMINISTRATOR], resource=policy))


def test_only_the_trail_writes_and_only_below_the_account(platform: Platform) -> None:
    key = platform.handoffs["10-foundation"]["key_arns"]["audit"]
    service = Principal(service="cloudtrail.amazonaws.com")
    sent = {
        "aws:SourceArn": platform.handoffs["50-audit"]["trail_arn"],
        "s3:x-amz-acl": "bucket-owner-full-control",
        "s3:x-amz-server-side-encryption": "aws:kms",
        "s3:x-amz-server-side-encryption-aws-kms-key-id": key,
    }
    log = f"AWSLogs/{ACCOUNT}/CloudTrail/ap-south-1/2026/11/27/log.json.gz"
    assert ask(platform, service, "s3:PutObject", log, **sent).allowed
    digest = {name: value for name, value in sent.items() if not name.endswith("key-id")}
    digest["s3:x-amz-server-side-encryption"] = "AES256"
    assert ask(platform, service, "s3:PutObject", log, **digest).allowed
    assert not ask(platform, service, "s3:PutObject", f"AWSLogs/999988887777/{log}", **sent).allowed
    another = sent | {"aws:SourceArn": sent["aws:SourceArn"].replace(ACCOUNT, "999988887777")}
    assert ask(platform, service, "s3:PutObject", log, **another).reason.endswith("DenyWritingToAllButTheTrail")


def test_an_administrator_neither_adds_to_the_trail_nor_deletes_from_it(platform: Platform) -> None:
    who = Principal(
        arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/x",
        account=ACCOUNT,
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/admin",
    )
    log = f"AWSLogs/{ACCOUNT}/CloudTrail/log.json.gz"
    assert ask(platform, who, "s3:GetObject", log).allowed
    assert ask(platform, who, "s3:PutObject", log).reason.endswith("DenyWritingToAllButTheTrail")
    for action in ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"):
        assert ask(platform, who, action, log).reason.endswith("DenyDeletionOfObjects")


def test_what_is_written_is_locked_for_400_days(platform: Platform) -> None:
    bucket = platform.handoffs["50-audit"]["trail_bucket"]
    lock = platform.client("s3").get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    assert lock == {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 400}},
    }
