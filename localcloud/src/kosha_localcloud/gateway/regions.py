"""Regions that are stopped: no call to them is answered, and nothing happens in them. Pure.

`POST /_kosha/regions` with `{"region": "ap-south-1", "state": "stopped"}` or `"running"`; `GET` lists those stopped.
IAM and the other services that have one endpoint for all regions go on.
"""

from __future__ import annotations

import threading

STOPPED, RUNNING = "stopped", "running"
GLOBAL_SERVICES = frozenset({"budgets", "ce", "cloudfront", "iam", "organizations", "route53"})


class RegionError(ValueError):
    """A state that no region can have."""


class Regions:
    """Which regions are stopped."""

    def __init__(self) -> None:
        self._stopped: set[str] = set()
        self._lock = threading.Lock()

    def set(self, region: str, state: str) -> None:
        """Stop a region or let it run. Raises RegionError for another state."""
        if state not in (STOPPED, RUNNING):
            raise RegionError(f"state is {state!r}; use {STOPPED} or {RUNNING}")
        with self._lock:
            if state == STOPPED:
                self._stopped.add(region)
            else:
                self._stopped.discard(region)

    def is_stopped(self, region: str) -> bool:
        """Whether nothing happens in a region."""
        with self._lock:
            return region in self._stopped

    def is_out_of_reach(self, service: str, region: str) -> bool:
        """Whether a call of a service (botocore's name) to a region gets no answer."""
        return service not in GLOBAL_SERVICES and self.is_stopped(region)

    def describe(self) -> list[str]:
        """The regions that are stopped."""
        with self._lock:
            return sorted(self._stopped)


REGIONS = Regions()
