"""One function process: starting it, handing it events, and ending it when it breaks its limits."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import sysconfig
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

import psutil  # type: ignore[import-untyped]

from kosha_localcloud.lambda_executor.runtime_api import Event, Report, RuntimeApi

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_LOOK_INTERVAL = 0.05  # seconds between two looks at a running process

# The kernel kills a function when the *thread* that started it ends, so one thread that lives as long as the server
# starts them all.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lambda-starter")


@dataclass(frozen=True)
class Blueprint:
    """What a function process is made of. `memory` in MiB."""

    handler: str
    code: Path
    layers: tuple[Path, ...]
    runtime_folder: Path
    clock_file: Path
    log_file: Path
    memory: int


@dataclass(frozen=True)
class Ending:
    """How an event ended. `kind`: response, error, init_error, exit, timeout or memory; `detail` says more."""

    kind: str
    body: bytes = b""
    detail: str = ""


class Sandbox:
    """A process for one function version, used for one event at a time."""

    def __init__(self, blueprint: Blueprint) -> None:
        self.blueprint = blueprint
        self._api: RuntimeApi | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._log_read = 0
        self.peak_memory = 0  # MiB

    def start(self, environment: dict[str, str], mounts: dict[str, str], limit: float) -> Ending | None:
        """Start the process and wait at most `limit` seconds for it to be ready. Gives how it failed, or None.

        `mounts`: mount path -> directory.
        """
        self._close_api()  # what an earlier process has still to say concerns nobody
        self._api = RuntimeApi()
        self.peak_memory = 0
        self._log_read = self.blueprint.log_file.stat().st_size if self.blueprint.log_file.exists() else 0
        self._process = _starter.submit(
            self._spawn, environment | {"AWS_LAMBDA_RUNTIME_API": self._api.address}, mounts
        ).result()
        report = self._await(("ready", "init_error"), limit)
        if isinstance(report, Ending):
            return report
        if report.kind == "init_error":
            self.stop_process()
            return Ending("init_error", report.body)
        return None

    def alive(self) -> bool:
        """Can it take an event?"""
        return self._process is not None and self._process.poll() is None

    def invoke(self, event: Event, limit: float) -> Ending:
        """Hand over one event and wait at most `limit` seconds for its result."""
        if self._api is None:
            raise RuntimeError("invoked before it was started")
        self._api.send(event)
        report = self._await(("response", "error"), limit)
        if isinstance(report, Ending):
            return report
        if self._over_memory():
            self.stop_process()
            return Ending("memory", detail="signal: killed")
        return Ending(report.kind, report.body)

    def take_log(self) -> str:
        """What the process wrote since the last time."""
        if not self.blueprint.log_file.exists():
            return ""
        with self.blueprint.log_file.open("rb") as log:
            log.seek(self._log_read)
            text = log.read()
        self._log_read += len(text)
        return text.decode(errors="replace")

    def stop_process(self) -> None:
        """Kill the process and everything that it started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def close(self) -> None:
        """End the process and its runtime API for good."""
        self.stop_process()
        self._close_api()
        self.blueprint.log_file.unlink(missing_ok=True)

    def _close_api(self) -> None:
        if self._api is not None:
            self._api.close()

    def _spawn(self, environment: dict[str, str], mounts: dict[str, str]) -> subprocess.Popen[bytes]:
        plan = self.blueprint
        settings = {
            "server": os.getpid(),
            "handler": plan.handler,
            "path": [str(plan.code), *(str(layer / "python") for layer in plan.layers)],
            "runtime": str(plan.runtime_folder),
            "compiled": sysconfig.get_path("platlib"),
            "clock": str(plan.clock_file),
            "mounts": mounts,
        }
        plan.log_file.parent.mkdir(parents=True, exist_ok=True)
        with plan.log_file.open("ab") as log:
            return subprocess.Popen(  # -S: without the packages of this environment
                [sys.executable, "-S", str(_BOOTSTRAP), json.dumps(settings)],
                cwd=plan.code,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _await(self, kinds: tuple[str, ...], limit: float) -> Report | Ending:
        if self._api is None:
            raise RuntimeError("waited for before it was started")
        reports = self._api.reports
        deadline = time.monotonic() + limit
        while True:
            with contextlib.suppress(Empty):
                report = reports.get(timeout=_LOOK_INTERVAL)
                if report.kind in kinds:
                    return report
                continue
            if self._process is None or self._process.poll() is not None:
                return self._exited(reports, kinds)
            if self._over_memory():
                self.stop_process()
                return Ending("memory", detail="signal: killed")
            if time.monotonic() > deadline:
                self.stop_process()
                return Ending("timeout")

    def _exited(self, reports: Queue[Report], kinds: tuple[str, ...]) -> Report | Ending:
        """The process has ended; its last report may still be on the way."""
        with contextlib.suppress(Empty):
            while True:
                report = reports.get(timeout=_LOOK_INTERVAL)
                if report.kind in kinds and report.kind != "ready":
                    return report
        code = self._process.returncode if self._process is not None else 0
        if code < 0:
            return Ending("exit", detail=f"signal: {signal.Signals(-code).name.removeprefix('SIG').lower()}")
        return Ending("exit", detail=f"exit status {code}")

    def _over_memory(self) -> bool:
        """Look at the memory of the process (its highest so far) and of its children (now)."""
        if self._process is None:
            return False
        try:
            process = psutil.Process(self._process.pid)
            total = _highest_memory(self._process.pid) + sum(
                child.memory_info().rss for child in process.children(recursive=True)
            )
        except (psutil.NoSuchProcess, OSError):
            return False
        self.peak_memory = max(self.peak_memory, -(-total // 2**20))
        return self.peak_memory > self.blueprint.memory


def _highest_memory(pid: int) -> int:
    """The largest resident size the process has had, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
