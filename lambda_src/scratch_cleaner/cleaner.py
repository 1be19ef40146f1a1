"""Carries a cleaning out: one directory, in slices, many files at once.

A file goes in this order: decided on by name and age; its copy looked at; its bytes read and compared; moved aside and
looked at again, the leases too; and deleted when its time aside is over. Whatever is cut off between two steps is found
by the next slice, or lies below ``undo`` under its own path. The tree says how many entries are taken in hand at once
(docs/adr/0040); a file that needs a copy is taken by itself.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from common.catalogue import Catalogue
from common.clock import Clock
from common.failures import ACCESS_DENIED, code_of
from common.publisher import Publisher
from common.reports import ReportStore
from common.runs import Run, Runs
from common.slices import Slice, Stalled, one_at_a_time
from scratch_cleaner import messages
from scratch_cleaner.config import Config
from scratch_cleaner.domain import (
    SKEW,
    Copy,
    Facts,
    GoIfCopied,
    Lease,
    Reason,
    Rules,
    Stay,
    decide,
    doubt_of_copy,
    is_leased,
)
from scratch_cleaner.progress import Progress, shown
from scratch_cleaner.tree import Entry, FileChanged, Problem, Reading, StayedAside

CHECKPOINT = 5000
# After so many refusals one after the other the role, the policy or the key is wrong.
REFUSALS_IN_A_ROW = 5
# A week, and a day for a run that takes long.
MISSED_AFTER = timedelta(days=8)


class Tree(Protocol):
    """The directory as this module needs it (``scratch_cleaner.tree.Tree``)."""

    def batches(self, after: str) -> Iterator[Sequence[Entry]]: ...
    def each[R](self, work: Callable[[Entry], R], entries: Sequence[Entry]) -> list[R | Problem]: ...
    def leases(self, now: datetime) -> list[Lease]: ...
    def read(self, entry: Entry, reading: Reading, stop: Iterator[bool]) -> tuple[Reading, bool]: ...
    def set_aside(self, entry: Entry, run: str) -> None: ...
    def put_back(self, entry: Entry, run: str) -> None: ...
    def remove_directory(self, entry: Entry) -> bool: ...
    def runs_aside(self) -> list[str]: ...
    def batches_aside(self, run: str) -> Iterator[Sequence[Entry]]: ...
    def delete(self, entry: Entry) -> None: ...
    def delete_aside(self, entry: Entry, run: str) -> None: ...


class Copies(Protocol):
    """The data lake as this module needs it (``scratch_cleaner.aws.Copies``)."""

    def find(self, key: str) -> Copy | None: ...


class _TimeIsUp(Exception):
    """The slice ends here; the checkpoint has the position."""


class _Slice(Slice[Progress]):
    """One call's part of a run, with what it takes to ask S3 again for what it did not say."""

    refusals = 0
    before_refusals: Progress | None = None

    def save(self) -> None:
        super().save()
        self.before_refusals = None

    @property
    def is_dry(self) -> bool:
        return bool(self.run.parameters.get("dry_run"))

    def refused(self) -> None:
        """S3 does not say what it has."""
        if self.refusals == 0:
            self.before_refusals = Progress.from_document(self.progress.to_document())
        self.refusals += 1

    def forget_refusals(self) -> None:
        """Go back to before the first of them, so that the next slice asks again. What went since then is gone."""
        if (before := self.before_refusals) is not None:
            self.progress.after = before.after
            self.progress.stays, self.progress.examples = before.stays, before.examples

    def note(self, action: str, path: str, facts: Facts, copy: Copy | None = None) -> None:
        """A line for the report."""
        line = {"action": action, "path": shown(path), "bytes": facts.size, "changed_at": facts.changed_at.isoformat()}
        if copy is not None:
            line |= {"copy_version": copy.version_id, "crc64nvme": copy.checksum}
        self.write(line)


@dataclass(frozen=True)
class _Decided:
    """An entry that goes, or the ``reason`` why it stays, which the report names where it was ``tried``."""

    entry: Entry
    reason: Reason | None = None
    copy: Copy | None = None
    tried: bool = False


@dataclass(frozen=True)
class Cleaner:
    """Cleans one directory."""

    config: Config
    rules: Rules
    catalogue: Catalogue
    tree: Tree
    copies: Copies
    runs: Runs
    reports: ReportStore
    publisher: Publisher
    logger: Logger
    metrics: Metrics

    def run(self, mode: str, clock: Clock) -> dict[str, Any]:
        """Open a run (``clean``, ``dry_run``) or go on with the open one (``continue``); the reply says how far it is.

        Raises:
            ClientError, BotoCoreError: S3 does not take the run's state.
        """
        return one_at_a_time(
            self.runs.find if mode == "continue" else lambda: self._open(mode, clock.now()),
            lambda: self._notice_missed(clock.now()),
            lambda run: _Slice(
                run, clock, Progress.from_document(run.progress), self.runs, self.reports, f"{self.config.directory}/"
            ),
            self._go_on,
            self._stall,
        )

    def _notice_missed(self, now: datetime) -> None:
        """A weekly schedule that no longer calls would raise no error anywhere."""
        last = self.runs.last()
        if last is not None and datetime.fromisoformat(last["closed_at"]) + MISSED_AFTER < now:
            self.metrics.add_metric("CleaningsMissed", MetricUnit.Count, 1)
            self.logger.error("no cleaning has come to its end for too long", extra={"last": last["id"]})

    def _open(self, mode: str, now: datetime) -> Run:
        dry = mode == "dry_run"
        name = f"dry-run-{now:%Y-%m-%dT%H%M%S}" if dry else f"{now:%Y-%m-%d}"
        last = self.runs.last() or {}
        run = self.runs.open(name, now, {"dry_run": dry})
        if not dry:
            facts = {key: last[key] for key in ("id", "closed_at", "result") if key in last}
            self._tell(messages.started(self.config.environment, now, self.config.directory, run.id, facts))
        return run

    def _go_on(self, at: _Slice) -> dict[str, Any]:
        try:
            if not at.progress.emptied:
                self._empty(at)
                at.progress.emptied = True
            self._walk(at)
        except _TimeIsUp:
            at.save()
            return {"outcome": "under_way", "run": at.run.id, "counts": dict(at.progress.counts)}
        except OSError as error:
            raise Stalled(f"the directory cannot be read: {error.strerror}") from error
        return self._finish(at)

    # ---------------------------------------------------------------------------------------- what was set aside

    def _empty(self, at: _Slice) -> None:
        """Delete what has lain aside for its time; what was written to there stays and is told."""
        if at.is_dry:
            return
        for run in self.tree.runs_aside():
            if run == at.run.id or not self._may_be_over(run, at.clock.now()):
                continue
            for entries in self.tree.batches_aside(run):
                self._stop_if_short(at)
                self._delete_all(run, entries, at)

    def _delete_all(self, run: str, entries: Sequence[Entry], at: _Slice) -> None:
        over: list[Entry] = []
        for entry in entries:
            if entry.is_directory or entry.facts.ctime + self.config.undo > at.clock.now():
                continue  # a run may last for days: what it moved last lies here for its own time
            if entry.facts.mtime > entry.facts.ctime - SKEW and not entry.facts.is_link:
                # Moving it here was its last change, unless somebody has written to it here.
                at.progress.stay(f"{run}/{entry.path}", Reason.CHANGED_MEANWHILE)
            else:
                over.append(entry)
        problems = []
        for entry, problem in zip(over, self.tree.each(self.tree.delete, over), strict=True):
            if problem is not None:
                problems.append(problem)
                continue
            at.progress.counts["deleted_files"] += 1
            at.progress.counts["deleted_bytes"] += entry.facts.size
            at.note("deleted", f"{run}/{entry.path}", entry.facts)
        if problems:
            raise problems[0]
        self._remove_directories([entry for entry in entries if entry.is_directory])

    def _may_be_over(self, run: str, now: datetime) -> bool:
        """Whether the time to undo is over for the first file of a run."""
        try:
            opened = datetime.strptime(run, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            return False  # not made by a run
        return opened + self.config.undo <= now

    # ---------------------------------------------------------------------------------------------------- files

    def _walk(self, at: _Slice) -> None:
        since = 0
        for entries in self.tree.batches(at.progress.after):
            self._look_at(entries, at)
            since += len(entries)
            if since >= CHECKPOINT:
                at.save()
                since = 0

    def _look_at(self, entries: Sequence[Entry], at: _Slice) -> None:
        """Decide on each in order; what may go goes together. What waits for its copy goes by itself."""
        decided: list[_Decided] = []
        for entry in entries:
            if at.clock.is_short:
                self._carry_out(decided, at)
                raise _TimeIsUp
            if entry.problem:
                decided.append(_Decided(entry, Reason(entry.problem)))
                continue
            if entry.is_directory:
                decided.append(_Decided(entry))
                continue
            at.progress.counts["looked_at"] += 1
            decision = decide(entry.path, entry.facts, self.rules, self.catalogue, at.clock.now())
            if isinstance(decision, GoIfCopied):
                self._carry_out(decided, at)
                decided = []
                self._carry_out([self._with_copy(entry, decision, at)], at)
            else:
                decided.append(_Decided(entry, decision.reason if isinstance(decision, Stay) else None))
        self._carry_out(decided, at)

    def _carry_out(self, decided: Sequence[_Decided], at: _Slice) -> None:
        """Files first, all at once, then directories; and the position behind the last of them."""
        if not decided:
            return
        going = [each.entry for each in decided if each.reason is None and not each.entry.is_directory]
        outcomes = self._remove(going, at)
        for each in decided:
            if each.entry.is_directory and not each.entry.problem:
                continue
            reason, tried = each.reason, each.tried
            if reason is None:
                reason, tried = self._reason_of(outcomes[each.entry.path], each.entry, at), True
            if reason is None:
                at.progress.counts["files"] += 1
                at.progress.counts["bytes"] += each.entry.facts.size
                at.note("would go" if at.is_dry else "removed", each.entry.path, each.entry.facts, each.copy)
                continue
            at.progress.stay(each.entry.path, reason)
            if tried and reason is not Reason.IN_USE:
                at.note(f"stays: {reason}", each.entry.path, each.entry.facts)
        self._remove_if_empty(
            [each.entry for each in decided if each.entry.is_directory and not each.entry.problem], at
        )
        at.progress.after = decided[-1].entry.path

    def _reason_of(self, outcome: Reason | Problem | None, entry: Entry, at: _Slice) -> Reason | None:
        """Why it stays after all; ``None`` if it went."""
        if isinstance(outcome, StayedAside):
            at.note("kept aside: its place is taken", entry.path, entry.facts)
        if isinstance(outcome, FileChanged | StayedAside | FileNotFoundError):
            return Reason.CHANGED_MEANWHILE
        if isinstance(outcome, OSError):
            self.logger.warning("a file cannot be removed", extra={"problem": outcome.strerror})
            return Reason.REFUSED
        return outcome

    def _remove(self, entries: Sequence[Entry], at: _Slice) -> dict[str, Reason | Problem | None]:
        """Path -> what stood in the way; ``None`` where it went."""
        if not entries:
            return {}
        tree, run = self.tree, at.run.id
        free, used = self._by_lease(entries, at)
        outcomes: dict[str, Reason | Problem | None] = {entry.path: Reason.IN_USE for entry in used}
        if at.is_dry:
            return outcomes | {entry.path: None for entry in free}
        moves = zip(free, tree.each(lambda entry: tree.set_aside(entry, run), free), strict=True)
        outcomes |= {entry.path: problem for entry, problem in moves}
        moved = [entry for entry in free if outcomes[entry.path] is None]
        # A run that took its lease before a file was moved aside must find the file again.
        problem: Problem = FileChanged()
        try:
            aside, taken = self._by_lease(moved, at)
        except OSError as error:
            aside, taken, problem = [], moved, error
        back = zip(taken, tree.each(lambda entry: tree.put_back(entry, run), taken), strict=True)
        outcomes |= {entry.path: stayed or problem for entry, stayed in back}
        if not self.config.undo:
            deleted = zip(aside, tree.each(lambda entry: tree.delete_aside(entry, run), aside), strict=True)
            outcomes |= {entry.path: problem for entry, problem in deleted}
            gone = [entry for entry in aside if outcomes[entry.path] is None]
            at.progress.counts["deleted_files"] += len(gone)
            at.progress.counts["deleted_bytes"] += sum(entry.facts.size for entry in gone)
        return outcomes

    def _by_lease(self, entries: Sequence[Entry], at: _Slice) -> tuple[list[Entry], list[Entry]]:
        """Those that no run uses now, and those that one does."""
        if not entries:
            return [], []
        now = at.clock.now()
        leases = self.tree.leases(now)
        used = {entry.path for entry in entries if is_leased(entry.path, leases, now)} if leases else set()
        return [each for each in entries if each.path not in used], [each for each in entries if each.path in used]

    def _with_copy(self, entry: Entry, decision: GoIfCopied, at: _Slice) -> _Decided:
        """The decision on a file that goes only if it has a copy."""
        _, used = self._by_lease([entry], at)
        if used:
            return _Decided(entry, Reason.IN_USE, tried=True)
        try:
            copy, doubt = self._check_copy(entry, decision, at)
        except (FileChanged, OSError) as error:
            return _Decided(entry, self._reason_of(error, entry, at), tried=True)
        return _Decided(entry, doubt, copy, tried=True)

    def _check_copy(self, entry: Entry, decision: GoIfCopied, at: _Slice) -> tuple[Copy | None, Reason | None]:
        try:
            copy = self.copies.find(entry.path)
        except (ClientError, BotoCoreError) as error:
            at.refused()
            code = code_of(error)
            if at.refusals >= REFUSALS_IN_A_ROW:
                at.forget_refusals()
                hint = ": the role, the bucket policy or the key" if code in ACCESS_DENIED or code == "403" else ""
                raise Stalled(f"S3 does not show the copies of files: {code}{hint}") from error
            self.metrics.add_metric("CopiesUnread", MetricUnit.Count, 1)
            return None, Reason.REFUSED
        at.refusals = 0
        # First without the file's own checksum: reading a whole genome for a copy that is not replicated is in vain.
        doubt = doubt_of_copy(copy, entry.facts, copy.checksum if copy else "", decision.tags, self.rules)
        if doubt is None:
            doubt = doubt_of_copy(copy, entry.facts, self._checksum(entry, at), decision.tags, self.rules)
        return copy, doubt

    def _checksum(self, entry: Entry, at: _Slice) -> str:
        """CRC64NVME in S3's form, base64 of its eight bytes, the highest first."""
        start = at.progress.start_of(entry.path, entry.facts)
        reading, complete = self.tree.read(entry, start, _until(lambda: at.clock.is_short))
        at.progress.counts["bytes_read"] += reading.offset - start.offset
        if not complete:
            at.progress.stop_reading(entry.path, entry.facts, reading)
            raise _TimeIsUp
        return base64.b64encode(reading.crc.to_bytes(8, "big")).decode()

    def _remove_if_empty(self, entries: Sequence[Entry], at: _Slice) -> None:
        now, retention = at.clock.now(), self.rules.retention
        # Where files are to be kept, a writer may be about to write into a folder that was there a moment ago.
        if retention is None or at.is_dry:
            return
        old, _ = self._by_lease([each for each in entries if each.facts.changed_at + retention + SKEW <= now], at)
        at.progress.counts["directories"] += self._remove_directories(old)

    def _remove_directories(self, entries: Sequence[Entry]) -> int:
        """Those that are empty, each after what lies in it; how many went."""
        removed = 0
        for _, level in groupby(sorted(entries, key=_depth, reverse=True), _depth):
            removed += self.tree.each(self.tree.remove_directory, list(level)).count(True)
        return removed

    # ------------------------------------------------------------------------------------------- start, save, end

    def _stop_if_short(self, at: _Slice) -> None:
        if at.clock.is_short:
            raise _TimeIsUp

    def _finish(self, at: _Slice) -> dict[str, Any]:
        at.write_report()
        progress, now = at.progress, at.clock.now()
        counts = {name: progress.counts[name] for name in _COUNTS}
        stays = {reason.value: count for reason, count in progress.stays.items()}
        result: dict[str, Any] = counts | {
            "stays": stays,
            "reports": progress.reports[:20],
            "slices": at.run.slices + 1,
        }
        self.runs.close(at.run, now, result)
        for name, metric in (("files", "FilesRemoved"), ("deleted_files", "FilesDeleted")):
            self.metrics.add_metric(metric, MetricUnit.Count, 0 if at.is_dry else counts[name])
        self.metrics.add_metric("BytesRemoved", MetricUnit.Bytes, 0 if at.is_dry else counts["bytes"])
        self.metrics.add_metric("FilesDoubtful", MetricUnit.Count, progress.doubtful_count)
        self.logger.info("cleaned", extra={"run": at.run.id, "counts": counts, "stays": stays})
        examples = [
            {"path": path, "reason": reason.value} for reason, paths in progress.examples.items() for path in paths
        ]
        self._tell(
            messages.finished(
                self.config.environment,
                now,
                self.config.directory,
                at.run.id,
                result,
                examples,
                progress.doubtful_count,
                dry_run=at.is_dry,
            )
        )
        return {"outcome": "finished", "run": at.run.id, "result": result}

    def _stall(self, at: _Slice, problem: str) -> dict[str, Any]:
        """Keep what was done, and tell once what stands in the way."""
        is_news = at.stall(problem)
        self.metrics.add_metric("CleaningFailures", MetricUnit.Count, 1)
        self.logger.error("the cleaning cannot go on", extra={"run": at.run.id, "problem": problem})
        if is_news:
            now = at.clock.now()
            self._tell(messages.stalled(self.config.environment, now, self.config.directory, at.run.id, problem))
        return {"outcome": "stalled", "run": at.run.id, "problem": problem}

    def _tell(self, notice: Any) -> None:
        self.publisher.publish(self.config.topic_arn, notice)


_COUNTS = ("looked_at", "files", "bytes", "deleted_files", "deleted_bytes", "directories", "bytes_read")


def _depth(entry: Entry) -> int:
    return entry.path.count("/")


def _until(is_over: Callable[[], bool]) -> Iterator[bool]:
    while True:
        yield is_over()
