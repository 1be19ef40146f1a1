"""Task reports: what was transferred, verified, skipped and deleted, written to S3.

Shapes of Basic mode from https://docs.aws.amazon.com/datasync/latest/userguide/task-reports.html; names of the files
from https://github.com/aws-samples (efs-cleanup-lambda, which reads them):
`<prefix>/Detailed-Reports/<task>/<execution>/<execution>.files-<section>-v1-<number>-<random>.json`. AWS documents
that a part holds at most 5 MB and that the summary says who, what, how much and when, not the summary's member names.
"""

import json
from typing import Any

from botocore.exceptions import ClientError

from kosha_localcloud.services.identifiers import hexadecimal
from kosha_localcloud.services.operations import Document

PART_LIMIT_BYTES = 5 * 1000 * 1000
SECTIONS = ("Transferred", "Verified", "Skipped", "Deleted")
STATUS_KEYS = {
    "Transferred": "TransferStatus",
    "Verified": "VerifyStatus",
    "Skipped": "SkipStatus",
    "Deleted": "DeleteStatus",
}


class TaskReport:
    """Writes the report of one execution, part by part, so that a long list does not have to fit into memory."""

    def __init__(self, s3: Any, config: Document, task_id: str, execution_id: str) -> None:
        place = config["Destination"]["S3"]
        self._s3 = s3
        self._config = config
        self._bucket = place["S3BucketArn"].rpartition(":")[2]
        prefix = place.get("Subdirectory", "").strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._task_id = task_id
        self._execution_id = execution_id
        self._entries: dict[str, list[str]] = {section: [] for section in SECTIONS}
        self._bytes = dict.fromkeys(SECTIONS, 0)
        self._parts = dict.fromkeys(SECTIONS, 0)
        self._problem: ClientError | None = None

    @property
    def with_versions(self) -> bool:
        """Whether object version ids are wanted."""
        return bool(self._config["ObjectVersionIds"] == "INCLUDE")

    def add(self, section: str, entry: Document) -> None:
        """Add an entry to a section, unless the report's level leaves it out. Writes a part when it is full."""
        if self._config["OutputType"] != "STANDARD":
            return
        override = (self._config.get("Overrides") or {}).get(section) or {}
        level = override.get("ReportLevel") or self._config["ReportLevel"]
        if level == "ERRORS_ONLY" and entry[STATUS_KEYS[section]] == "SUCCESS":
            return
        text = json.dumps(entry)
        size = len(text.encode()) + 1
        if self._bytes[section] + size > PART_LIMIT_BYTES - 200:
            self._write_part(section)
        self._entries[section].append(text)
        self._bytes[section] += size

    def finish(self, summary: Document) -> None:
        """Write what is left, and the summary. Raises botocore's ClientError when the bucket refuses."""
        for section in SECTIONS:
            if self._entries[section]:
                self._write_part(section)
        name = f"{self._execution_id}.summary-v1-{hexadecimal(16)}.json"
        self._put("Summary-Reports", name, json.dumps(summary, default=str))
        if self._problem is not None:
            raise self._problem

    def _write_part(self, section: str) -> None:
        self._parts[section] += 1
        entries = ",".join(self._entries[section])
        name = f"{self._execution_id}.files-{section.lower()}-v1-{self._parts[section]:05d}-{hexadecimal(16)}.json"
        self._put("Detailed-Reports", name, f'{{"TaskExecutionId": "{self._execution_id}", "{section}": [{entries}]}}')
        self._entries[section] = []
        self._bytes[section] = 0

    def _put(self, kind: str, name: str, text: str) -> None:
        key = f"{self._prefix}{kind}/{self._task_id}/{self._execution_id}/{name}"
        try:
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=text.encode(), ContentType="application/json")
        except ClientError as error:
            # A report that cannot be written is no reason to stop the transfer: `finish` says so.
            self._problem = error
