"""Jobs of S3 Batch Operations that replace tags: manifest, progress, completion report.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_CreateJob.html . LocalStack serves S3 Control without jobs;
they are added to its provider. They work in the job's role.

boto3 puts the account in front of the host (``000000000000.127.0.0.1``), a name that nothing resolves. Functions of the
local cloud resolve it (``lambda_executor/bootstrap.py``).
"""

import csv
import hashlib
import io
import json
import logging
import threading
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from botocore.exceptions import BotoCoreError, ClientError

from kosha_localcloud.services.clients import client_in_role
from kosha_localcloud.services.identifiers import arn, now
from kosha_localcloud.services.operations import Document, refuse
from kosha_localcloud.services.regional import Regional

LOG = logging.getLogger(__name__)

# A job ends as Failed when more than half of its objects failed, looked at from 1,000 on:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-job-status.html#batch-ops-job-status-failure
FAILURE_LOOK_AT = 1000
ENDED = frozenset({"Complete", "Cancelled", "Failed"})


@dataclass
class Job:
    """One job: its description as DescribeJob gives it, and what was asked for."""

    document: Document
    request: Document
    account: str
    region: str
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def id(self) -> str:
        return str(self.document["JobId"])

    def s3(self) -> Any:
        """A client in the job's role."""
        role, arn = self.request["RoleArn"], self.document["JobArn"]
        return client_in_role("s3", self.region, role, "batchoperations.s3.amazonaws.com", arn)

    @property
    def status(self) -> str:
        return str(self.document["Status"])


@dataclass
class Jobs:
    """The jobs of an account and region, and their tokens."""

    jobs: dict[str, Job] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


_states: Regional[Jobs] = Regional(Jobs)
_working: dict[str, Job] = {}
_lock = threading.Lock()


def install() -> None:
    """Add the operations to LocalStack's provider, and let policies name jobs."""
    from localstack.services.s3control.provider import S3ControlProvider
    from moto.iam.policy_validation import SERVICE_TYPE_REGION_INFORMATION_ERROR_ASSOCIATIONS as REGIONAL

    # moto takes S3 ARNs with a region for mistakes; those of access points and of jobs have one:
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
    if "job/" not in REGIONAL["s3"]["valid_starting_values"]:
        REGIONAL["s3"]["valid_starting_values"].append("job/")
    for name, method in {
        "create_job": create_job,
        "describe_job": describe_job,
        "list_jobs": list_jobs,
        "update_job_status": update_job_status,
    }.items():
        setattr(S3ControlProvider, name, method)


def under_way() -> list[str]:
    """Name the jobs that are being done. One that waits for its confirmation is not under way."""
    with _lock:
        return [f"S3 Batch Operations job {name}" for name in _working]


def create_job(
    _self: Any,
    context: Any,
    account_id: str,
    operation: Document,
    report: Document,
    client_request_token: str,
    priority: int,
    role_arn: str,
    confirmation_required: bool | None = None,
    manifest: Document | None = None,
    description: str | None = None,
    **_more: Any,
) -> Document:
    """Only S3PutObjectTagging with a CSV manifest."""
    if set(operation) != {"S3PutObjectTagging"}:
        raise refuse("InvalidRequest", f"The local cloud does S3PutObjectTagging, not {', '.join(operation)}.")
    if manifest is None or manifest["Spec"]["Format"] != "S3BatchOperations_CSV_20180820":
        raise refuse("InvalidRequest", "The local cloud reads manifests of the format S3BatchOperations_CSV_20180820.")
    request: Document = {
        "Operation": operation,
        "Report": report,
        "Priority": priority,
        "RoleArn": role_arn,
        "ConfirmationRequired": bool(confirmation_required),
        "Manifest": manifest,
        "Description": description or "",
    }
    state = _states.at(account_id, context.region)
    with _lock:
        if (known := state.tokens.get(client_request_token)) is not None:
            if state.jobs[known].request != request:
                raise refuse("IdempotencyException", "The token was used for another request: choose another.")
            return {"JobId": known}
        name = str(uuid.uuid4())
        document = request | {
            "JobId": name,
            "JobArn": arn("s3", context.region, account_id, f"job/{name}"),
            "Status": "New",
            "CreationTime": now(),
            "FailureReasons": [],
            "ProgressSummary": {"TotalNumberOfTasks": 0, "NumberOfTasksSucceeded": 0, "NumberOfTasksFailed": 0},
        }
        job = Job(document, request, account_id, context.region)
        state.jobs[name], state.tokens[client_request_token] = job, name
        if confirmation_required:
            document |= {"Status": "Suspended", "SuspendedCause": "Awaiting confirmation", "SuspendedDate": now()}
        else:
            _start(job)
    return {"JobId": name}


def _start(job: Job) -> None:
    _working[job.id] = job
    threading.Thread(target=_work, args=(job,), name=f"s3-job-{job.id}", daemon=True).start()


def _find(context: Any, account_id: str, job_id: str) -> Job:
    job = _states.at(account_id, context.region).jobs.get(job_id)
    if job is None:
        raise refuse("NoSuchJob", f"There is no job {job_id} in {context.region}.", 404)
    return job


def describe_job(_self: Any, context: Any, account_id: str, job_id: str, **_more: Any) -> Document:
    """The whole document."""
    return {"Job": dict(_find(context, account_id, job_id).document)}


def list_jobs(
    _self: Any, context: Any, account_id: str, job_statuses: list[str] | None = None, **_more: Any
) -> Document:
    """Every job in one page, newest first."""
    jobs = _states.at(account_id, context.region).jobs.values()
    return {
        "Jobs": [
            {
                key: job.document[key]
                for key in ("JobId", "Description", "Priority", "Status", "CreationTime", "ProgressSummary")
            }
            | {"Operation": "S3PutObjectTagging"}
            for job in reversed(list(jobs))
            if not job_statuses or job.status in job_statuses
        ]
    }


def update_job_status(
    _self: Any,
    context: Any,
    account_id: str,
    job_id: str,
    requested_job_status: str,
    status_update_reason: str | None = None,
    **_more: Any,
) -> Document:
    """Confirm a job that waits, or cancel one that has not ended."""
    job = _find(context, account_id, job_id)
    with _lock:
        if job.status in ENDED or (requested_job_status == "Ready" and job.status != "Suspended"):
            raise refuse("JobStatusException", f"The job is {job.status}: it cannot become {requested_job_status}.")
        waited = job.status == "Suspended"
        if requested_job_status == "Ready":
            job.document["Status"] = "Ready"
            _start(job)
        else:
            job.cancelled.set()
            job.document["Status"] = "Cancelled" if waited else "Cancelling"
        job.document["StatusUpdateReason"] = status_update_reason or ""
        return {"JobId": job.id, "Status": job.status, "StatusUpdateReason": status_update_reason or ""}


class _Broken(Exception):
    """The job as a whole cannot be done; code and reason."""


def _work(job: Job) -> None:
    try:
        _advance(job, "Preparing")
        rows = _manifest(job)
        job.document["ProgressSummary"]["TotalNumberOfTasks"] = len(rows)
        _advance(job, "Active")
        failed = _tag(job, rows)
        _advance(job, "Completing")
        _report(job, rows, failed)
        end = "Cancelled" if job.cancelled.is_set() else "Complete"
    except _Broken as error:
        job.document["FailureReasons"] = [{"FailureCode": error.args[0], "FailureReason": error.args[1]}]
        end = "Failed"
    except Exception as error:
        # A fault of ours must show as a failed job, never as one that hangs.
        LOG.exception("Job %s broke", job.id)
        job.document["FailureReasons"] = [{"FailureCode": "InternalError", "FailureReason": str(error)}]
        end = "Failed"
    with _lock:
        job.document |= {"Status": end, "TerminationDate": now()}
        del _working[job.id]


def _advance(job: Job, status: str) -> None:
    with _lock:
        if not job.cancelled.is_set():
            job.document["Status"] = status


def _manifest(job: Job) -> list[Document]:
    """The rows of the manifest. It must be the one whose ETag was named."""
    location, fields = job.request["Manifest"]["Location"], job.request["Manifest"]["Spec"]["Fields"]
    bucket, _, key = location["ObjectArn"].removeprefix("arn:aws:s3:::").partition("/")
    try:
        found = job.s3().get_object(Bucket=bucket, Key=key)
    except (ClientError, BotoCoreError) as error:
        raise _Broken("ManifestNotFound", f"The manifest cannot be read: {error}") from error
    if found["ETag"].strip('"') != location["ETag"].strip('"'):
        raise _Broken("ManifestEtagMismatch", "The manifest's ETag is not the one the job was made with.")
    rows = []
    for values in csv.reader(io.StringIO(found["Body"].read().decode())):
        if len(values) != len(fields):
            raise _Broken("ManifestInvalid", f"A row has {len(values)} fields instead of {len(fields)}.")
        rows.append(dict(zip(fields, values, strict=True)))
    return rows


def _tag(job: Job, rows: list[Document]) -> dict[int, tuple[str, int, str]]:
    """Replace the tags of each row's object; what failed, by the row's number: code, status, message."""
    tags = {"TagSet": job.request["Operation"]["S3PutObjectTagging"].get("TagSet", [])}
    s3, progress = job.s3(), job.document["ProgressSummary"]
    failed: dict[int, tuple[str, int, str]] = {}
    for number, row in enumerate(rows):
        if job.cancelled.is_set():
            break
        version = {"VersionId": row["VersionId"]} if row.get("VersionId") else {}
        try:
            s3.put_object_tagging(Bucket=row["Bucket"], Key=unquote_plus(row["Key"]), Tagging=tags, **version)
            progress["NumberOfTasksSucceeded"] += 1
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            failed[number] = (error.response["Error"]["Code"], status, error.response["Error"]["Message"])
            progress["NumberOfTasksFailed"] += 1
        if number + 1 >= FAILURE_LOOK_AT and len(failed) > (number + 1) / 2:
            raise _Broken("TooManyFailures", f"{len(failed)} of {number + 1} objects failed.")
    return failed


def _report(job: Job, rows: list[Document], failed: dict[int, tuple[str, int, str]]) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-examples-reports.html"""
    report = job.request["Report"]
    if not report.get("Enabled"):
        return
    everything = report.get("ReportScope") == "AllTasks"
    s3, bucket = job.s3(), report["Bucket"].removeprefix("arn:aws:s3:::")
    folder = f"{report.get('Prefix', '').strip('/')}/job-{job.id}".lstrip("/")
    results = []
    for status in ("succeeded", "failed"):
        chosen = [n for n in range(len(rows)) if (n in failed) == (status == "failed")]
        if not chosen or (status == "succeeded" and not everything):
            continue
        text = io.StringIO()
        for number in chosen:
            code, http, message = failed.get(number, ("", 200, "Successful"))
            row = rows[number]
            csv.writer(text).writerow(
                [row["Bucket"], row["Key"], row.get("VersionId", ""), status, code, http, message]
            )
        body = text.getvalue().encode()
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
        key = f"{folder}/results/{digest}.csv"
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        results.append({"TaskExecutionStatus": status, "Bucket": bucket, "MD5Checksum": digest, "Key": key})
    index = {
        "Format": report.get("Format"),
        "ReportCreationDate": now().isoformat(),
        "Results": results,
        "ReportSchema": "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage",
    }
    s3.put_object(Bucket=bucket, Key=f"{folder}/manifest.json", Body=json.dumps(index).encode())
