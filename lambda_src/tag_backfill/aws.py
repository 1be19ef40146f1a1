"""The calls tag_backfill makes beside those of common/: listings, manifests, jobs of S3 Batch Operations."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from common import fast_lake
from common.failures import code_of
from tag_backfill.domain import Entry, manifest_line, read_line

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3control import S3ControlClient

# The smallest part of a multipart upload is 5 MiB, but for the last
# (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html).
PART_BYTES = 8 * 1024 * 1024


class Listing:
    """What lies in the data lake."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def pages(self, prefix: str, after: Entry | None, versions: bool) -> Iterator[list[Entry]]:
        """Current objects, or all versions, behind ``after``, a page at a time; never delete markers."""
        return self._versions(prefix, after) if versions else self._current(prefix, after)

    def _current(self, prefix: str, after: Entry | None) -> Iterator[list[Entry]]:
        start = {"StartAfter": after.key} if after else {}
        paginator = self._s3.get_paginator("list_objects_v2")
        for page in paginator.paginate(Bucket=self._bucket, Prefix=prefix, **start):  # type: ignore[arg-type]
            yield [Entry(each["Key"], None, each["LastModified"]) for each in page.get("Contents", [])]

    def _versions(self, prefix: str, after: Entry | None) -> Iterator[list[Entry]]:
        start = {"KeyMarker": after.key, "VersionIdMarker": after.version_id or "null"} if after else {}
        while True:
            page = self._s3.list_object_versions(Bucket=self._bucket, Prefix=prefix, **start)  # type: ignore[arg-type]
            yield [Entry(each["Key"], each["VersionId"], each["LastModified"]) for each in page.get("Versions", [])]
            if not page.get("IsTruncated"):
                return
            start = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}


class FastListing:
    """The same, read without a tree of the XML."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._listing = fast_lake.FastListing(s3, bucket)

    def pages(self, prefix: str, after: Entry | None, versions: bool) -> Iterator[list[Entry]]:
        """As :meth:`Listing.pages`."""
        if versions:
            start = (after.key, after.version_id or "null") if after else None
            return self._listing.versions(prefix, start, Entry._make)
        return self._listing.objects(prefix, after.key if after else "", lambda found: Entry(found[0], None, found[1]))


class Manifests:
    """Lists of objects that take the same tags, below the function's own state in the reports bucket."""

    def __init__(self, s3: S3Client, bucket: str, folder: str, lake_bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._folder = folder
        self._lake_bucket = lake_bucket

    def _key(self, run: str, group: str, name: str) -> str:
        return f"{self._folder}/runs/{run}/{group}/{name}"

    def report_prefix(self, run: str, group: str) -> str:
        """Where the job's completion report goes."""
        return self._key(run, group, "report")

    def write_shard(self, run: str, group: str, shard: int, items: Iterable[tuple[str, str | None]]) -> None:
        """Keep a part of a group. The same shard written twice is one shard."""
        body = b"".join(manifest_line(self._lake_bucket, key, version) for key, version in items)
        self._s3.put_object(Bucket=self._bucket, Key=self._key(run, group, f"shard-{shard:06}.csv"), Body=body)

    def read_shard(self, run: str, group: str, shard: int) -> Iterator[tuple[str, str | None]]:
        """The objects of a part."""
        yield from map(read_line, self._lines(self._key(run, group, f"shard-{shard:06}.csv")))

    def _body(self, key: str) -> bytes:
        return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def _lines(self, key: str) -> Iterator[str]:
        with TextIOWrapper(BytesIO(self._body(key)), encoding="utf-8", newline="") as lines:
            yield from lines

    def join(self, run: str, group: str, shards: Iterable[int]) -> tuple[str, str]:
        """Make one manifest of the shards; its key and ETag. No more than a part is held in memory beside a shard."""
        key = self._key(run, group, "manifest.csv")
        upload: str | None = None
        parts: list[Any] = []
        waiting = bytearray()
        for shard in shards:
            waiting += self._body(self._key(run, group, f"shard-{shard:06}.csv"))
            if len(waiting) >= PART_BYTES:
                upload = upload or self._s3.create_multipart_upload(Bucket=self._bucket, Key=key)["UploadId"]
                parts.append(self._part(key, upload, len(parts) + 1, bytes(waiting)))
                waiting.clear()
        if upload is None:
            written = self._s3.put_object(Bucket=self._bucket, Key=key, Body=bytes(waiting))
            return key, written["ETag"]
        if waiting:
            parts.append(self._part(key, upload, len(parts) + 1, bytes(waiting)))
        done = self._s3.complete_multipart_upload(
            Bucket=self._bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}
        )
        return key, done["ETag"]

    def _part(self, key: str, upload: str, number: int, body: bytes) -> dict[str, Any]:
        made = self._s3.upload_part(Bucket=self._bucket, Key=key, UploadId=upload, PartNumber=number, Body=body)
        return {"PartNumber": number, "ETag": made["ETag"]}

    def failed(self, run: str, group: str, job: str) -> Iterator[tuple[str, str | None]]:
        """The objects a job could not tag, from its completion report; none where it wrote no report
        (https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-examples-reports.html)."""
        try:
            index = json.loads(self._body(f"{self.report_prefix(run, group)}/job-{job}/manifest.json"))
        except ClientError as error:
            if code_of(error) == "NoSuchKey":
                return
            raise
        for part in index.get("Results", []):
            for row in csv.reader(self._lines(part["Key"])):
                if len(row) > 3 and row[3].lower() != "succeeded":
                    yield read_line(",".join(row[:3]))


@dataclass(frozen=True)
class Job:
    """How far a job is. ``ended`` covers failed and cancelled jobs, too."""

    status: str
    total: int
    succeeded: int
    failed: int
    reason: str

    @property
    def ended(self) -> bool:
        return self.status in ("Complete", "Failed", "Cancelled")


class Jobs:
    """Jobs of S3 Batch Operations (https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_CreateJob.html)."""

    def __init__(self, s3control: S3ControlClient, account: str, role_arn: str, reports_bucket: str) -> None:
        self._s3control = s3control
        self._account = account
        self._role_arn = role_arn
        self._bucket_arn = f"arn:aws:s3:::{reports_bucket}"

    def create(
        self, token: str, manifest: tuple[str, str], report_prefix: str, tags: Mapping[str, str], description: str
    ) -> str:
        """Start a job that replaces the tags of everything in ``manifest`` (key, ETag); its id. The same ``token``
        makes no second job: S3 answers with the first, or with IdempotencyException where the request differs."""
        key, etag = manifest
        return self._s3control.create_job(
            AccountId=self._account,
            ConfirmationRequired=False,
            Operation={
                "S3PutObjectTagging": {
                    "TagSet": [{"Key": name, "Value": value} for name, value in sorted(tags.items())]
                }
            },
            Report={
                "Bucket": self._bucket_arn,
                "Format": "Report_CSV_20180820",
                "Enabled": True,
                "Prefix": report_prefix,
                "ReportScope": "FailedTasksOnly",
            },
            ClientRequestToken=token,
            Manifest={
                "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key", "VersionId"]},
                "Location": {"ObjectArn": f"{self._bucket_arn}/{key}", "ETag": etag.strip('"')},
            },
            Description=description[:256],
            Priority=10,
            RoleArn=self._role_arn,
        )["JobId"]

    def describe(self, job: str) -> Job:
        """How far the job is."""
        found = self._s3control.describe_job(AccountId=self._account, JobId=job)["Job"]
        progress = found.get("ProgressSummary", {})
        reasons = [each.get("FailureReason", "") for each in found.get("FailureReasons", [])]
        return Job(
            status=found["Status"],
            total=progress.get("TotalNumberOfTasks", 0),
            succeeded=progress.get("NumberOfTasksSucceeded", 0),
            failed=progress.get("NumberOfTasksFailed", 0),
            reason=" ".join(filter(None, [found.get("StatusUpdateReason", ""), *reasons])),
        )

    def cancel(self, job: str) -> None:
        """Stop the job; what it has tagged stays. A job that has ended is left alone."""
        try:
            self._s3control.update_job_status(
                AccountId=self._account,
                JobId=job,
                RequestedJobStatus="Cancelled",
                StatusUpdateReason="the backfill was cancelled",
            )
        except ClientError as error:
            if code_of(error) not in ("JobStatusException", "NoSuchJob", "NotFoundException"):
                raise
