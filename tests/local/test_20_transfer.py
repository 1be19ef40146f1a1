"""A file published on the shared storage ends in the lake with the right tags, and in the replica with the same."""

import json
import sys
from typing import Any

import pytest

from scripts import lake
from tests.local.conftest import Platform
from tests.patience import wait_for

HALF_AN_HOUR = 1800
AN_HOUR = 2 * HALF_AN_HOUR
READS = "raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_T001_R1.fastq.gz"
READS_TAGS = {"data_class": "raw_sequence", "sensitivity": "controlled", "project": "lambda-phage", "site": "hyd-01"}


def test_a_published_file_is_transferred_tagged_and_replicated_with_its_tags(platform: Platform) -> None:
    platform.publish(READS, b"reads" * 1000)
    platform.cloud.advance_clock(HALF_AN_HOUR)
    wait_for("the object carries its tags", lambda: platform.tags(READS) == READS_TAGS)
    wait_for("the replica carries the same tags", lambda: platform.tags(READS, recovery=True) == READS_TAGS)
    bucket = platform.storage["replica_bucket"]
    body = platform.client("s3", recovery=True).get_object(Bucket=bucket, Key=READS)["Body"].read()
    assert body == b"reads" * 1000


def test_a_project_is_shown_with_its_tags_and_replicas(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["lake", "--project", "lambda-phage"])
    wait_for("the object is copied", lambda: "completed" in (lake.main(), capsys.readouterr().out)[1])
    assert lake.main() == 0
    shown = capsys.readouterr().out
    assert READS in shown
    assert "data_class=raw_sequence" in shown
    monkeypatch.setattr(sys, "argv", ["lake", "--project", "nobodys"])
    assert lake.main() == 1
    assert "nothing of nobodys is in" in capsys.readouterr().out


def test_the_team_is_told_when_a_transfer_starts_and_when_it_ends(platform: Platform) -> None:
    started, succeeded = platform.notices("transfer.started"), platform.notices("transfer.succeeded")
    assert started
    assert max(each["details"]["files_transferred"] for each in succeeded) >= 1


def test_objects_are_encrypted_with_the_key_of_their_region(platform: Platform) -> None:
    foundation = platform.handoffs["10-foundation"]
    for recovery, bucket, keys in (
        (False, "lake_bucket", "key_arns"),
        (True, "replica_bucket", "recovery_key_arns"),
    ):
        head = platform.client("s3", recovery).head_object(Bucket=platform.storage[bucket], Key=READS)
        assert head["ServerSideEncryption"] == "aws:kms"
        assert head["SSEKMSKeyId"] == foundation[keys]["lake"]


def test_a_name_outside_the_convention_is_unclassified_and_announced(platform: Platform) -> None:
    key = platform.publish("raw-sequences/lambda-phage/new reads.fastq.gz", b"x")
    platform.cloud.advance_clock(HALF_AN_HOUR)
    tags = wait_for("the object is tagged", lambda: platform.tags(key))
    assert tags["data_class"] == "unclassified"
    assert tags["sensitivity"] == "restricted"
    assert "project" not in tags
    notices = wait_for("a notice names it", lambda: platform.notices("data.unclassified"))
    assert key in json.dumps(notices[-1]["details"])


def test_a_file_still_being_written_is_left_for_later(platform: Platform) -> None:
    directory = platform.shared_storage / "published" / "raw-sequences" / "lambda-phage"
    unfinished = directory / "rs_lambda-phage_hyd-01_T002_R1.fastq.gz.part"
    unfinished.write_bytes(b"half")
    platform.cloud.advance_clock(HALF_AN_HOUR)
    assert platform.tags(f"raw-sequences/lambda-phage/{unfinished.name}") is None
    unfinished.unlink()


def test_an_overwritten_file_is_tagged_again_and_its_old_version_kept(platform: Platform) -> None:
    platform.publish(READS, b"better reads" * 1000)
    platform.cloud.advance_clock(HALF_AN_HOUR)
    s3, bucket = platform.client("s3"), platform.storage["lake_bucket"]

    def versions() -> list[str]:
        listed = s3.list_object_versions(Bucket=bucket, Prefix=READS).get("Versions", [])
        return [version["VersionId"] for version in listed]

    wait_for("there are two versions", lambda: len(versions()) == 2)
    wait_for("the new version carries the tags", lambda: platform.tags(READS) == READS_TAGS)
    for version in versions():
        tags = s3.get_object_tagging(Bucket=bucket, Key=READS, VersionId=version)["TagSet"]
        assert {tag["Key"]: tag["Value"] for tag in tags} == READS_TAGS


def test_a_file_removed_from_the_shared_storage_stays_in_the_lake(platform: Platform) -> None:
    (platform.shared_storage / "published" / READS).unlink()
    platform.cloud.advance_clock(HALF_AN_HOUR)
    assert platform.tags(READS) == READS_TAGS


def test_a_delete_in_the_lake_reaches_the_replica_as_a_delete_marker(platform: Platform) -> None:
    key = platform.publish("quality-reports/lambda-phage/qc_lambda-phage_hyd-01_T003_summary.json", b"{}")
    platform.cloud.advance_clock(HALF_AN_HOUR)
    wait_for("the replica is there", lambda: platform.tags(key, recovery=True))
    platform.client("s3").delete_object(Bucket=platform.storage["lake_bucket"], Key=key)
    replica, bucket = platform.client("s3", recovery=True), platform.storage["replica_bucket"]

    def markers() -> list[str]:
        listed = replica.list_object_versions(Bucket=bucket, Prefix=key)
        return [marker["Key"] for marker in listed.get("DeleteMarkers", []) if marker["IsLatest"]]

    wait_for("the replica is hidden by a delete marker", lambda: markers() == [key])
    assert replica.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]


def test_what_is_critical_is_in_the_lake_within_the_hour_and_its_versions_are_its_history(platform: Platform) -> None:
    path = "lambda-phage/hyd-01/2026/Field notes (v2).RData"
    key = f"snapshots/{path}"
    wanted = {"data_class": "snapshot", "sensitivity": "controlled", "project": "lambda-phage", "site": "hyd-01"}
    primary, recovery = platform.client("s3"), platform.client("s3", recovery=True)
    lake, copies = platform.storage["lake_bucket"], platform.storage["replica_bucket"]

    def history(s3: Any, bucket: str) -> dict[bytes, dict[str, str]]:
        """What each version holds -> its tags."""
        found = {}
        for version in s3.list_object_versions(Bucket=bucket, Prefix=key).get("Versions", []):
            of = {"Bucket": bucket, "Key": key, "VersionId": version["VersionId"]}
            tags = s3.get_object_tagging(**of)["TagSet"]
            found[s3.get_object(**of)["Body"].read()] = {tag["Key"]: tag["Value"] for tag in tags}
        return found

    platform.publish(path, b"first", directory="critical")
    platform.cloud.advance_clock(AN_HOUR)
    wait_for("the snapshot is tagged", lambda: platform.tags(key) == wanted)
    wait_for("so is the replica", lambda: platform.tags(key, recovery=True) == wanted)
    platform.publish(path, b"second", directory="critical")
    platform.cloud.advance_clock(AN_HOUR)
    both = {b"first": wanted, b"second": wanted}
    wait_for("the lake has both versions, tagged", lambda: history(primary, lake) == both)
    wait_for("the replica has both versions, tagged", lambda: history(recovery, copies) == both)

    (platform.shared_storage / "critical" / path).unlink()
    (platform.shared_storage / "critical" / "lambda-phage" / "hyd-01" / "half.part").write_bytes(b"half")
    ended = len(_ended(platform))
    platform.cloud.advance_clock(AN_HOUR)
    wait_for("another hour was copied", lambda: len(_ended(platform)) > ended)
    assert history(primary, lake) == both
    assert platform.tags("snapshots/lambda-phage/hyd-01/half.part") is None


def _ended(platform: Platform) -> list[dict[str, Any]]:
    """The notices of snapshots that have ended well."""
    return [each for each in platform.notices("transfer.succeeded") if each["details"]["transfer"] == "snapshots"]
