"""DataSync's task reports: entry by entry as object_tagger reads them, against the whole report in memory.

The report has the shape of ``tests/events/task-report-transferred.json``, in parts of 5 MB as DataSync writes them.
Both contenders look at path, version, kind and status of every entry. What streaming is for is memory: peak MB.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.frame import Contender, Counts, Meter, Pair, Setup
from common.transfers import Transfer
from object_tagger.report import read_part

PART_BYTES = 5_000_000
TASK = "arn:aws:datasync:ap-south-1:111122223333:task/task-0a1b2c3d4e5f60718"
TRANSFER = Transfer("transfer", TASK, "published", timedelta(minutes=30), "task-reports", "")
_ENTRY = json.dumps(
    {
        "RelativePath": "/raw-sequences/p-%d/rs_p-%d_hyd-01_S%07d_R1.fastq.gz",
        "SrcMetadata": {
            "Type": "Regular",
            "ContentSize": 123456789,
            "Mtime": "2026-01-15T03:58:11.136114671Z",
            "Atime": "2026-01-15T03:58:11.136114671Z",
            "Uid": 10001,
            "Gid": 10001,
            "Mode": "0660",
        },
        "Overwrite": "False",
        "DstS3VersionId": "3HL4kqtJvjVBH40Nrjfkd-%d",
        "TransferTimestamp": "2026-01-15T04:02:45.747270957Z",
        "TransferType": "CONTENT_AND_METADATA",
        "TransferStatus": "SUCCESS",
    }
)


@contextmanager
def set_up(size: int) -> Iterator[Setup]:
    """A report of ``size`` entries in a folder."""
    with TemporaryDirectory(prefix="kosha-task-report-") as folder:
        entries = PART_BYTES // len(_ENTRY)
        for part, first in enumerate(range(0, size, entries), start=1):
            lines = ",".join(_ENTRY % (n % 9, n % 9, n, n) for n in range(first, min(first + entries, size)))
            name = f"exec-1.files-transferred-v1-{part:05d}-a.json"
            (Path(folder) / name).write_text(f'{{"TaskExecutionId":"exec-1","Transferred":[{lines}]}}')
        yield {"folder": folder}


def _parts(setup: Setup) -> list[Path]:
    return sorted(Path(setup["folder"]).iterdir())


def whole(setup: Setup, size: int, meter: Meter) -> Counts:
    """``json.load`` of every part, then a look at every entry."""
    with meter:
        entries = []
        for part in _parts(setup):
            with part.open("rb") as body:
                entries += json.load(body)["Transferred"]
        found = sum(
            bool(each["RelativePath"] and each["DstS3VersionId"])
            for each in entries
            if each["TransferStatus"] == "SUCCESS" and each["SrcMetadata"]["Type"] != "Directory"
        )
    assert found == size
    return {"entries": found}


def streamed(setup: Setup, size: int, meter: Meter) -> Counts:
    """As object_tagger does."""
    found = 0
    with meter:
        for part in _parts(setup):
            with part.open("rb") as body:
                for entry in read_part(body, part.name, TRANSFER):
                    found += bool(entry.key and entry.version_id and entry.was_transferred and not entry.is_directory)
    assert found == size
    return {"entries": found}


PAIR = Pair(
    unit="entry",
    contenders={
        "json.load": Contender(whole),
        "streamed": Contender(streamed, sweep=(1_000, 10_000, 100_000, 1_000_000)),
    },
    size=100_000,
    set_up=set_up,
)
