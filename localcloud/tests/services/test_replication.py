"""S3 replication to another region."""

from __future__ import annotations

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
    statistics = cloud.client("cloudwatch").get_metric_statistics(
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
