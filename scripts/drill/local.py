"""The platform on the local cloud: time passes when it is told to, and a region can be stopped."""

from __future__ import annotations

import subprocess
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from scripts.drill.site import Site, digest
from scripts.localcloud import LocalCloud, local_cloud
from scripts.recovery.failover import fence

PATIENCE = 4.0
"""Seconds after which a step that is not done is taken for one that waits."""


@dataclass(frozen=True)
class LocalSite(Site):
    """A local cloud with every root applied."""

    cloud: LocalCloud = field(default_factory=local_cloud)
    loss: str = "stop"
    """How the primary region is lost: ``stop`` (nothing answers there) or ``deny`` (as in an account)."""

    def now(self) -> datetime:
        return datetime.fromisoformat(self.cloud.control("GET", "clock")["now"])

    def advance_to(self, moment: datetime) -> None:
        seconds = int((moment - self.now()).total_seconds())
        if seconds > 0:
            self.cloud.advance_clock(seconds)

    def await_begin(self, begin: datetime) -> None:
        with self.resting_but():
            self.advance_to(begin)

    def _await(self, process: subprocess.Popen[bytes], command: str, until: datetime) -> None:
        """Let a step last as long as its page says. One that waits for what is done by the clock gets time to pass."""
        may_wait = command.startswith("make recover")
        while process.poll() is None:
            try:
                process.wait(PATIENCE if may_wait else None)
            except subprocess.TimeoutExpired:
                self.advance_to(min(until, self.now() + timedelta(minutes=1)))
        self.advance_to(until)

    def resting_but(self, *patterns: str) -> AbstractContextManager[None]:
        return self.cloud.resting_but(*patterns)

    def lose_region(self) -> None:
        if self.loss == "deny":
            fence(self.standby)
        else:
            self.cloud.control("POST", "regions", {"region": self.region, "state": "stopped"})

    def return_region(self) -> None:
        self.cloud.control("POST", "regions", {"region": self.region, "state": "running"})

    def set_lags(self, lake: int, storage: int) -> None:
        self.cloud.control("POST", "replication/lag", {"seconds": lake})
        self.cloud.control("POST", "efs/replication/lag", {"seconds": storage})

    @property
    def primary_storage(self) -> Path:
        return self.cloud.shared_storage(self.standby.storage["file_system_id"])

    @property
    def recovery_storage(self) -> Path:
        return self.cloud.shared_storage(self.standby.replica_file_system)

    def write_volume(self, identifier: str, content: bytes) -> None:
        self._volume(identifier).parent.mkdir(parents=True, exist_ok=True)
        self._volume(identifier).write_bytes(content)

    def digest_of_volume(self, identifier: str) -> str:
        return digest(self._volume(identifier).read_bytes())

    def _volume(self, identifier: str) -> Path:
        """The local cloud keeps one file for each."""
        return self.cloud.directory / "volumes" / identifier
