"""What tagging an execution costs, counted on a fake S3: a call for each object, nothing that grows with the bucket."""

from __future__ import annotations

import io
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

import pytest
from aws_lambda_powertools import Logger, Metrics

from common import catalogue
from common.clock import Clock
from common.lake import LakeTags
from common.state import StateStore
from common.transfer_event import TransferEvent
from object_tagger.aws import Executions, Reports
from object_tagger.config import Config
from object_tagger.receipts import Receipts
from object_tagger.tagger import Tagger
from tests.functional.functions.conftest import EXECUTION, LAKE, REPORTS
from tests.transfers import TASK, TRANSFER

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
EXECUTION_ID = EXECUTION.rsplit("/", 1)[-1]
FOLDER = f"task-reports/Detailed-Reports/{TASK.rsplit('/', 1)[-1]}/{EXECUTION_ID}/"


class FakeS3:
    """As much of a boto3 S3 client as the tagger uses. It counts calls by operation and bucket, and does no more."""

    def __init__(self, lake: dict[str, str], reports: dict[str, bytes]) -> None:
        self.lake = lake  # key -> version id
        self.reports = reports
        self.tags: dict[tuple[str, str], dict[str, str]] = {}
        self.made: Counter[str] = Counter()

    def _count(self, operation: str, bucket: str) -> None:
        self.made[f"{operation} {'lake' if bucket == LAKE else 'reports'}"] += 1

    def get_object_tagging(self, Bucket: str, Key: str, VersionId: str = "") -> dict[str, Any]:
        self._count("GetObjectTagging", Bucket)
        version = VersionId or self.lake[Key]
        tags = self.tags.get((Key, version), {})
        return {"TagSet": [{"Key": k, "Value": v} for k, v in tags.items()], "VersionId": version}

    def put_object_tagging(self, Bucket: str, Key: str, VersionId: str, Tagging: dict[str, Any]) -> None:
        self._count("PutObjectTagging", Bucket)
        assert self.lake[Key] == VersionId
        self.tags[(Key, VersionId)] = {each["Key"]: each["Value"] for each in Tagging["TagSet"]}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        self._count("GetObject", Bucket)
        body = io.BytesIO(self.reports[Key])
        stream = Mock(read=body.read, iter_chunks=lambda chunk_size: iter(lambda: body.read(chunk_size), b""))
        return {"Body": stream, "ETag": "e"}

    def put_object(self, Bucket: str, Key: str, Body: bytes, **_: Any) -> dict[str, Any]:
        self._count("PutObject", Bucket)
        self.reports[Key] = Body
        return {"ETag": "e"}

    def get_paginator(self, operation: str) -> Any:
        def paginate(Bucket: str, Prefix: str) -> list[dict[str, Any]]:
            self._count(operation, Bucket)
            keys = self.lake if Bucket == LAKE else self.reports
            return [{"Contents": [{"Key": key} for key in keys if key.startswith(Prefix)]}]

        return Mock(paginate=paginate)


def key_of(number: int) -> str:
    return f"raw-sequences/p/rs_p_s_S{number}.fastq.gz"


@pytest.mark.parametrize("others", [10, 100_000])
@pytest.mark.parametrize(("objects", "parts"), [(1, 1), (100, 3)])
def test_tagging_one_execution_costs_one_put_for_each_object_and_a_get_for_each_part_of_the_report(
    others: int, objects: int, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Kosha")
    lake = {key_of(number): f"v{number}" for number in range(objects + others)}
    reports = {
        f"{FOLDER}{EXECUTION_ID}.files-transferred-v1-{part:05}-0a.json": json.dumps(
            {
                "Transferred": [
                    {
                        "RelativePath": f"/{key_of(number)}",
                        "DstS3VersionId": f"v{number}",
                        "SrcMetadata": {"Type": "Regular"},
                        "TransferStatus": "SUCCESS",
                    }
                    for number in range(objects)
                    if number % parts == part
                ]
            }
        ).encode()
        for part in range(parts)
    }
    s3: Any = FakeS3(lake, reports)
    datasync = Mock()
    datasync.describe_task_execution.return_value = {
        "FilesTransferred": objects,
        "StartTime": NOW,
        "ReportResult": {"Status": "SUCCESS"},
    }
    logger, metrics = Logger(service="object_tagger"), Metrics(service="object_tagger")
    tagger = Tagger(
        config=Config("test", (TRANSFER,), LAKE, REPORTS, "topic", 8, read_tags_first=False),
        catalogue=catalogue.load(),
        lake=LakeTags(s3, LAKE),
        reports=Reports(s3, REPORTS),
        receipts=Receipts(StateStore(s3, REPORTS, "object_tagger")),
        executions=Executions(datasync),
        publisher=Mock(),
        logger=logger,
        metrics=metrics,
    )
    clock = Clock(now=lambda: NOW, remaining_seconds=lambda: 900.0, wait=lambda _: None)
    assert tagger.run(TransferEvent(TRANSFER, EXECUTION, EXECUTION_ID, "SUCCESS"), clock)["tagged"] == objects
    metrics.clear_metrics()
    assert len(s3.tags) == objects
    assert s3.made == {
        "PutObjectTagging lake": objects,
        "GetObject reports": parts + 1,  # the parts, and the receipt
        "list_objects_v2 reports": 1,  # the folder of this execution's report: the names of its parts end in a hash
        "PutObject reports": 2,  # the receipt: begun, done
    }
    assert datasync.describe_task_execution.call_count == 1
