"""S3 Batch Operations: jobs that replace the tags of everything a manifest lists, some minutes later.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-put-object-tagging.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_plus

from tests.simulation.world.errors import client_error
from tests.simulation.world.faults import Faults
from tests.simulation.world.s3 import Store

REGION = "ap-south-1"
WORKS_AFTER = timedelta(minutes=4)


@dataclass
class Job:
    """One job."""

    id: str
    token: str
    tags: dict[str, str]
    manifest: str
    bucket: str
    report: str
    status: str = "Active"
    succeeded: int = 0
    failed: int = 0
    reason: str = ""


class BatchOperations:
    """A client of S3 Control."""

    def __init__(self, store: Store, faults: Faults) -> None:
        self._store = store
        self._faults = faults
        self.jobs: dict[str, Job] = {}

    def create_job(
        self,
        *,
        AccountId: str,
        ConfirmationRequired: bool,
        Operation: Mapping[str, Any],
        Report: Mapping[str, Any],
        ClientRequestToken: str,
        Manifest: Mapping[str, Any],
        Description: str,
        Priority: int,
        RoleArn: str,
    ) -> dict[str, Any]:
        """Begin a job; the same token makes no second one."""
        del AccountId, ConfirmationRequired, Description, Priority, RoleArn
        done = self._faults.before("s3control", REGION, "CreateJob")
        job = next((each for each in self.jobs.values() if each.token == ClientRequestToken), None)
        if job is None:
            bucket, _, key = Manifest["Location"]["ObjectArn"].rpartition(":::")[2].partition("/")
            current = self._store.buckets[bucket].current(key)
            if current is None or current.etag.strip('"') != Manifest["Location"]["ETag"]:
                raise client_error("CreateJob", "InvalidRequest", 400, "The manifest's ETag does not match")
            tags = {each["Key"]: each["Value"] for each in Operation["S3PutObjectTagging"]["TagSet"]}
            name = f"job-{len(self.jobs) + 1:04d}"
            job = self.jobs[name] = Job(name, ClientRequestToken, tags, key, bucket, Report["Prefix"])
            started = job
            self._store.timeline.after(WORKS_AFTER, lambda: self._work(started))
        done()
        return {"JobId": job.id}

    def describe_job(self, *, AccountId: str, JobId: str) -> dict[str, Any]:
        """How far a job is."""
        del AccountId
        done = self._faults.before("s3control", REGION, "DescribeJob")
        job = self._job("DescribeJob", JobId)
        done()
        return {
            "Job": {
                "JobId": job.id,
                "Status": job.status,
                "StatusUpdateReason": job.reason,
                "ProgressSummary": {
                    "TotalNumberOfTasks": job.succeeded + job.failed,
                    "NumberOfTasksSucceeded": job.succeeded,
                    "NumberOfTasksFailed": job.failed,
                },
                "FailureReasons": [],
            }
        }

    def update_job_status(
        self, *, AccountId: str, JobId: str, RequestedJobStatus: str, StatusUpdateReason: str
    ) -> dict[str, Any]:
        """Cancel a job."""
        del AccountId
        done = self._faults.before("s3control", REGION, "UpdateJobStatus")
        job = self._job("UpdateJobStatus", JobId)
        if job.status != "Active":
            raise client_error("UpdateJobStatus", "JobStatusException", 400)
        job.status, job.reason = RequestedJobStatus, StatusUpdateReason
        done()
        return {"JobId": JobId, "Status": job.status}

    def _job(self, operation: str, name: str) -> Job:
        if name not in self.jobs:
            raise client_error(operation, "NoSuchJob", 404)
        return self.jobs[name]

    def _work(self, job: Job) -> None:
        if job.status != "Active":
            return
        if self._faults.is_down(REGION):
            self._store.timeline.after(WORKS_AFTER, lambda: self._work(job))
            return
        manifest = self._store.buckets[job.bucket].current(job.manifest)
        assert manifest is not None
        failures = []
        for line in manifest.body.decode().splitlines():
            bucket_name, key, version_id = line.split(",")
            bucket = self._store.buckets[bucket_name]
            name = unquote_plus(key)
            version = bucket.find(name, version_id) if version_id else bucket.current(name)
            if version is None or version.is_marker:
                job.failed += 1
                failures.append(f"{line},failed,404,NoSuchKey,")
            else:
                self._store.set_tags(bucket, version, job.tags)
                job.succeeded += 1
        job.status = "Complete"
        reports = self._store.buckets[job.bucket]
        folder = f"{job.report}/job-{job.id}"
        results = []
        if failures:
            results.append({"TaskExecutionStatus": "failed", "Key": f"{folder}/results/failed.csv"})
            self._store.put(reports, f"{folder}/results/failed.csv", "\n".join(failures).encode() + b"\n", {}, {})
        document = json.dumps({"Format": "Report_CSV_20180820", "Results": results}).encode()
        self._store.put(reports, f"{folder}/manifest.json", document, {}, {})
