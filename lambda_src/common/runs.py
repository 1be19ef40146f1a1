"""Long work in slices: a run is opened once and continued by every call until it is closed.

Lambda stops a function after 15 minutes. A function with more work than that opens a run, saves how far it has come
(a *checkpoint*) before its time is over, and goes on at the next call of a schedule that calls it every quarter of an
hour and does nothing where no run is open. It does not call itself: Lambda ends such loops after about 16 calls
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html), and a call that is lost would end the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from common.state import Store

NAME = "run"


class RunUnderWay(RuntimeError):
    """Another run is open: it must end, or be cancelled, before the next one is opened."""


class RunDone(RuntimeError):
    """A run of this id was the last one and is closed: the call is a repetition."""


@dataclass(frozen=True)
class Run:
    """A run that is open. ``progress`` is the function's own checkpoint (JSON); ``slices`` counts its checkpoints."""

    id: str
    opened_at: datetime
    parameters: Mapping[str, Any]
    progress: Mapping[str, Any]
    slices: int
    etag: str


class Runs:
    """The runs of one function, at most one of them open.

    Every write raises ``common.state.StateConflict`` where another invocation was faster.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self) -> Run | None:
        """The open run."""
        found = self._store.read(NAME)
        document = found.document.get("open")
        if document is None or found.etag is None:
            return None
        return Run(
            id=document["id"],
            opened_at=datetime.fromisoformat(document["opened_at"]),
            parameters=document["parameters"],
            progress=document["progress"],
            slices=document["slices"],
            etag=found.etag,
        )

    def last(self) -> Mapping[str, Any] | None:
        """The run closed last: ``id``, ``opened_at``, ``closed_at``, ``result``."""
        last: Mapping[str, Any] | None = self._store.read(NAME).document.get("last")
        return last

    def open(self, run_id: str, now: datetime, parameters: Mapping[str, Any]) -> Run:
        """Open a run with an empty checkpoint.

        Raises:
            RunUnderWay: one is open.
            RunDone: the last one has this id. A schedule that calls twice gives the same id twice: name runs by what
                they are for, e.g. by their day.
        """
        found = self._store.read(NAME)
        if (under_way := found.document.get("open")) is not None:
            raise RunUnderWay(f"the run {under_way['id']} is open since {under_way['opened_at']}")
        last = found.document.get("last")
        if last is not None and last["id"] == run_id:
            raise RunDone(f"the run {run_id} was closed at {last['closed_at']}")
        run = Run(run_id, now, dict(parameters), {}, slices=0, etag="")
        return replace(run, etag=self._write(run, last, found.etag))

    def save(self, run: Run, progress: Mapping[str, Any]) -> Run:
        """Save a checkpoint; the run to go on with."""
        saved = replace(run, progress=dict(progress), slices=run.slices + 1)
        last = self._store.read(NAME).document.get("last")
        return replace(saved, etag=self._write(saved, last, run.etag))

    def close(self, run: Run, now: datetime, result: Mapping[str, Any]) -> None:
        """End the run and remember its result."""
        last = {
            "id": run.id,
            "opened_at": run.opened_at.isoformat(),
            "closed_at": now.isoformat(),
            "result": dict(result),
        }
        self._store.write(NAME, {"open": None, "last": last}, run.etag)

    def _write(self, run: Run, last: Mapping[str, Any] | None, etag: str | None) -> str:
        opened = {
            "id": run.id,
            "opened_at": run.opened_at.isoformat(),
            "parameters": dict(run.parameters),
            "progress": dict(run.progress),
            "slices": run.slices,
        }
        return self._store.write(NAME, {"open": opened, "last": last}, etag)
