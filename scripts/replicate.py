"""Command line of Batch Replication (``make replicate``): copies to the other region what the rules left alone, or says
how much that is. Left alone is what lay in the bucket before the rules, and what failed.

    python -m scripts.replicate --env dev [--mode apply] [--direction back] [--statuses FAILED] [--prefix results/]

Exit codes: 0 done, or nothing to do; 1 objects were not copied, or the job did not end well.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.table import Table
from rich.text import Text

from scripts.handoff import client, read_handoff
from scripts.infrastructure.environments import Environment, load_environment
from scripts.talk import EXIT_FAILURE, UserError, make_console, run_program

console = make_console()
WAIT_SECONDS = 3.0
ENDED = frozenset({"Complete", "Failed", "Cancelled"})
WAITS = frozenset({"Suspended"})
OPERATION = "S3ReplicateObject"
# What S3 has never tried (NONE) and what it has given up on:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-batch-replication-batch.html
STATUSES = ("NONE", "FAILED")
KNOWN_STATUSES = (*STATUSES, "COMPLETED", "REPLICA")
# How S3 says that a job has nothing to do:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-troubleshoot.html
NOTHING = "no keys matching"
SHOWN_FAILURES = 20
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_CreateJob.html
LONGEST_DESCRIPTION = 256
PRICES = "https://aws.amazon.com/s3/pricing/"


@dataclass(frozen=True)
class Way:
    """From which bucket to which; a job runs in the region of the first."""

    source: str
    destination: str
    region: str

    @property
    def title(self) -> str:
        """How the descriptions of its jobs begin: an account may have others, of another environment or by hand."""
        return f"make replicate: {self.source} to {self.destination}"


def way_of(environment: Environment, storage: Mapping[str, Any], direction: str) -> Way:
    """``out`` to the recovery region, ``back`` from there. Raises :class:`UserError` for anything else."""
    lake, replica = storage["lake_bucket"], storage["replica_bucket"]
    if direction == "out":
        return Way(lake, replica, environment.region)
    if direction == "back":
        return Way(replica, lake, environment.recovery_region)
    raise UserError(f"there is no direction '{direction}': out (to the recovery region) or back (from there)")


def statuses_of(text: str) -> list[str]:
    """The replication statuses a comma-separated text names. Raises :class:`UserError` for one there is not."""
    found = [each.strip().upper() for each in text.split(",") if each.strip()] or list(STATUSES)
    if unknown := set(found) - set(KNOWN_STATUSES):
        raise UserError(f"{', '.join(sorted(unknown))} is no replication status; choose of {', '.join(KNOWN_STATUSES)}")
    return found


def moment_of(text: str) -> datetime | None:
    """A time in ISO form, in UTC where it names no zone. Raises :class:`UserError` for anything else."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UserError(f"'{text}' is no time: write it like 2026-01-15 or 2026-01-15T12:00:00Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Choice:
    """Which objects: by status, by the beginning of their names, by age."""

    statuses: list[str]
    prefix: str = ""
    created_before: datetime | None = None

    def as_filter(self) -> dict[str, Any]:
        """As S3 takes it; rules decide first, so nothing is copied that they would not copy."""
        wanted: dict[str, Any] = {"EligibleForReplication": True, "ObjectReplicationStatuses": self.statuses}
        if self.prefix:
            wanted["KeyNameConstraint"] = {"MatchAnyPrefix": [self.prefix]}
        if self.created_before:
            wanted["CreatedBefore"] = self.created_before
        return wanted

    def __str__(self) -> str:
        older = f", older than {self.created_before.isoformat()}" if self.created_before else ""
        return f"{','.join(sorted(self.statuses))}{older}, below '{self.prefix}'"


class Replicator:
    """Makes jobs of one way and looks at them."""

    def __init__(self, environment: Environment, direction: str) -> None:
        storage = read_handoff(environment, "20-storage")
        self.way = way_of(environment, storage, direction)
        self._role = storage["replication"]["role_arn"]
        self._account = self._role.split(":")[4]
        self._reports, self._reports_arn = storage["reports_bucket"], storage["reports_bucket_arn"]
        self._prefix = storage["replication"]["report_prefix"]
        self._control = client(environment, "s3control", self.way.region)
        self._s3 = client(environment, "s3")

    def create(self, choice: Choice, confirmed: bool) -> str:
        """A job; S3 makes the list of objects itself. An unconfirmed one counts them and waits. Gives its id."""
        return str(
            self._ask(
                "create_job",
                ConfirmationRequired=not confirmed,
                Operation={OPERATION: {}},
                Report={
                    "Bucket": self._reports_arn,
                    "Prefix": self._prefix,
                    "Format": "Report_CSV_20180820",
                    "Enabled": True,
                    "ReportScope": "FailedTasksOnly",
                },
                ManifestGenerator={
                    "S3JobManifestGenerator": {
                        "SourceBucket": f"arn:aws:s3:::{self.way.source}",
                        "EnableManifestOutput": False,
                        "Filter": choice.as_filter(),
                    }
                },
                Description=self._description(choice),
                Priority=10,
                RoleArn=self._role,
                ClientRequestToken=uuid.uuid4().hex,
            )["JobId"]
        )

    def look(self, job: str) -> dict[str, Any]:
        """The job as S3 describes it."""
        found: dict[str, Any] = self._ask("describe_job", JobId=job)["Job"]
        return found

    def open_jobs(self) -> list[dict[str, Any]]:
        """Jobs of this way that have not ended."""
        page = self._ask("list_jobs")
        jobs: list[dict[str, Any]] = page["Jobs"]
        while token := page.get("NextToken"):
            page = self._ask("list_jobs", NextToken=token)
            jobs += page["Jobs"]
        return [
            each
            for each in jobs
            if each["Status"] not in ENDED and each.get("Description", "").startswith(f"{self.way.title}; ")
        ]

    def under_way(self, choice: Choice) -> str | None:
        """The id of a job that copies this choice, if one is at work."""
        jobs = (each for each in self.open_jobs() if each["Status"] not in WAITS)
        return next((each["JobId"] for each in jobs if each["Description"] == self._description(choice)), None)

    def _description(self, choice: Choice) -> str:
        return f"{self.way.title}; {choice}"[:LONGEST_DESCRIPTION]

    def cancel(self, job: str) -> None:
        """End a job; what it has copied stays copied."""
        self._ask("update_job_status", JobId=job, RequestedJobStatus="Cancelled", StatusUpdateReason="make replicate")

    def failures(self, job: str) -> Iterator[list[str]]:
        """Rows of the completion report: bucket, key, version, status, code, HTTP status, message."""
        folder = f"{self._prefix}/job-{job}"
        index = json.loads(self._read(f"{folder}/manifest.json"))
        for result in index["Results"]:
            if result["TaskExecutionStatus"] == "failed":
                yield from csv.reader(self._read(result["Key"]).splitlines())

    def _read(self, key: str) -> str:
        try:
            body: bytes = self._s3.get_object(Bucket=self._reports, Key=key)["Body"].read()
        except (BotoCoreError, ClientError) as error:
            raise UserError(f"the job's report s3://{self._reports}/{key} cannot be read: {error}") from error
        return body.decode()

    def _ask(self, call: str, **parameters: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._control, call)(AccountId=self._account, **parameters)
        except (BotoCoreError, ClientError) as error:
            raise UserError(f"S3 Batch Operations in {self.way.region} refused {call}: {error}") from error
        return answer


def line_of(job: Mapping[str, Any]) -> str:
    """What a job has done, in a line."""
    progress = job["ProgressSummary"]
    total, failed = progress["TotalNumberOfTasks"], progress["NumberOfTasksFailed"]
    done = progress["NumberOfTasksSucceeded"] + failed
    return f"{job['Status']}: {done:,} of {total:,} objects" + (f", {failed:,} failed" if failed else "")


def follow(
    replicator: Replicator, job: str, until: frozenset[str], wait: Callable[[float], None] = time.sleep
) -> dict[str, Any]:
    """Look at a job until it is in one of these states, with a line that shows how far it is."""
    with console.status("working") as status:
        while (found := replicator.look(job))["Status"] not in until:
            status.update(line_of(found))
            wait(WAIT_SECONDS)
    return found


def has_nothing_to_do(job: Mapping[str, Any]) -> bool:
    """S3 fails a job whose list is empty."""
    return any(NOTHING in str(each.get("FailureReason")) for each in job.get("FailureReasons") or [])


def estimate(replicator: Replicator, choice: Choice, wait: Callable[[float], None] = time.sleep) -> int:
    """Let S3 count in a job that waits for its confirmation, and end it."""
    job = replicator.create(choice, confirmed=False)
    found = follow(replicator, job, ENDED | WAITS, wait)
    if found["Status"] in WAITS:
        replicator.cancel(job)
    elif not has_nothing_to_do(found):
        return show(replicator, found)
    count = found["ProgressSummary"]["TotalNumberOfTasks"]
    table = Table("from", "to", "status", "objects to copy")
    table.add_row(replicator.way.source, replicator.way.destination, ", ".join(choice.statuses), f"{count:,}")
    console.print(table)
    console.print(
        f"each version and each delete marker counts; S3 charges for 1 job, the list, {count:,} objects of the job, as "
        f"many writes and what goes from region to region: {PRICES}",
        highlight=False,
    )
    return 0


def apply(replicator: Replicator, choice: Choice, wait: Callable[[float], None] = time.sleep) -> int:
    """Copy, and show how it ended. A job of the same choice that is under way is followed, not made twice."""
    under_way = replicator.under_way(choice)
    job = under_way or replicator.create(choice, confirmed=True)
    said = " is under way already" if under_way else ""
    console.print(f"job {job} in {replicator.way.region}{said}", highlight=False)
    return show(replicator, follow(replicator, job, ENDED | WAITS, wait))


def cancel(replicator: Replicator, job: str) -> int:
    """End one job, or all of this way that have not ended."""
    found = [job] if job else [each["JobId"] for each in replicator.open_jobs()]
    for each in found:
        replicator.cancel(each)
        console.print(f"job {each} is cancelled; what it has copied stays", highlight=False)
    if not found:
        console.print(f"no job is under way from {replicator.way.source}", highlight=False)
    return 0


def show(replicator: Replicator, job: Mapping[str, Any]) -> int:
    """Print how a job ended: counts, and what failed and why."""
    if has_nothing_to_do(job):
        console.print("nothing to copy: no object has one of these statuses", highlight=False)
        return 0
    console.print(line_of(job), highlight=False)
    for reason in job.get("FailureReasons") or []:
        console.print(f"{reason.get('FailureCode')}: {reason.get('FailureReason')}", highlight=False, soft_wrap=True)
    if job["ProgressSummary"]["NumberOfTasksFailed"]:
        rows = list(replicator.failures(job["JobId"]))
        table = Table("reason", "objects", "for instance", "")
        for code, count in Counter(row[4] for row in rows).most_common():
            one = next(row for row in rows if row[4] == code)
            table.add_row(code, f"{count:,}", Text(one[1]), Text(one[6]))
        console.print(table)
        for row in rows[:SHOWN_FAILURES]:
            console.print(f"  {row[1]} {row[2]}: {row[4]}", markup=False, highlight=False, soft_wrap=True)
        if len(rows) > SHOWN_FAILURES:
            console.print(f"  and {len(rows) - SHOWN_FAILURES:,} more", highlight=False)
    well = job["Status"] == "Complete" and not job["ProgressSummary"]["NumberOfTasksFailed"]
    return 0 if well else EXIT_FAILURE


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="replicate", description=__doc__)
    parser.add_argument("--env", required=True)
    parser.add_argument("--mode", default="estimate", help="estimate (default), apply or cancel")
    parser.add_argument("--direction", default="out", help="out: to the recovery region (default); back: from there")
    parser.add_argument("--statuses", default="", help="NONE,FAILED (default), COMPLETED, REPLICA")
    parser.add_argument("--prefix", default="", help="only objects whose key starts so")
    parser.add_argument("--created-before", default="", help="only objects older than this time, e.g. 2026-01-15")
    parser.add_argument("--run", default="", help="the id of a job, to cancel that one")
    arguments = parser.parse_args()
    mode = arguments.mode or "estimate"
    if mode not in ("estimate", "apply", "cancel"):
        raise UserError(f"there is no mode '{mode}': estimate, apply or cancel")
    choice = Choice(statuses_of(arguments.statuses), arguments.prefix, moment_of(arguments.created_before))
    replicator = Replicator(load_environment(arguments.env), arguments.direction or "out")
    if mode == "cancel":
        return cancel(replicator, arguments.run)
    return {"estimate": estimate, "apply": apply}[mode](replicator, choice)


if __name__ == "__main__":
    run_program(main)
