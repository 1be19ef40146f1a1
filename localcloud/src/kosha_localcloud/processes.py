"""Finding and ending the processes of a local cloud. Nothing is ended on the word of a pid file: what a process was
started with (its command line and its environment, in /proc) says whose it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from kosha_localcloud import settings

_BOOTSTRAP = str(Path(__file__).parent / "lambda_executor" / "bootstrap.py")


@dataclass(frozen=True)
class Process:
    """A process by its id and the time it started, because ids are used again."""

    pid: int
    started: str

    def alive(self) -> bool:
        """Does it still run (and not only wait to be collected by its parent)?"""
        now = _stat(self.pid)
        return now is not None and now[0] not in "ZX" and now[1] == self.started

    def signal(self, number: int) -> None:
        """Send a signal to the process, if it still is the same one."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def find_servers(directory: Path) -> list[Process]:
    """The servers that were started for the working directory."""
    mark = f"{settings.DIRECTORY}={directory}".encode()
    return [
        process
        for process in _all_processes()
        if b"localstack.runtime.main" in _read(process.pid, "cmdline").split(b"\0")
        and mark in _read(process.pid, "environ").split(b"\0")
    ]


def find_function_processes(directory: Path) -> list[Process]:
    """The function processes whose server worked in the directory."""
    clock = json.dumps(f"{directory}/clock.json").encode()  # as the process was told it
    return [
        process
        for process in _all_processes()
        if _BOOTSTRAP.encode() in (command := _read(process.pid, "cmdline")) and clock in command
    ]


def kill_and_wait(processes: list[Process]) -> None:
    """Kill processes and wait until they are gone."""
    for process in processes:
        process.signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(process.alive() for process in processes):
        time.sleep(0.02)


def _all_processes() -> list[Process]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            stat = _stat(int(entry.name))
            if stat is not None:
                found.append(Process(int(entry.name), stat[1]))
    return found


def _stat(pid: int) -> tuple[str, str] | None:
    """State and start time (clock ticks since boot) of a process."""
    text = _read(pid, "stat").decode(errors="replace")
    if not text:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold spaces
    return fields[0], fields[19]


def _read(pid: int, name: str) -> bytes:
    """A file of /proc; empty when the process has ended or belongs to somebody else."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
