"""One call's part of a run (``common.runs``): its progress, the lines of its report, its checkpoint.

What a slice has found goes into the reports bucket before its checkpoint says so: a slice that dies in between writes
some lines twice and loses none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Any, Protocol, Self

from common.clock import Clock
from common.reports import ReportStore
from common.runs import Run, RunDone, Runs, RunUnderWay
from common.state import StateConflict

_IN_MEMORY_BYTES = 8 * 1024 * 1024


class Stalled(Exception):
    """The run cannot go on now; the message says why."""


class Progress(Protocol):
    """What a checkpoint holds: ``reports`` written so far, ``problem`` the run was last told to be stuck on."""

    reports: list[str]
    problem: str

    def to_document(self) -> dict[str, Any]: ...


class Slice[P: Progress]:
    """``folder`` goes before the run's id in the names of its reports, ending with a slash where it is not empty."""

    def __init__(self, run: Run, clock: Clock, progress: P, runs: Runs, reports: ReportStore, folder: str = "") -> None:
        self.run = run
        self.clock = clock
        self.progress = progress
        self._runs = runs
        self._reports = reports
        self._folder = folder
        self._lines = SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()

    def write(self, line: Mapping[str, Any]) -> None:
        """Add a line to the report."""
        self._lines.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")

    def write_report(self) -> None:
        """Send what was added since the last time.

        Raises:
            ClientError, BotoCoreError: S3 did not take it.
        """
        if not self._lines.tell():
            return
        self._lines.seek(0)
        name = f"{self._folder}{self.run.id}/{len(self.progress.reports) + 1:04d}.jsonl"
        address = self._reports.write(self.run.opened_at, name, self._lines.read(), "application/x-ndjson")
        self.progress.reports.append(address)
        self._lines.seek(0)
        self._lines.truncate()

    def save(self) -> None:
        """Write the report, then the checkpoint. Raises as :meth:`write_report`, and StateConflict."""
        self.write_report()
        self.run = self._runs.save(self.run, self.progress.to_document())

    def stall(self, problem: str) -> bool:
        """Keep what was done; whether ``problem`` is news. Raises as :meth:`save`."""
        is_news = self.progress.problem != problem
        self.progress.problem = problem
        self.save()
        return is_news


def one_at_a_time[S: Slice[Any]](
    find: Callable[[], Run | None],
    idle: Callable[[], None],
    begin: Callable[[Run], S],
    go_on: Callable[[S], dict[str, Any]],
    stall: Callable[[S, str], dict[str, Any]],
) -> dict[str, Any]:
    """Go on with the run that ``find`` opens or finds, unless another call does; the reply says which it was.

    ``idle`` is called where there is none, ``stall`` with what stands in the way where ``go_on`` raises Stalled.
    """
    try:
        run = find()
    except RunUnderWay as error:
        return {"outcome": "busy", "problem": str(error)}
    except RunDone as error:
        return {"outcome": "done_already", "problem": str(error)}
    except StateConflict:
        return {"outcome": "busy", "problem": "another call has just opened a run"}
    if run is None:
        idle()
        return {"outcome": "idle"}
    with begin(run) as at:
        try:
            return go_on(at)
        except StateConflict:
            return {"outcome": "busy", "problem": "another call goes on with this run"}
        except Stalled as error:
            return stall(at, str(error))
