"""The recovery region as the steps see it: its clients, and what the roots have published there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rich.console import Console
from rich.markup import escape
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from scripts.handoff import client, read_handoff
from scripts.infrastructure.environments import Environment
from scripts.talk import EXIT_FAILURE, UserError

HOUR = 3600
# How often AWS is asked whether something is done, in seconds.
LOOK_SECONDS = {True: 0.5, False: 15.0}
STORAGE_DIRECTORIES = "/data"
"""Where the directories lie on the file system (modules/shared-storage)."""


@dataclass(frozen=True)
class Standby:
    """One environment, looked at from its recovery region."""

    environment: Environment

    def client(self, service: str) -> Any:
        """A client in the recovery region."""
        return client(self.environment, service, self.environment.recovery_region)

    def primary(self, service: str) -> Any:
        """A client in the primary region: for the way back, and for looks while both regions serve."""
        return client(self.environment, service, self.environment.region)

    def handoff(self, root: str) -> dict[str, Any]:
        """What ``root`` has published, read in the recovery region."""
        return read_handoff(self.environment, root, self.environment.recovery_region)

    @cached_property
    def storage(self) -> dict[str, Any]:
        return self.handoff("20-storage")

    @cached_property
    def protection(self) -> dict[str, Any]:
        return self.handoff("60-protection")

    @property
    def replica_file_system(self) -> str:
        return str(self.protection["replica_file_system_id"])

    def wait(self, what: str, done: Callable[[], bool], seconds: float = HOUR) -> None:
        """Ask until it is done. Raises :class:`UserError` saying what is not, after ``seconds``."""
        pause = wait_fixed(LOOK_SECONDS[self.environment.is_local])
        try:
            Retrying(retry=retry_if_result(lambda ready: not ready), wait=pause, stop=stop_after_delay(seconds))(done)
        except RetryError as error:
            raise UserError(f"not within {seconds / 60:.0f} minutes: {what}; run the step again to go on") from error


def verdict(console: Console, problems: Iterable[tuple[str, str]], good: str) -> int:
    """Print each problem (what, why), or that all is ``good``; returns the exit code."""
    found = [f"{what}: {why}" for what, why in problems]
    for problem in found:
        console.print(f"[red]no[/] {escape(problem)}", highlight=False)
    if not found:
        console.print(f"[green]{good}[/]", highlight=False)
    return EXIT_FAILURE if found else 0
