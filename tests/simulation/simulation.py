"""One history: a world with the deployed functions, operations applied to it, invariants looked at all the time."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from common import catalogue
from tests.simulation.deployment import deploy
from tests.simulation.invariants import Invariants
from tests.simulation.operations import MANAGED, PROTECTED, SCHEDULED, SPECS, Operation
from tests.simulation.world.compute import Outcome
from tests.simulation.world.datasync import Execution
from tests.simulation.world.ec2 import Deleted
from tests.simulation.world.platform import World, without_threads
from tests.simulation.world.sns import Delivered

MEMORY = Path("/dev/shm")
LOOK_EVERY = timedelta(minutes=30)
# From the notice of an audit until somebody has read it and typed the command it names.
PEOPLE_ACT_AFTER = timedelta(hours=3)
EVERYTHING = {"versions": 0, "days": 0, "batch": 1}


@dataclass(frozen=True)
class Entry:
    """A line of the timeline."""

    at: datetime
    lane: str
    what: str
    detail: str


class Simulation:
    """Use as a context manager: the shared storage is a real directory that has to go."""

    def __init__(self, keep_timeline: bool = False, functions: Collection[str] | None = None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="kosha-simulation-", dir=MEMORY if MEMORY.is_dir() else None))
        self.world = World(self._folder)
        self.begin = self.world.timeline.now
        self.classes = sorted(catalogue.load().classes.values(), key=lambda each: each.code)
        self.invariants = Invariants(self.world)
        self.deployment = deploy(self.world, functions)
        self._names = sorted(self.world.functions.functions)
        self.invariants.deployed = frozenset(self._names)
        self.log_rules = catalogue.read_document("log-alerts")["filters"]
        self._contents = 0
        self.counts: Counter[str] = Counter()
        self.entries: list[Entry] = []
        self.samples: list[tuple[datetime, int, int]] = []
        self._keep = keep_timeline
        self.world.functions.watchers.append(self._function_ended)
        self.world.task.watchers.append(self._transfer_ended)
        self.world.mailbox.watchers.append(self._notice)
        self.world.machines.watchers.append(self._machine_changed)
        self._look()

    def __enter__(self) -> Simulation:
        self._without_threads = without_threads()
        self._without_threads.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._without_threads.__exit__(None, None, None)
        shutil.rmtree(self._folder, ignore_errors=True)

    # What happens -----------------------------------------------------------------------------------------------------

    def advance_to(self, minute: int) -> None:
        """Let time pass until a minute of the history.

        Raises:
            Violated: a promise was broken on the way.
        """
        self.world.timeline.advance_to(self.begin + timedelta(minutes=minute))
        self.invariants.check()

    def apply(self, operation: Operation) -> None:
        """Let time pass, then let something happen.

        Raises:
            Violated: a promise was broken.
        """
        self.advance_to(operation.minute)
        spec = SPECS[operation.name]
        detail = spec.apply(self, operation.arguments)
        self.counts[f"operation {operation.name}"] += 1
        self.log(spec.lane, operation.name, detail)
        self.invariants.check()

    def stop_faults(self) -> None:
        """Nothing goes wrong from now on, and what needs people has been done."""
        world = self.world
        world.faults.clear()
        world.task.next_faults.clear()
        world.task.hide_current = False
        world.events.next_faults.clear()
        world.scheduler.next_faults.clear()
        world.functions.slowness.clear()
        world.logs.double_next = 0
        world.functions.skew = timedelta(0)
        world.replication.extra_delay = timedelta(0)
        world.replication.fail_next = 0
        world.replication.repair()
        world.machines.fail_snapshots = 0
        world.machines.slow_snapshots = timedelta(0)

    def settle(self, minute: int) -> None:
        """Faults stop, time passes, and everything must be as it should.

        Raises:
            Violated: it is not.
        """
        self.stop_faults()
        self.log("operations", "faults_stop", "")
        self.advance_to(minute)
        self.invariants.check_settled()

    # What operations need ---------------------------------------------------------------------------------------------

    def pick[T](self, candidates: Sequence[T], number: int) -> T | None:
        """One of them, or None of nothing."""
        return candidates[number % len(candidates)] if candidates else None

    def function(self, number: int) -> str:
        """The name of a deployed function."""
        return self._names[number % len(self._names)]

    def instance_tags(self, shape: int) -> dict[str, str]:
        """Tags of an instance: scheduled, scheduled and protected or managed, or nobody's business."""
        if shape == 0:
            return {}
        if shape in (1, 3):
            return SCHEDULED | (PROTECTED if shape == 1 else MANAGED)
        return dict(SCHEDULED)

    def content(self, size: int, exact: bool = False) -> bytes:
        """Bytes that no other file has."""
        self._contents += 1
        block = hashlib.sha256(str(self._contents).encode()).digest()
        size = size if exact else size + 8
        return (block * (size // len(block) + 1))[:size]

    # What is written down ---------------------------------------------------------------------------------------------

    def log(self, lane: str, what: str, detail: str) -> None:
        """A line for the timeline."""
        if self._keep:
            self.entries.append(Entry(self.world.timeline.now, lane, what, detail))

    def _look(self) -> None:
        timeline = self.world.timeline
        self.invariants.look()
        if self._keep:
            self.samples.append((timeline.now, len(self.world.lake.versions), len(self.invariants.untagged)))
        timeline.after(LOOK_EVERY, self._look)

    def _function_ended(self, outcome: Outcome) -> None:
        self.counts[f"run {outcome.function}"] += 1
        if outcome.problem:
            self.counts[f"failed run {outcome.function}"] += 1
            self.log("failures", outcome.function, outcome.problem)
        elif self._keep and outcome.result:
            self.log("functions", outcome.function, str(outcome.result)[:200])

    def _transfer_ended(self, execution: Execution) -> None:
        self.counts[f"transfer {execution.status}"] += 1
        self.log("transfers", execution.status, f"{execution.id}: {execution.transferred} files")

    def _notice(self, notice: Delivered) -> None:
        self.counts[f"notice {notice.document['kind']}"] += 1
        if "to_mend" in notice.document["details"] and "tag_backfill" in self.world.functions.functions:
            self.world.timeline.after(PEOPLE_ACT_AFTER, self._order_backfill)
        lane = "routine" if notice.document["severity"] == "info" else "notices"
        self.log(lane, str(notice.document["kind"]), notice.subject)

    def _order_backfill(self) -> None:
        """What the notice of an audit asks people for."""
        SPECS["backfill_is_ordered"].apply(self, EVERYTHING)

    def _machine_changed(self, change: Deleted) -> None:
        self.counts[change.what] += 1
        lane = "deletions" if change.what.endswith("deleted") else "functions"
        self.log(lane, change.what, change.thing.id)

    def summary(self) -> dict[str, Any]:
        """Numbers of the history."""
        world = self.world
        return {
            "days": round((world.timeline.now - self.begin) / timedelta(days=1), 2),
            "objects": len(world.lake.versions),
            "versions": sum(len(each) for each in world.lake.versions.values()),
            "untagged": len(self.invariants.untagged),
            "files": len(world.files.ledger),
            "dead_letters": len(world.functions.dead_letters),
            "races_for_foreign_tags": self.invariants.races,
            "faults": dict(sorted(world.faults.strikes.items())),
            "counts": dict(sorted(self.counts.items())),
        }
