"""DataSync executions: what arrives in the bucket."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ..conftest import wait_for
from .conftest import Transfer

MEGABYTE = 1024 * 1024


def test_files_arrive_with_what_posix_knows_of_them(transfer: Transfer) -> None:
    file = transfer.write("raw-sequences/one/a.fastq.gz", b"reads")
    file.chmod(0o640)
    done = transfer.run()
    assert done["Status"] == "SUCCESS"
    head = transfer.s3.head_object(Bucket=transfer.bucket, Key="raw-sequences/one/a.fastq.gz")
    status = file.stat()
    assert head["Metadata"]["user-agent"] == "aws-datasync"
    assert head["Metadata"]["file-mtime"] == f"{status.st_mtime_ns}ns"
    assert head["Metadata"]["file-permissions"] == "0640"
    assert head["Metadata"]["file-owner"] == str(status.st_uid)
    assert transfer.body("raw-sequences/one/a.fastq.gz") == b"reads"
    assert transfer.keys(folders=True) == [
        "raw-sequences/",
        "raw-sequences/one/",
        "raw-sequences/one/a.fastq.gz",
    ]
    # Basic mode counts folders with the files.
    assert (done["FilesTransferred"], done["FilesVerified"], done["FilesSkipped"]) == (3, 3, 0)
    assert (done["BytesTransferred"], done["BytesWritten"]) == (5, 5)


def test_only_what_changed_is_transferred_again(transfer: Transfer) -> None:
    transfer.write("same")
    changed = transfer.write("changed")
    assert transfer.run()["FilesTransferred"] == 2
    again = transfer.run()
    assert (again["Status"], again["FilesTransferred"], again["FilesSkipped"]) == ("SUCCESS", 0, 2)
    changed.write_bytes(b"longer than it was")
    last = transfer.run()
    assert (last["FilesTransferred"], last["EstimatedFilesToTransfer"], last["FilesSkipped"]) == (1, 1, 1)
    assert transfer.body("changed") == b"longer than it was"
    everything = transfer.run(**transfer.options(TransferMode="ALL"))
    assert (everything["FilesTransferred"], everything["FilesSkipped"]) == (2, 0)


def test_an_object_that_has_not_changed_is_looked_at_once(transfer: Transfer) -> None:
    transfer.write("a")
    transfer.write("b")
    transfer.run()
    transfer.cloud.advance(5)
    assert transfer.run()["FilesSkipped"] == 2
    refuse = {"service": "s3", "operation": "HeadObject", "kind": "error", "code": "AccessDenied", "status": 403}
    transfer.cloud.control.post("faults", refuse)
    assert transfer.run()["Status"] == "SUCCESS"
    # The same bytes with other metadata: only the time in the listing tells.
    transfer.s3.put_object(Bucket=transfer.bucket, Key="b", Body=transfer.body("b"))
    failed = transfer.run()
    assert (failed["Status"], failed["Result"]["ErrorCode"]) == ("ERROR", "DestinationError")
    transfer.cloud.control.delete("faults")
    assert (transfer.run()["FilesTransferred"], transfer.run()["FilesTransferred"]) == (1, 0)


def test_new_mode_alone_changes_the_metadata_and_keeps_the_tags(transfer: Transfer) -> None:
    file = transfer.write("file")
    transfer.run()
    transfer.s3.put_object_tagging(
        Bucket=transfer.bucket, Key="file", Tagging={"TagSet": [{"Key": "kept", "Value": "yes"}]}
    )
    file.chmod(0o600)
    done = transfer.run()
    assert (done["FilesTransferred"], done["BytesTransferred"]) == (1, 0)
    assert transfer.report(transfer.executions[-1], "Transferred")[0]["TransferType"] == "METADATA"
    assert transfer.s3.head_object(Bucket=transfer.bucket, Key="file")["Metadata"]["file-permissions"] == "0600"
    assert transfer.s3.get_object_tagging(Bucket=transfer.bucket, Key="file")["TagSet"][0]["Key"] == "kept"


def test_large_file_goes_in_parts_and_arrives_whole(transfer: Transfer) -> None:
    content = os.urandom(20 * MEGABYTE + 7)
    transfer.write("large", content)
    assert transfer.run()["Status"] == "SUCCESS"
    assert transfer.s3.head_object(Bucket=transfer.bucket, Key="large")["ETag"].strip('"').endswith("-3")
    assert hashlib.sha256(transfer.body("large")).digest() == hashlib.sha256(content).digest()


def test_link_is_an_object_that_holds_its_target_and_is_never_followed(transfer: Transfer) -> None:
    (transfer.source / "link").symlink_to("/etc/passwd")
    (transfer.source / "folder-link").symlink_to("/etc")
    assert transfer.run()["Status"] == "SUCCESS"
    assert transfer.keys(folders=True) == ["folder-link", "link"]
    assert transfer.body("link") == b"/etc/passwd"


def test_link_put_in_place_of_a_file_is_not_followed(transfer: Transfer) -> None:
    transfer.write("a")
    swapped = transfer.write("b")
    transfer.fault(kind="slow", pattern="/a", seconds=1, times=1)
    execution = transfer.start()
    wait_for(lambda: transfer.describe(execution)["Status"] == "TRANSFERRING")
    swapped.unlink()
    swapped.symlink_to("/etc/passwd")
    assert transfer.finish(execution)["Status"] == "ERROR"
    assert transfer.keys() == ["a"]


def test_prefix_of_the_location_comes_before_every_key(make_transfer: Callable[..., Transfer]) -> None:
    transfer = make_transfer(prefix="/from/efs")
    transfer.write("folder/file")
    transfer.run()
    assert transfer.keys() == ["from/efs/folder/file"]


TREE = (
    "a.tmp",
    "a.tmp.gz",
    "b/deep/x.tmp",
    "b/keep",
    "b/tmp",
    "bc/keep",
    "x/.snakemake/log",
    "x/keep",
    "x/y|z",
    "tmp/f",
)


@pytest.mark.parametrize(
    ("pattern", "left_out"),
    [
        ("*.tmp", {"a.tmp", "b/deep/x.tmp"}),
        ("/b", {"b/deep/x.tmp", "b/keep", "b/tmp"}),
        ("/b/", {"b/deep/x.tmp", "b/keep", "b/tmp"}),
        ("/b*", {"b/deep/x.tmp", "b/keep", "b/tmp", "bc/keep"}),
        ("*/tmp", {"b/tmp", "tmp/f"}),
        ("*/.snakemake*|/tmp", {"x/.snakemake/log", "tmp/f"}),
        (r"/x/y\|z", {"x/y|z"}),
        ("keep", set()),
    ],
)
def test_exclude_patterns(transfer: Transfer, pattern: str, left_out: set[str]) -> None:
    for path in TREE:
        transfer.write(path)
    transfer.run(Excludes=[{"FilterType": "SIMPLE_PATTERN", "Value": pattern}])
    assert set(transfer.keys()) == set(TREE) - left_out


@pytest.mark.parametrize(
    ("pattern", "taken"),
    [
        ("/b", {"b/deep/x.tmp", "b/keep", "b/tmp"}),
        ("/b/deep|/x/keep", {"b/deep/x.tmp", "x/keep"}),
        ("/b*", {"b/deep/x.tmp", "b/keep", "b/tmp", "bc/keep"}),
        ("/missing", set()),
    ],
)
def test_include_patterns(transfer: Transfer, pattern: str, taken: set[str]) -> None:
    for path in TREE:
        transfer.write(path)
    transfer.run(Includes=[{"FilterType": "SIMPLE_PATTERN", "Value": pattern}])
    assert set(transfer.keys()) == taken


def test_include_pattern_with_a_star_inside_is_refused(transfer: Transfer) -> None:
    with pytest.raises(ClientError, match="may only be the last character"):
        transfer.start(Includes=[{"FilterType": "SIMPLE_PATTERN", "Value": "*.txt"}])


@pytest.mark.parametrize(("option", "left"), [("PRESERVE", ["gone", "stays"]), ("REMOVE", ["stays"])])
def test_deleted_files_stay_in_the_bucket_unless_removal_is_asked_for(
    transfer: Transfer, option: str, left: list[str]
) -> None:
    transfer.write("gone")
    transfer.write("stays")
    transfer.run()
    (transfer.source / "gone").unlink()
    done = transfer.run(**transfer.options(PreserveDeletedFiles=option))
    assert transfer.keys() == left
    assert done["FilesDeleted"] == 2 - len(left)


def test_removal_does_not_reach_what_the_filters_leave_out(transfer: Transfer) -> None:
    transfer.s3.put_object(Bucket=transfer.bucket, Key="other/file", Body=b"not ours")
    transfer.run(
        Excludes=[{"FilterType": "SIMPLE_PATTERN", "Value": "/other"}],
        **transfer.options(PreserveDeletedFiles="REMOVE"),
    )
    assert transfer.keys() == ["other/file"]


def test_nothing_is_removed_while_part_of_the_source_cannot_be_read(transfer: Transfer) -> None:
    transfer.write("gone")
    transfer.run()
    (transfer.source / "gone").unlink()
    os.mkfifo(transfer.source / "pipe")
    done = transfer.run(**transfer.options(PreserveDeletedFiles="REMOVE"))
    assert (done["FilesDeleted"], transfer.keys()) == (0, ["gone"])


def test_overwrite_mode_never_leaves_what_is_there(transfer: Transfer) -> None:
    transfer.write("file", b"first")
    transfer.run()
    transfer.write("file", b"second one")
    done = transfer.run(**transfer.options(OverwriteMode="NEVER"))
    assert (done["Status"], done["FilesSkipped"], transfer.body("file")) == ("SUCCESS", 1, b"first")


def test_corrupted_file_fails_its_verification_and_the_execution(transfer: Transfer) -> None:
    transfer.write("good")
    transfer.write("bad", b"what should arrive")
    transfer.fault(kind="corrupt_file", pattern="/bad", times=1)
    done = transfer.run()
    assert (done["Status"], done["FilesVerified"]) == ("ERROR", 1)
    assert done["Result"]["TransferStatus"] == "SUCCESS"
    assert done["Result"]["VerifyStatus"] == "ERROR"
    verified = {
        entry["RelativePath"]: entry["VerifyStatus"] for entry in transfer.report(transfer.executions[-1], "Verified")
    }
    assert verified == {"/good": "SUCCESS", "/bad": "FAILED"}
    assert transfer.body("bad") != b"what should arrive"
    again = transfer.run(**transfer.options(TransferMode="ALL"))
    assert (again["Status"], transfer.body("bad")) == ("SUCCESS", b"what should arrive")


def test_nothing_is_verified_when_nothing_should_be(transfer: Transfer) -> None:
    transfer.write("bad")
    transfer.fault(kind="corrupt_file", pattern="/bad", times=1)
    done = transfer.run(**transfer.options(VerifyMode="NONE"))
    assert (done["Status"], done["FilesVerified"]) == ("SUCCESS", 0)


def test_point_in_time_verification_looks_at_unchanged_files_too(transfer: Transfer) -> None:
    transfer.write("file", b"reads")
    transfer.run()
    head = transfer.s3.head_object(Bucket=transfer.bucket, Key="file")
    transfer.s3.put_object(Bucket=transfer.bucket, Key="file", Body=b"READS", Metadata=head["Metadata"])
    assert transfer.run()["Status"] == "SUCCESS"
    done = transfer.run(**transfer.options(VerifyMode="POINT_IN_TIME_CONSISTENT"))
    assert (done["Status"], done["Result"]["ErrorCode"]) == ("ERROR", "VerificationMismatch")


def test_file_that_changes_while_it_is_copied_is_not_verified(transfer: Transfer) -> None:
    file = transfer.write("growing", b"a" * 3 * MEGABYTE)
    execution = transfer.start(**transfer.options(BytesPerSecond=2 * MEGABYTE))
    wait_for(lambda: transfer.describe(execution)["BytesTransferred"] > 0)
    with file.open("ab") as handle:
        handle.write(b"more")
    done = transfer.finish(execution)
    assert (done["Status"], done["FilesVerified"]) == ("ERROR", 0)
    assert transfer.run()["Status"] == "SUCCESS"
    assert transfer.body("growing").endswith(b"more")


def test_unreadable_file_fails_and_the_others_arrive(transfer: Transfer) -> None:
    transfer.write("a")
    transfer.write("unreadable")
    transfer.write("z")
    transfer.fault(kind="unreadable_file", pattern="/unreadable")
    done = transfer.run()
    assert (done["Status"], done["Result"]["TransferStatus"]) == ("ERROR", "ERROR")
    assert (done["FilesTransferred"], transfer.keys()) == (2, ["a", "z"])
    failed = [
        entry["RelativePath"]
        for entry in transfer.report(transfer.executions[-1], "Transferred")
        if entry["TransferStatus"] == "FAILED"
    ]
    assert failed == ["/unreadable"]


def test_pipe_is_skipped_with_an_error(transfer: Transfer) -> None:
    os.mkfifo(transfer.source / "pipe")
    transfer.write("file")
    done = transfer.run()
    assert (done["Status"], done["FilesTransferred"], done["FilesSkipped"]) == ("ERROR", 1, 1)
    skipped = transfer.report(transfer.executions[-1], "Skipped")
    assert [(entry["RelativePath"], entry["SkipStatus"]) for entry in skipped] == [("/pipe", "FAILED")]


def test_cancelled_execution_leaves_no_part_of_an_object(transfer: Transfer) -> None:
    # Behind the first part are seven seconds, so that the cancel comes in time on a busy machine, too.
    transfer.write("large", bytes(64 * MEGABYTE))
    execution = transfer.start(**transfer.options(BytesPerSecond=8 * MEGABYTE))
    wait_for(lambda: transfer.describe(execution)["BytesTransferred"] > 8 * MEGABYTE)
    transfer.datasync.cancel_task_execution(TaskExecutionArn=execution)
    done = transfer.finish(execution)
    assert (done["Status"], done["Result"]["ErrorCode"]) == ("ERROR", "Cancelled")
    assert transfer.keys() == []
    assert "Uploads" not in transfer.s3.list_multipart_uploads(Bucket=transfer.bucket)
    with pytest.raises(ClientError, match="has already ended"):
        transfer.datasync.cancel_task_execution(TaskExecutionArn=execution)


def test_missing_source_directory_is_named(transfer: Transfer) -> None:
    transfer.source.rmdir()
    done = transfer.run()
    assert (done["Status"], done["Result"]["ErrorCode"]) == ("ERROR", "SourceNotFound")
    assert "does not exist" in done["Result"]["ErrorDetail"]


def test_missing_destination_bucket_is_named(transfer: Transfer) -> None:
    transfer.s3.delete_bucket(Bucket=transfer.bucket)
    transfer.write("file")
    done = transfer.run()
    assert (done["Status"], done["Result"]["ErrorCode"]) == ("ERROR", "DestinationNotFound")
    assert transfer.bucket in done["Result"]["ErrorDetail"]


def test_s3_that_refuses_one_write_costs_that_file_only(transfer: Transfer) -> None:
    transfer.write("a")
    transfer.write("b")
    refuse: dict[str, Any] = {
        "service": "s3",
        "operation": "PutObject",
        "kind": "error",
        "code": "AccessDenied",
        "status": 403,
        "times": 1,
    }
    transfer.cloud.control.post("faults", refuse)
    done = transfer.run()
    assert (done["Status"], transfer.keys()) == ("ERROR", ["b"])
    assert (transfer.run()["Status"], transfer.keys()) == ("SUCCESS", ["a", "b"])


def test_copy_that_cannot_be_read_back_fails_alone(transfer: Transfer) -> None:
    transfer.write("a")
    transfer.write("b")
    gone: dict[str, Any] = {
        "service": "s3",
        "operation": "GetObject",
        "kind": "error",
        "code": "NoSuchKey",
        "status": 404,
        "times": 1,
    }
    transfer.cloud.control.post("faults", gone)
    done = transfer.run()
    assert (done["Status"], done["FilesTransferred"], done["FilesVerified"]) == ("ERROR", 2, 1)
    assert transfer.report(transfer.executions[-1], "Verified")[0]["VerifyStatus"] == "FAILED"


def test_an_execution_does_what_the_role_of_its_location_may(
    make_transfer: Callable[..., Transfer], service_role: str
) -> None:
    transfer = make_transfer()
    transfer.write("a.txt", b"a")
    deny = {
        "Effect": "Deny",
        "Principal": {"AWS": service_role},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{transfer.bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    transfer.s3.put_bucket_policy(Bucket=transfer.bucket, Policy=policy)
    done = transfer.run()
    assert done["Status"] == "ERROR"
    transfer.s3.delete_bucket_policy(Bucket=transfer.bucket)
    assert transfer.run()["Status"] == "SUCCESS"


def test_an_execution_in_a_role_that_does_not_trust_datasync_fails(
    make_transfer: Callable[..., Transfer], role: str
) -> None:
    done = make_transfer(role=role).run()
    assert (done["Status"], done["Result"]["ErrorCode"]) == ("ERROR", "DestinationNotFound")
    assert "AccessDenied" in done["Result"]["ErrorDetail"]
