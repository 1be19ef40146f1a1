"""How long tests wait for what other threads and processes do: a hang fails a test, a slow machine does not."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 300.0
"""Seconds that anything may take. What a machine needs that is quiet is a hundredth of it."""


def wait_for[Found](what: str, look: Callable[[], Found | None], pause: float = 0.2) -> Found:
    """Look again after every ``pause`` seconds until something true is there, and return it; fail with ``what``."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < end, f"not within {PATIENCE:.0f} s: {what}"
        time.sleep(pause)
    return found
