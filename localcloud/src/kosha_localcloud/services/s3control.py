"""Jobs of S3 Batch Operations that replace tags or replicate what is there: manifest, progress, completion report.

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
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from botocore.exceptions import BotoCoreError, ClientError
from kosha_access.calls import Asked

from kosha_localcloud.access.enforcement import reason_against, service_in_role
from kosha_localcloud.access.state import bucket_named
from kosha_localcloud.services import replication
from kosha_localcloud.services.clients import client_in_role
from kosha_localcloud.services.identifiers import arn, now
from kosha_localcloud.services.operations import Document, refuse
from kosha_localcloud.services.regional import Regional
from kosha_localcloud.services.replication import buckets
from kosha_localcloud.services.replication.status import status_of

LOG = logging.getLogger(__name__)

# A job ends as Failed when more than half of its objects failed, looked at from 1,000 on:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-job-status.html#batch-ops-job-status-failure
FAILURE_LOOK_AT = 1000
ENDED = frozenset({"Complete", "Cancelled", "Failed"})
PRINCIPAL = "batchoperations.s3.amazonaws.com"
LOOK_EVERY_SECONDS = 0.1

type Rows = list[Document]
type Failure = tuple[str, int, str]


@dataclass
class Job:
    """One job: its description as DescribeJob gives it, and what was asked for.

    `confirmed` lets it go on from its manifest, `waits` says that a region or a fault holds what it replicates.
    """

    document: Document
    request: Document
    region: str
    cancelled: threading.Event = field(default_factory=threading.Event)
    confirmed: threading.Event = field(default_factory=threading.Event)
    waits: bool = False

    @property
    def id(self) -> str:
        return str(self.document["JobId"])

    def s3(self) -> Any:
        """A client in the job's role."""
        return client_in_role("s3", self.region, self.request["RoleArn"], PRINCIPAL, self.document["JobArn"])

    def may(self, action: str, resource: str) -> bool:
        """Whether the job's role may do what no call of S3 stands for."""
        who = service_in_role(self.request["RoleArn"], PRINCIPAL, self.document["JobArn"])
        return not reason_against(who, Asked(action, resource), self.region)

    @property
    def operation(self) -> str:
        return str(next(iter(self.request["Operation"])))

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
    """Name the jobs that are being done. One that waits, for its confirmation or for a region, is not under way."""
    with _lock:
        return [f"S3 Batch Operations job {name}" for name, job in _working.items() if not job.waits]


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
    manifest_generator: Document | None = None,
    description: str | None = None,
    **_more: Any,
) -> Document:
    """S3PutObjectTagging with a CSV manifest, S3ReplicateObject with a manifest that S3 generates."""
    kind, generator = next(iter(operation)), (manifest_generator or {}).get("S3JobManifestGenerator")
    if kind not in _OPERATIONS:
        raise refuse("InvalidRequest", f"The local cloud does {' and '.join(_OPERATIONS)}, not {kind}.")
    if kind == "S3PutObjectTagging" and (
        manifest is None or manifest["Spec"]["Format"] != "S3BatchOperations_CSV_20180820"
    ):
        raise refuse("InvalidRequest", "The local cloud reads manifests of the format S3BatchOperations_CSV_20180820.")
    if kind == "S3ReplicateObject" and (generator is None or generator["EnableManifestOutput"]):
        raise refuse("InvalidRequest", "The local cloud replicates by a generated manifest that it does not write.")
    request: Document = {
        "Operation": operation,
        "Report": report,
        "Priority": priority,
        "RoleArn": role_arn,
        "ConfirmationRequired": bool(confirmation_required),
        "Description": description or "",
        **({"Manifest": manifest} if manifest else {}),
        **({"ManifestGenerator": manifest_generator} if generator else {}),
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
        job = Job(document, request, context.region)
        state.jobs[name], state.tokens[client_request_token] = job, name
        if not confirmation_required:
            job.confirmed.set()
        _working[name] = job
    threading.Thread(target=_work, args=(job,), name=f"s3-job-{name}", daemon=True).start()
    return {"JobId": name}


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
            | {"Operation": job.operation}
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
        job.document["Status"] = "Ready" if requested_job_status == "Ready" else "Cancelling"
        if requested_job_status != "Ready":
            job.cancelled.set()
        job.confirmed.set()
        job.document["StatusUpdateReason"] = status_update_reason or ""
        return {"JobId": job.id, "Status": job.status, "StatusUpdateReason": status_update_reason or ""}


class _Broken(Exception):
    """The job as a whole cannot be done; code and reason."""


def _work(job: Job) -> None:
    listed, act = _OPERATIONS[job.operation]
    end = ""
    try:
        _advance(job, "Preparing")
        rows = listed(job)
        job.document["ProgressSummary"]["TotalNumberOfTasks"] = len(rows)
        _await_confirmation(job)
        _advance(job, "Active")
        done = _act(job, rows, act)
        _advance(job, "Completing")
        _report(job, rows, done)
    except _Broken as error:
        job.document["FailureReasons"] = [{"FailureCode": error.args[0], "FailureReason": error.args[1]}]
        end = "Failed"
    except Exception as error:
        # A fault of ours must show as a failed job, never as one that hangs.
        LOG.exception("Job %s broke", job.id)
        job.document["FailureReasons"] = [{"FailureCode": "InternalError", "FailureReason": str(error)}]
        end = "Failed"
    with _lock:
        end = end or ("Cancelled" if job.cancelled.is_set() else "Complete")
        job.document |= {"Status": end, "TerminationDate": now()}
        del _working[job.id]


def _advance(job: Job, status: str) -> None:
    with _lock:
        if not job.cancelled.is_set():
            job.document["Status"] = status


def _await_confirmation(job: Job) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-job-status.html: after the manifest was read."""
    if not job.confirmed.is_set():
        with _lock:
            job.waits = True
            cause = {"SuspendedCause": "Awaiting confirmation", "SuspendedDate": now()}
            job.document |= {"Status": "Suspended", **cause}
        job.confirmed.wait()
        job.waits = False


def _manifest(job: Job) -> Rows:
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


def _generated(job: Job) -> Rows:
    """The rows of the manifest that S3 generates: every version that the filter lets through, with what stands for it.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_S3JobManifestGenerator.html
    """
    generator = job.request["ManifestGenerator"]["S3JobManifestGenerator"]
    source = generator["SourceBucket"]
    for action in ("s3:GetReplicationConfiguration", "s3:PutInventoryConfiguration"):
        if not job.may(action, source):
            raise _Broken("AccessDenied", f"Manifest generation failed: {job.request['RoleArn']} may not {action}.")
    bucket = bucket_named(source.rpartition(":")[2])
    if bucket is None or not bucket.replication:
        raise _Broken("InvalidRequest", f"Manifest generation failed: {source} has no replication configuration.")
    if bucket.bucket_region != job.region:
        raise _Broken("InvalidRequest", f"Manifest generation failed: {source} is not in {job.region}.")
    rows = [
        {"Bucket": bucket.name, "Key": version.key, "VersionId": version.version_id, "version": version}
        for version in buckets.versions(bucket)
        if replication.eligible(bucket, version) and _passes(generator.get("Filter") or {}, version)
    ]
    if not rows:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-troubleshoot.html
        raise _Broken("ManifestGeneration", "Manifest generation found no keys matching the filter criteria.")
    return rows


def _passes(wanted: Document, version: Any) -> bool:
    unknown = set(wanted) - {
        "EligibleForReplication",
        "CreatedAfter",
        "CreatedBefore",
        "ObjectReplicationStatuses",
        "KeyNameConstraint",
    }
    if unknown:
        raise _Broken("InvalidRequest", f"The local cloud does not filter a manifest by {', '.join(sorted(unknown))}.")
    made, names = version.last_modified, wanted.get("KeyNameConstraint") or {}
    return (
        ("CreatedAfter" not in wanted or made > wanted["CreatedAfter"])
        and ("CreatedBefore" not in wanted or made < wanted["CreatedBefore"])
        and (status_of(version) or "NONE") in wanted.get("ObjectReplicationStatuses", _STATUSES)
        and version.key.startswith(tuple(names.get("MatchAnyPrefix") or [""]))
    )


_SSE_S3 = {"ServerSideEncryption": "AES256"}
_STATUSES = frozenset({"COMPLETED", "FAILED", "NONE", "REPLICA"})


def _act(job: Job, rows: Rows, act: Callable[[Job], Callable[[Document], Failure | None]]) -> dict[int, Failure | None]:
    """Do each row; by the row's number why it failed (code, status, message), or None."""
    progress, do = job.document["ProgressSummary"], act(job)
    done: dict[int, Failure | None] = {}
    for number, row in enumerate(rows):
        if job.cancelled.is_set():
            break
        done[number] = do(row)
        progress["NumberOfTasksFailed" if done[number] else "NumberOfTasksSucceeded"] += 1
        failed = progress["NumberOfTasksFailed"]
        if number + 1 >= FAILURE_LOOK_AT and failed > (number + 1) / 2:
            raise _Broken("TooManyFailures", f"{failed} of {number + 1} objects failed.")
    return done


def _tagging(job: Job) -> Callable[[Document], Failure | None]:
    """Replaces the tags of a row's object."""
    tags, s3 = {"TagSet": job.request["Operation"]["S3PutObjectTagging"].get("TagSet", [])}, job.s3()

    def tag(row: Document) -> Failure | None:
        version = {"VersionId": row["VersionId"]} if row.get("VersionId") else {}
        try:
            s3.put_object_tagging(Bucket=row["Bucket"], Key=unquote_plus(row["Key"]), Tagging=tags, **version)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return error.response["Error"]["Code"], status, error.response["Error"]["Message"]
        return None

    return tag


def _replicating(job: Job) -> Callable[[Document], Failure | None]:
    """Replicates a row's version, as the rules of its bucket say now."""

    def replicate(row: Document) -> Failure | None:
        bucket = bucket_named(row["Bucket"])
        if bucket is None or not replication.eligible(bucket, row["version"]):
            return "SrcObjectNotEligible", 400, "No rule replicates it any more."
        if not job.may("s3:InitiateReplication", f"arn:aws:s3:::{row['Bucket']}/{row['Key']}"):
            role = job.request["RoleArn"]
            return "InitiateReplicationNotPermitted", 403, f"{role} may not s3:InitiateReplication on it."
        ticket = replication.replicate_by_batch(bucket, row["version"])
        while not ticket.ended.wait(LOOK_EVERY_SECONDS) and not job.cancelled.is_set():
            job.waits = ticket.is_held()
        job.waits = False
        return (ticket.failure.code, 400, str(ticket.failure)) if ticket.failure else None

    return replicate


_OPERATIONS = {
    "S3PutObjectTagging": (_manifest, _tagging),
    "S3ReplicateObject": (_generated, _replicating),
}


def _report(job: Job, rows: Rows, done: dict[int, Failure | None]) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-examples-reports.html: under SSE-S3, always."""
    report = job.request["Report"]
    if not report.get("Enabled") or not done:
        return
    everything = report.get("ReportScope") == "AllTasks"
    s3, bucket = job.s3(), report["Bucket"].removeprefix("arn:aws:s3:::")
    folder = f"{report.get('Prefix', '').strip('/')}/job-{job.id}".lstrip("/")
    results = []
    for status in ("succeeded", "failed"):
        chosen = [number for number, failure in done.items() if bool(failure) == (status == "failed")]
        if not chosen or (status == "succeeded" and not everything):
            continue
        text = io.StringIO()
        for number in chosen:
            code, http, message = done[number] or ("", 200, "Successful")
            row = rows[number]
            csv.writer(text).writerow(
                [row["Bucket"], row["Key"], row.get("VersionId", ""), status, code, http, message]
            )
        body = text.getvalue().encode()
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
        key = f"{folder}/results/{digest}.csv"
        s3.put_object(Bucket=bucket, Key=key, Body=body, **_SSE_S3)
        results.append({"TaskExecutionStatus": status, "Bucket": bucket, "MD5Checksum": digest, "Key": key})
    index = {
        "Format": report.get("Format"),
        "ReportCreationDate": now().isoformat(),
        "Results": results,
        "ReportSchema": "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage",
    }
    s3.put_object(Bucket=bucket, Key=f"{folder}/manifest.json", Body=json.dumps(index).encode(), **_SSE_S3)
