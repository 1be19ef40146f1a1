"""S3 replication to another region."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ..conftest import PRIMARY, RECOVERY, Cloud, wait_for
from .conftest import ROLE, Replication, unique

TAGS = {"data_class": "raw_sequence", "project": "one"}


def test_object_arrives_with_version_metadata_tags_and_status(replication: Replication) -> None:
    replication.replicate()
    version = replication.put(
        "a/b",
        b"reads",
        Metadata={"file-mtime": "1ns"},
        ContentType="text/x",
        Tagging="data_class=raw_sequence&project=one",
    )
    replication.wait("a/b")
    replica = replication.recovery.get_object(Bucket=replication.replica, Key="a/b")
    assert replica["Body"].read() == b"reads"
    assert (replica["VersionId"], replica["ReplicationStatus"]) == (version, "REPLICA")
    assert (replica["Metadata"], replica["ContentType"]) == ({"file-mtime": "1ns"}, "text/x")
    assert replication.tags(replication.recovery, replication.replica, "a/b") == TAGS
    source = replication.s3.head_object(Bucket=replication.source, Key="a/b")
    assert replica["ETag"] == source["ETag"]
    assert replica["LastModified"] == source["LastModified"]


def test_object_of_many_parts_arrives_whole(replication: Replication) -> None:
    replication.replicate()
    parts = [os.urandom(5 * 1024 * 1024), b"end"]
    names = {"Bucket": replication.source, "Key": "parts"}
    upload = replication.s3.create_multipart_upload(**names)["UploadId"]
    etags = [
        replication.s3.upload_part(**names, UploadId=upload, PartNumber=number, Body=part)["ETag"]
        for number, part in enumerate(parts, start=1)
    ]
    listed = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, start=1)]
    replication.s3.complete_multipart_upload(**names, UploadId=upload, MultipartUpload={"Parts": listed})
    replication.wait("parts")
    replica = replication.recovery.get_object(Bucket=replication.replica, Key="parts")
    assert replica["Body"].read() == b"".join(parts)
    assert replica["ETag"].strip('"').endswith("-2")


def test_copy_within_the_bucket_is_replicated_as_an_object_of_its_own(replication: Replication) -> None:
    replication.replicate({"Filter": {"Prefix": "kept/"}})
    replication.put("other")
    source = {"Bucket": replication.source, "Key": "other"}
    replication.s3.copy_object(Bucket=replication.source, Key="kept/copy", CopySource=source)
    replication.wait("kept/copy")
    assert replication.status("other") is None
    assert [key for key, _, _ in replication.versions(replication.replica)] == ["kept/copy"]


def test_changed_and_removed_tags_follow(replication: Replication) -> None:
    replication.replicate()
    replication.put("key")
    replication.wait("key")
    for tags in (TAGS, {"project": "two"}, {}):
        tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
        if tags:
            replication.s3.put_object_tagging(Bucket=replication.source, Key="key", Tagging={"TagSet": tag_set})
        else:
            replication.s3.delete_object_tagging(Bucket=replication.source, Key="key")
        replication.wait("key")
        assert replication.tags(replication.recovery, replication.replica, "key") == tags


def test_tags_of_an_old_version_follow_to_that_version(replication: Replication) -> None:
    replication.replicate()
    old = replication.put("key", b"old")
    replication.put("key", b"new")
    replication.s3.put_object_tagging(
        Bucket=replication.source, Key="key", VersionId=old, Tagging={"TagSet": [{"Key": "which", "Value": "old"}]}
    )
    replication.settle()
    listed = replication.recovery.get_object_tagging(Bucket=replication.replica, Key="key", VersionId=old)["TagSet"]
    assert listed == [{"Key": "which", "Value": "old"}]
    assert replication.tags(replication.recovery, replication.replica, "key") == {}


@pytest.mark.parametrize(("setting", "markers"), [("Enabled", 2), ("Disabled", 0)])
@pytest.mark.parametrize("together", [True, False])
def test_delete_markers_follow_when_the_rule_says_so(
    replication: Replication, setting: str, markers: int, together: bool
) -> None:
    replication.replicate({"DeleteMarkerReplication": {"Status": setting}})
    for key in ("a", "b"):
        replication.put(key)
    if together:
        names: Any = {"Objects": [{"Key": "a"}, {"Key": "b"}], "Quiet": True}
        replication.s3.delete_objects(Bucket=replication.source, Delete=names)
    else:
        for key in ("a", "b"):
            replication.s3.delete_object(Bucket=replication.source, Key=key)
    replication.settle()
    put = replication.versions(replication.source, "DeleteMarkers")
    assert len(put) == 2
    found = replication.versions(replication.replica, "DeleteMarkers")
    assert found == (put if markers else [])


def test_rule_with_a_tag_filter_replicates_no_delete_marker(replication: Replication) -> None:
    tag = {"Key": "data_class", "Value": "raw_sequence"}
    replication.replicate({"Filter": {"Tag": tag}})
    replication.put("key", Tagging="data_class=raw_sequence")
    replication.wait("key")
    replication.s3.delete_object(Bucket=replication.source, Key="key")
    replication.settle()
    assert replication.versions(replication.replica, "DeleteMarkers") == []


def test_deleting_a_version_for_good_does_not_reach_the_replica(replication: Replication) -> None:
    replication.replicate()
    version = replication.put("key")
    replication.wait("key")
    replication.s3.delete_object(Bucket=replication.source, Key="key", VersionId=version)
    replication.settle()
    assert replication.versions(replication.source) == []
    assert replication.versions(replication.replica) == [("key", version, True)]


def test_what_was_there_before_the_rule_stays_where_it_is(replication: Replication) -> None:
    replication.put("before")
    replication.replicate()
    replication.s3.put_object_tagging(
        Bucket=replication.source, Key="before", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
    )
    replication.put("after")
    replication.wait("after")
    assert [key for key, _, _ in replication.versions(replication.replica)] == ["after"]
    assert replication.status("before") is None


def test_replica_is_not_replicated_again(replication: Replication) -> None:
    replication.replicate()
    back = {
        "ID": "back",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{replication.source}"},
    }
    replication.recovery.put_bucket_replication(
        Bucket=replication.replica, ReplicationConfiguration={"Role": ROLE, "Rules": [back]}
    )
    replication.put("key")
    replication.settle()
    assert replication.status("key") == "COMPLETED"
    assert len(replication.versions(replication.source)) == len(replication.versions(replication.replica)) == 1


def test_filters_choose_and_the_higher_priority_wins(replication: Replication) -> None:
    both = {"And": {"Prefix": "a/", "Tags": [{"Key": "k", "Value": "v"}]}}
    replication.replicate(
        {"Filter": {"Prefix": "a/"}, "Priority": 1, "Destination": {"StorageClass": "STANDARD_IA"}},
        {
            "Filter": both,
            "Priority": 2,
            "Destination": {"StorageClass": "GLACIER_IR"},
            "DeleteMarkerReplication": {"Status": "Disabled"},
        },
        {"Filter": {"Prefix": "off/"}, "Priority": 3, "Status": "Disabled"},
    )
    for key in ("a/plain", "off/x", "b/x"):
        replication.put(key)
    replication.put("a/tagged", Tagging="k=v")
    replication.settle()
    listed = replication.recovery.list_objects_v2(Bucket=replication.replica)["Contents"]
    assert {entry["Key"]: entry["StorageClass"] for entry in listed} == {
        "a/plain": "STANDARD_IA",
        "a/tagged": "GLACIER_IR",
    }


def test_encrypted_object_gets_the_key_of_the_rule_or_stays(cloud: Cloud, replication: Replication) -> None:
    source_key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    replica_key = cloud.client("kms", RECOVERY).create_key()["KeyMetadata"]["Arn"]
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": source_key}
    replication.replicate()
    replication.put("not-selected", **encrypted)
    replication.settle()
    assert replication.status("not-selected") is None
    selected = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    destination = {"EncryptionConfiguration": {"ReplicaKmsKeyID": replica_key}}
    replication.replicate({"SourceSelectionCriteria": selected, "Destination": destination})
    replication.put("selected", **encrypted)
    replication.wait("selected")
    replica = replication.recovery.head_object(Bucket=replication.replica, Key="selected")
    assert (replica["ServerSideEncryption"], replica["SSEKMSKeyId"]) == ("aws:kms", replica_key)
    cloud.client("kms", RECOVERY).disable_key(KeyId=replica_key)
    replication.put("no-key", **encrypted)
    replication.wait("no-key", "FAILED")
    for region, key in ((PRIMARY, source_key), (RECOVERY, replica_key)):
        cloud.client("kms", region).schedule_key_deletion(KeyId=key, PendingWindowInDays=7)


def test_missing_destination_shows_as_failed_with_a_metric(cloud: Cloud, replication: Replication) -> None:
    replication.replicate({"Destination": {"Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}}}})
    replication.recovery.delete_bucket(Bucket=replication.replica)
    replication.put("key")
    replication.wait("key", "FAILED")
    assert metric(cloud, replication, "OperationsFailedReplication", "Sum") == 1


def test_unversioned_destination_shows_as_failed(replication: Replication) -> None:
    replication.replicate()
    replication.recovery.put_bucket_versioning(
        Bucket=replication.replica, VersioningConfiguration={"Status": "Suspended"}
    )
    replication.put("key")
    replication.wait("key", "FAILED")


def metric(cloud: Cloud, replication: Replication, name: str, statistic: str) -> float | None:
    """The latest value of a replication metric."""
    replication.settle()
    dimensions = {"SourceBucket": replication.source, "DestinationBucket": replication.replica, "RuleId": "rule-0"}
    moment = datetime.fromisoformat(cloud.control.get("clock")["now"])
    region = PRIMARY if name == "OperationsFailedReplication" else RECOVERY  # where S3 publishes it
    statistics = cloud.client("cloudwatch", region).get_metric_statistics(
        Namespace="AWS/S3",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=moment - timedelta(hours=1),
        EndTime=moment + timedelta(minutes=5),
        Period=60,
        Statistics=[statistic],
    )["Datapoints"]
    return max(statistics, key=lambda point: point["Timestamp"])[statistic] if statistics else None


def test_delay_is_measured_by_the_clock_and_waiting_objects_are_counted(cloud: Cloud, replication: Replication) -> None:
    replication.replicate({"Destination": {"Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}}}})
    cloud.control.post("replication/faults", {"kind": "hold", "subject": replication.source})
    replication.put("key", b"12345")
    wait_for(lambda: metric(cloud, replication, "BytesPendingReplication", "Maximum") == 5)
    assert replication.status("key") == "PENDING"
    assert replication.versions(replication.replica) == []
    cloud.advance(1200)
    assert replication.status("key") == "PENDING"
    cloud.control.delete("replication/faults")
    replication.wait("key")
    wait_for(lambda: (metric(cloud, replication, "ReplicationLatency", "Maximum") or 0) >= 1200)
    wait_for(lambda: metric(cloud, replication, "OperationsPendingReplication", "Minimum") == 0)


def test_late_version_does_not_become_the_current_one(cloud: Cloud, replication: Replication) -> None:
    replication.replicate()
    cloud.control.post("replication/faults", {"kind": "fail", "subject": replication.source, "times": 1})
    first = replication.put("key", b"first")
    replication.wait("key", "FAILED")
    second = replication.put("key", b"second")
    replication.wait("key")
    # An edit of its tags replicates the version that had failed.
    replication.s3.put_object_tagging(
        Bucket=replication.source, Key="key", VersionId=first, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
    )
    replication.settle()
    assert replication.versions(replication.replica) == [("key", second, True), ("key", first, False)]
    assert replication.recovery.get_object(Bucket=replication.replica, Key="key")["Body"].read() == b"second"


def test_region_that_does_not_answer_gets_everything_once_it_does(cloud: Cloud, replication: Replication) -> None:
    replication.replicate()
    cloud.control.post("faults", {"kind": "drop", "region": RECOVERY, "internal": True})
    replication.put("key")
    replication.settle()
    assert replication.status("key") == "PENDING"
    cloud.control.delete("faults")
    replication.wait("key")
    assert len(replication.versions(replication.replica)) == 1


def test_many_writes_to_one_key_keep_their_order(replication: Replication) -> None:
    replication.replicate()
    for number in range(20):
        replication.put("key", str(number).encode())
    replication.settle()
    assert replication.versions(replication.replica) == replication.versions(replication.source)


def test_transferred_files_are_replicated(make_bucket: Callable[..., str], make_transfer: Any, cloud: Cloud) -> None:
    replication = Replication(cloud, make_bucket(), make_bucket(RECOVERY))
    replication.replicate()
    transfer = make_transfer(bucket=replication.source)
    transfer.write("raw-sequences/one/file", os.urandom(9 * 1024 * 1024))
    transfer.run()
    replication.settle()
    assert replication.versions(replication.replica) == replication.versions(replication.source)
    assert replication.status("raw-sequences/one/file") == "COMPLETED"


def test_bucket_without_versions_takes_no_rule(cloud: Cloud, make_bucket: Callable[..., str]) -> None:
    name = make_bucket(versioned=False)
    rule = {"ID": unique("rule"), "Status": "Enabled", "Prefix": "", "Destination": {"Bucket": f"arn:aws:s3:::{name}"}}
    with pytest.raises(ClientError, match="Versioning must be 'Enabled'"):
        cloud.client("s3").put_bucket_replication(Bucket=name, ReplicationConfiguration={"Role": ROLE, "Rules": [rule]})


# ------------------------------------------------------------------------------------------------------- both ways


SYNC = {"SourceSelectionCriteria": {"ReplicaModifications": {"Status": "Enabled"}}}


def both_ways(replication: Replication, out: dict[str, Any] = SYNC, back: dict[str, Any] = SYNC) -> Replication:
    """Rules in both directions; gives the replication back, as one whose source is the replica."""
    replication.replicate(out)
    other = Replication(replication.cloud, replication.replica, replication.source)
    other.replicate(back)
    return other


def tag(client: Any, bucket: str, key: str, tags: dict[str, str]) -> None:
    tag_set = [{"Key": name, "Value": value} for name, value in tags.items()]
    client.put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": tag_set})


def test_both_ways_what_is_written_on_either_side_is_on_both_once(replication: Replication) -> None:
    back = both_ways(replication)
    replication.put("here")
    back.put("there", b"after the failover", Tagging="project=one")
    replication.settle()
    assert (replication.status("here"), back.status("there")) == ("COMPLETED", "COMPLETED")
    assert (replication.status("there"), back.status("here")) == ("REPLICA", "REPLICA")
    assert replication.versions(replication.source) == replication.versions(replication.replica)
    assert len(replication.versions(replication.source)) == 2
    assert replication.s3.get_object(Bucket=replication.source, Key="there")["Body"].read() == b"after the failover"
    assert replication.tags(replication.s3, replication.source, "there") == {"project": "one"}


def test_both_ways_a_delete_in_the_replica_hides_the_object_and_keeps_its_version(replication: Replication) -> None:
    both_ways(replication)
    version = replication.put("key")
    replication.wait("key")
    replication.recovery.delete_object(Bucket=replication.replica, Key="key")
    replication.settle()
    assert replication.versions(replication.source) == [("key", version, False)]
    assert len(replication.versions(replication.source, "DeleteMarkers")) == 1
    assert len(replication.versions(replication.replica, "DeleteMarkers")) == 1


@pytest.mark.parametrize(
    ("out", "back", "flows"), [(SYNC, SYNC, True), ({}, SYNC, False), (SYNC, {}, False)], ids=["both", "back", "out"]
)
def test_tags_of_a_replica_go_back_when_both_sides_say_so(
    replication: Replication, out: dict[str, Any], back: dict[str, Any], flows: bool
) -> None:
    both_ways(replication, out, back)
    version = replication.put("key", Tagging="project=wrong")
    replication.wait("key")
    tag(replication.recovery, replication.replica, "key", {"project": "right"})
    replication.settle()
    wanted = {"project": "right" if flows else "wrong"}
    assert replication.tags(replication.s3, replication.source, "key") == wanted
    # Nothing else came back, and nothing of it went forth again.
    assert replication.versions(replication.source) == [("key", version, True)]
    assert replication.tags(replication.recovery, replication.replica, "key") == {"project": "right"}
    assert replication.status("key") == "COMPLETED"


def test_tags_of_a_replica_whose_original_is_gone_bring_nothing_back(replication: Replication) -> None:
    both_ways(replication)
    version = replication.put("key")
    replication.wait("key")
    replication.s3.delete_object(Bucket=replication.source, Key="key", VersionId=version)
    tag(replication.recovery, replication.replica, "key", TAGS)
    replication.settle()
    assert replication.versions(replication.source) == []


# ------------------------------------------------------------------------------------------------------------- lag


def moment(cloud: Cloud) -> datetime:
    return datetime.fromisoformat(cloud.control.get("clock")["now"])


def test_a_lag_makes_a_version_visible_when_the_clock_has_passed_it(cloud: Cloud, replication: Replication) -> None:
    replication.replicate({"Destination": {"Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}}}})
    cloud.control.post("replication/lag", {"seconds": 600})
    replication.put("key")
    cloud.advance(590)
    assert replication.status("key") == "PENDING"
    assert replication.versions(replication.replica) == []
    cloud.advance(20)
    assert replication.status("key") == "COMPLETED"
    assert len(replication.versions(replication.replica)) == 1
    assert (metric(cloud, replication, "ReplicationLatency", "Maximum") or 0) >= 600


def test_jitter_is_the_same_for_the_same_seed_and_keeps_the_order_of_versions(
    cloud: Cloud, replication: Replication
) -> None:
    replication.replicate()
    arrivals = []
    for key in ("one", "two"):
        cloud.control.post("replication/lag", {"seconds": 100, "jitter": 1000, "seed": 5})
        began = moment(cloud)
        for number in range(5):
            replication.put(key, str(number).encode())
        fired = cloud.control.post("clock/advance", {"seconds": 1200})["fired"]
        times = [each["time"] for each in fired if each["schedule"].endswith(f"/{key}")]
        arrivals.append([round((datetime.fromisoformat(each) - began).total_seconds() / 20) for each in times])
    assert len(arrivals[0]) == 5
    assert len(set(arrivals[0])) > 1
    assert arrivals[0] == pytest.approx(arrivals[1], abs=1)
    assert replication.versions(replication.replica) == replication.versions(replication.source)


@pytest.mark.parametrize("wrong", [{"seconds": -1}, {"seconds": "1"}, {"jitter": True}, {"seed": 0.5}, {"minutes": 1}])
def test_a_wrong_lag_is_refused_and_changes_nothing(cloud: Cloud, wrong: dict[str, Any]) -> None:
    cloud.control.post("replication/lag", {"seconds": 7})
    with pytest.raises(Exception, match=r"use a|send"):
        cloud.control.post("replication/lag", wrong)
    assert cloud.control.get("replication/lag")["seconds"] == 7


def test_what_waits_for_a_region_grows_old_in_the_metric(cloud: Cloud, replication: Replication) -> None:
    replication.replicate({"Destination": {"Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}}}})
    cloud.control.post("faults", {"kind": "drop", "service": "s3", "region": RECOVERY, "internal": True})
    replication.put("key")
    cloud.advance(1800)
    wait_for(lambda: (metric(cloud, replication, "ReplicationLatency", "Maximum") or 0) >= 1800)
    assert replication.status("key") == "PENDING"
    cloud.control.delete("faults")
    replication.wait("key")


# ---------------------------------------------------------------------------------------------------------- rights

NEEDED = {
    "s3:GetObjectVersionForReplication": "source",
    "s3:GetObjectVersionTagging": "source",
    "s3:ReplicateObject": "replica",
    "s3:ReplicateTags": "replica",
    "kms:Decrypt": "",
    "kms:Encrypt": "",
}


def role_with(
    cloud: Cloud,
    replication: Replication,
    actions: list[str],
    principal: str = "s3.amazonaws.com",
    source: str = "arn:aws:s3:::*",
) -> str:
    iam, name, version = cloud.client("iam"), unique("replication"), {"Version": "2012-10-17"}
    trust = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
    trust |= {"Condition": {"ArnLike": {"aws:SourceArn": source}}}
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(version | {"Statement": trust}))[
        "Role"
    ]["Arn"]
    where = {"source": f"arn:aws:s3:::{replication.source}/*", "replica": f"arn:aws:s3:::{replication.replica}/*"}
    statements = [
        {"Effect": "Allow", "Action": each, "Resource": where.get(NEEDED.get(each, "replica"), "*")} for each in actions
    ]
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(version | {"Statement": statements}))
    return arn


def replicate_as(cloud: Cloud, replication: Replication, role: str) -> None:
    """KMS-encrypted objects, delete markers and metrics, in a role."""
    key = cloud.client("kms", RECOVERY).create_key()["KeyMetadata"]["Arn"]
    rule = {
        "ID": "rule-0",
        "Status": "Enabled",
        "Priority": 0,
        "Filter": {},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "Destination": {
            "Bucket": f"arn:aws:s3:::{replication.replica}",
            "EncryptionConfiguration": {"ReplicaKmsKeyID": key},
            "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
        },
    }
    replication.s3.put_bucket_replication(
        Bucket=replication.source, ReplicationConfiguration={"Role": role, "Rules": [rule]}
    )


@pytest.mark.parametrize("missing", ["", *NEEDED])
def test_the_role_of_the_configuration_must_have_every_right(
    cloud: Cloud, replication: Replication, missing: str
) -> None:
    replicate_as(cloud, replication, role_with(cloud, replication, [each for each in NEEDED if each != missing]))
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    replication.put("key", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    replication.settle()
    assert replication.status("key") == ("FAILED" if missing else "COMPLETED")
    assert len(replication.versions(replication.replica)) == (0 if missing else 1)
    assert metric(cloud, replication, "OperationsFailedReplication", "Sum") == (1 if missing else 0)


def test_a_delete_marker_takes_a_right_of_its_own(cloud: Cloud, replication: Replication) -> None:
    replicate_as(cloud, replication, role_with(cloud, replication, list(NEEDED)))
    replication.put("key")
    replication.s3.delete_object(Bucket=replication.source, Key="key")
    replication.settle()
    assert replication.versions(replication.replica, "DeleteMarkers") == []
    replicate_as(cloud, replication, role_with(cloud, replication, [*NEEDED, "s3:ReplicateDelete"]))
    replication.put("key")
    replication.s3.delete_object(Bucket=replication.source, Key="key")
    replication.settle()
    assert len(replication.versions(replication.replica, "DeleteMarkers")) == 1


def test_a_role_that_does_not_trust_s3_or_is_not_there_replicates_nothing(
    cloud: Cloud, replication: Replication
) -> None:
    for role in (
        role_with(cloud, replication, list(NEEDED), "ec2.amazonaws.com"),
        role_with(cloud, replication, list(NEEDED), source="arn:aws:s3:::another-bucket"),
        ROLE + "-that-is-not-there",
    ):
        replicate_as(cloud, replication, role)
        replication.put("key")
        replication.wait("key", "FAILED")
    assert replication.versions(replication.replica) == []


# ------------------------------------------------------------------------------------------------------------ locks


def locked_bucket(cloud: Cloud, region: str, days: int | None) -> str:
    name, s3 = unique("locked"), cloud.client("s3", region)
    s3.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": region}, ObjectLockEnabledForBucket=True
    )
    if days:
        rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": days}}
        s3.put_object_lock_configuration(
            Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
        )
    return name


def test_a_replica_gets_the_default_retention_of_its_bucket_and_keeps_it(cloud: Cloud, service_role: str) -> None:
    assert service_role == ROLE
    replication = Replication(cloud, locked_bucket(cloud, PRIMARY, None), locked_bucket(cloud, RECOVERY, 30))
    back = both_ways(replication)
    version = replication.put("key")
    replication.wait("key")
    tag(replication.s3, replication.source, "key", TAGS)
    replication.wait("key")
    lock = replication.recovery.get_object_retention(Bucket=replication.replica, Key="key")["Retention"]
    assert lock["Mode"] == "GOVERNANCE"
    assert (lock["RetainUntilDate"] - moment(cloud)).days in (29, 30)
    with pytest.raises(ClientError, match="AccessDenied"):
        replication.recovery.delete_object(Bucket=replication.replica, Key="key", VersionId=version)
    back.put("written-there")
    back.wait("written-there")
    # What is locked where it was written stays as long where it goes.
    assert (
        replication.s3.get_object_retention(Bucket=replication.source, Key="written-there")["Retention"]
        == (replication.recovery.get_object_retention(Bucket=replication.replica, Key="written-there")["Retention"])
    )


def test_a_locked_bucket_replicates_to_buckets_with_object_lock_only(
    cloud: Cloud, make_bucket: Callable[..., str], service_role: str
) -> None:
    assert service_role == ROLE
    replication = Replication(cloud, locked_bucket(cloud, PRIMARY, None), make_bucket(RECOVERY))
    replication.replicate()
    replication.put("key")
    replication.wait("key", "FAILED")
