"""The platform in an AWS account: time is what it is, the shared storage is mounted, and a region cannot be stopped.

The region is lost by a refusal: every role that works for the platform is refused everything there, as the runbook's
second step does it. What the drill's own operator calls is not refused: that no step needs the primary region is shown
on the local cloud, where it is stopped.
"""

from __future__ import annotations

import subprocess
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import override

from rich.progress import Progress

from scripts.drill.day import Day
from scripts.drill.site import Site
from scripts.recovery.failover import fence
from scripts.talk import make_console


@dataclass(frozen=True)
class AccountSite(Site):
    """An environment in an account, from a host that has both file systems mounted (access point ``workspace``)."""

    mounted: Path = Path()
    mounted_replica: Path = Path()
    length: timedelta = timedelta(hours=2)
    """How long the busy day may last at most."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def advance_to(self, moment: datetime) -> None:
        with Progress(console=make_console(), transient=True) as progress:
            waiting = progress.add_task(f"until {moment:%H:%M} UTC", total=(moment - self.now()).total_seconds())
            while (left := (moment - self.now()).total_seconds()) > 0:
                time.sleep(min(left, 5.0))
                progress.advance(waiting, min(left, 5.0))

    def await_begin(self, begin: datetime) -> None:
        """The day begins now."""

    def fit(self, day: Day) -> Day:
        """A day that is not longer than ``length``, without writes to volumes: no instance has them here."""
        share = min(1.0, self.length / day.lost_after)
        deeds = [replace(each, after=each.after * share) for each in day.deeds if each.target != "volumes"]
        return replace(day, deeds=tuple(deeds), lost_after=day.lost_after * share)

    @override
    def _await(self, process: subprocess.Popen[bytes], command: str, until: datetime) -> None:
        """A step lasts as long as it lasts."""
        process.wait()

    @override
    def resting_but(self, *patterns: str) -> AbstractContextManager[None]:
        """Everything works."""
        return nullcontext()

    def set_lags(self, lake: int, storage: int) -> None:
        """They are as late as they are."""

    def lose_region(self) -> None:
        fence(self.standby)

    def return_region(self) -> None:
        """A step of the way back takes the fence down."""

    @property
    def primary_storage(self) -> Path:
        return self.mounted

    @property
    def recovery_storage(self) -> Path:
        return self.mounted_replica

    def write_volume(self, identifier: str, content: bytes) -> None:
        """No instance has it."""

    def digest_of_volume(self, identifier: str) -> str:
        """Nobody reads it here: the id says that it is there."""
        return identifier
