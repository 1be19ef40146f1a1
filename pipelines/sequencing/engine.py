"""Starts Snakemake for a run, follows it, and ends it with all its children.

Snakemake's own lock is a file that outlives a killed process, and the tools it started live on as orphans. So a run is
guarded by an ``flock`` (the kernel drops it when its holder dies), Snakemake gets a session of its own so that the
whole group can be ended, and what a killed run left is ended before the next start; otherwise two writers would share
a file.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.sequencing.run import Run
from pipelines.sequencing.status import State, Status, read_status, write_status

REPOSITORY = Path(__file__).resolve().parents[2]
SNAKEFILE = Path(__file__).resolve().parent / "workflow" / "Snakefile"
PLUGINS = Path(__file__).resolve().parent / "plugins"
PROFILES = Path(__file__).resolve().parent / "profiles"
JOB_COMMANDS = REPOSITORY / "pipelines" / "kubernetes" / "bin"
_STACK = re.compile(r"at [\w.$/]+\(|\.\.\. \d+ more")
"""Lines of a stack trace of Java, behind the one that says what happened."""
_MARK = "KOSHA_PIPELINE_RUN"
_PATIENCE_SECONDS = 10.0
_POLL_SECONDS = 0.1


class RunInUse(Exception):
    """Another process works on this run."""


@contextmanager
def exclusive(run: Run) -> Iterator[None]:
    """Hold the run's lock; raises :class:`RunInUse` at once when it is taken."""
    run.directory.mkdir(parents=True, exist_ok=True)
    with (run.directory / "run.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise RunInUse(lock.read().strip() or "another process") from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()} on {os.uname().nodename}\n")
        lock.flush()
        yield


def leftovers(run: Run) -> list[int]:
    """Processes of this machine that an earlier start of the run left, found by a mark in their environment."""
    mark = f"{_MARK}={run.directory}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def end_leftovers(run: Run) -> int:
    """End them and wait until they are gone; returns how many there were."""
    pids = leftovers(run)
    number = len(pids)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while pids:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise RunInUse(f"process {pids[0]}, which does not end")
        time.sleep(_POLL_SECONDS)
        pids = leftovers(run)
    return number


@dataclass
class Failure:
    """A job that ended badly: its rule and the last line of its log that says something."""

    rule: str
    reason: str


@dataclass
class Progress:
    """What Snakemake has said so far. Jobs without a sample count for the sample ``""``."""

    total: int = 0
    finished: int = 0
    running: dict[int, tuple[str, str]] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    failures: dict[str, list[Failure]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    _jobs: dict[int, dict[str, Any]] = field(default_factory=dict)

    def take(self, event: dict[str, Any], directory: Path) -> tuple[str, str, str] | None:
        """Take one event; returns (what, sample, rule) when it is worth showing."""
        kind = event["event"]
        if kind == "planned":
            self.total = sum(number for rule, number in event["rules"].items() if rule not in ("total", "all"))
            return None
        if kind == "error":
            self.errors.append(event["message"])
            return None
        if kind == "started":
            self._jobs[event["job"]] = event
        job = self._jobs.get(event["job"])
        if job is None or job["rule"] == "all":
            return None
        sample, rule = job["wildcards"].get("id", ""), _step_name(job)
        if kind == "started":
            self.running[event["job"]] = (sample, rule)
        elif self.running.pop(event["job"], None) is None:
            return None  # Snakemake says at the end once more which jobs failed
        if kind == "finished":
            self.finished += 1
            self.done[sample] = self.done.get(sample, 0) + 1
            self.failures[sample] = [each for each in self.failures.get(sample, []) if each.rule != rule]
        if kind == "failed":
            failures = [each for each in self.failures.get(sample, []) if each.rule != rule]
            self.failures[sample] = [*failures, Failure(rule, _last_words(directory, job["log"]))]
        return kind, sample, rule


def _step_name(job: dict[str, Any]) -> str:
    """The rule with what it was done for, e.g. ``fastqc (raw)``, ``align_bwa``."""
    more = [value for name, value in job["wildcards"].items() if name != "id"]
    return f"{job['rule']} ({', '.join(more)})" if more else str(job["rule"])


def _last_words(directory: Path, logs: list[str]) -> str:
    for log in logs:
        path = directory / log
        with suppress(OSError):
            lines = [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
            if said := [line for line in lines if line and not _STACK.match(line)]:
                return f"{said[-1]} (log: {log})"
    return "it said nothing (log: snakemake.log)"


@dataclass(frozen=True)
class Place:
    """Where the steps run: on this machine, or where a profile of Snakemake sends them.

    ``cancel`` is called when a person interrupts a run whose steps run elsewhere. A driver that is ended otherwise
    leaves them at work, for the next start to attach to.
    """

    cores: int = 1
    profile: Path | None = None
    cancel: Callable[[Run], object] | None = None

    @property
    def arguments(self) -> list[str]:
        return ["--profile", str(self.profile)] if self.profile else ["--cores", str(self.cores)]

    def __str__(self) -> str:
        return f"as Jobs of the profile {self.profile.name}" if self.profile else f"on {self.cores} cores"


class Ended(KeyboardInterrupt):
    """This process was asked to end (SIGTERM), by a machine rather than by a person."""


def execute(run: Run, place: Place, show: Callable[[Progress, tuple[str, str, str]], None]) -> tuple[int, Progress]:
    """Run Snakemake to its end; returns its exit code and what it reported.

    The caller holds :func:`exclusive`. ``show`` is called for each event. When this process is interrupted, the whole
    group is ended before the exception goes on.
    """
    events = run.directory / "events.jsonl"
    events.write_text("", encoding="utf-8")
    command = [
        sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE), "--directory", str(run.directory),
        "--configfile", str(run.directory / "run.json"), *place.arguments, "--keep-going", "--rerun-incomplete",
        "--nolock", "--nocolor", "--logger", "kosha", "--scheduler", "greedy", "--benchmark-extended",
    ]  # fmt: skip
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), str(JOB_COMMANDS), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(PLUGINS), str(REPOSITORY)]),
        "KOSHA_PIPELINE_EVENTS": str(events),
        _MARK: str(run.directory),
    }
    progress = Progress()
    with (run.directory / "snakemake.log").open("wb") as log, events.open(encoding="utf-8") as lines:
        engine = subprocess.Popen(
            command,
            cwd=run.directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            pending = ""
            while True:
                code = engine.poll()
                pending += lines.read()
                *whole, pending = pending.split("\n")
                for line in whole:
                    if worth := progress.take(json.loads(line), run.directory):
                        show(progress, worth)
                if code is not None:
                    return code, progress
                time.sleep(_POLL_SECONDS)
        except KeyboardInterrupt as interruption:
            if place.cancel is not None:
                # Snakemake that is asked politely waits for the Jobs, and takes away what they still read.
                _end_group(engine, politely=False)
                if not isinstance(interruption, Ended):
                    place.cancel(run)
            raise
        finally:
            _end_group(engine)


def _end_group(engine: subprocess.Popen[bytes], politely: bool = True) -> None:
    """End the session of Snakemake: first politely, then for good."""
    for number in (signal.SIGTERM, signal.SIGKILL) if politely else (signal.SIGKILL,):
        with suppress(ProcessLookupError):
            os.killpg(engine.pid, number)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            engine.poll()
            try:
                os.killpg(engine.pid, 0)
            except ProcessLookupError:
                engine.wait()
                return
            time.sleep(_POLL_SECONDS)


def settle(run: Run, progress: Progress) -> list[Status]:
    """The final status of each sample after Snakemake has ended; failures of tools go into the status files."""
    shared = progress.failures.get("", [])
    statuses = []
    for sample_id in run.ids:
        status = read_status(run, sample_id)
        failures = progress.failures.get(sample_id, [])
        finished = (run.sample_directory(sample_id) / "published.json").is_file()
        if failures and status.state is not State.STOPPED:
            status = Status(sample_id, State.FAILED, failures[0].rule, [failure.reason for failure in failures])
        elif not failures and not (status.state is State.PUBLISHED and finished):
            if shared:
                status = Status(sample_id, State.FAILED, shared[0].rule, [failure.reason for failure in shared])
            else:
                reasons = progress.errors[-1:] or ["its steps did not all run (log: snakemake.log)"]
                status = Status(sample_id, State.FAILED, status.step or "start", reasons)
        write_status(run, status)
        statuses.append(status)
    return statuses
