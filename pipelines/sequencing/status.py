"""What became of a sample, in one small file: ``samples/<id>/status.json`` in the directory of the run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from pipelines.sequencing.run import Run, to_json, write_atomically

EXIT_BAD_DATA = 65
"""The exit code of a step whose data are at fault, EX_DATAERR of sysexits.h: trying again cannot help."""


class State(StrEnum):
    """``stopped``: the data are bad. ``failed``: a tool or the machine failed. ``waiting``: its turn did not come."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"
    PUBLISHED = "published"


class BadData(Exception):
    """The data of a sample cannot be worked on; ``reasons`` are sentences for the person who sent them."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = list(reasons)


@dataclass(frozen=True)
class Status:
    """``step`` is the rule in which the sample is or was."""

    sample: str
    state: State
    step: str = ""
    reasons: list[str] = field(default_factory=list)


def status_path(run: Run, sample_id: str) -> Path:
    return run.sample_directory(sample_id) / "status.json"


def write_status(run: Run, status: Status) -> None:
    write_atomically(status_path(run, status.sample), to_json(asdict(status)))


def endings(before: Iterable[Mapping[str, Any]], after: Iterable[Status]) -> list[str]:
    """One JSON line for each sample that has ended since ``before`` (the samples of an earlier ``result.json``).

    The log of the cluster counts them by ``event`` and ``state`` (modules/observability); they name no sample.
    """
    known = {each["sample"]: each["state"] for each in before}
    ended = [
        each
        for each in after
        if each.state in (State.PUBLISHED, State.STOPPED, State.FAILED) and known.get(each.sample) != each.state
    ]
    return [json.dumps({"event": "sample.ended", "state": str(each.state), "step": each.step}) for each in ended]


def read_status(run: Run, sample_id: str) -> Status:
    """The status as written last, also by another node; ``waiting`` when there is none."""
    try:
        set(run.sample_directory(sample_id).iterdir())  # makes the client of NFS forget that there was none
        document = json.loads(status_path(run, sample_id).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Status(sample_id, State.WAITING)
    return Status(sample_id, State(document["state"]), document["step"], list(document["reasons"]))
