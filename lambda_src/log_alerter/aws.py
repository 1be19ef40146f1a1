"""What log_alerter remembers lies in S3, one document for each filter (common/state.py)."""

from __future__ import annotations

from collections.abc import Callable

from common.clock import Clock
from common.state import StateConflict, Store
from log_alerter.memory import Memory

# Two invocations at a time (reserved concurrency), so a try that loses is followed by one that wins soon.
ATTEMPTS = 8
PAUSE_SECONDS = 0.1


class Memories:
    """The memory of each filter, changed by one invocation at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def change[T](self, name: str, clock: Clock, change: Callable[[Memory], T | None]) -> T | None:
        """Apply ``change`` to the filter's memory and write it; ``None`` from it means that there is nothing to write.

        Where another invocation was faster, ``change`` is applied again to what that one wrote.

        Raises:
            StateConflict: others were faster again and again.
            StateUnreadable, ClientError, BotoCoreError: as ``common.state.StateStore``.
        """
        for attempt in range(1, ATTEMPTS + 1):
            found = self._store.read(name)
            memory = Memory.read(found.document)
            answer = change(memory)
            if answer is None:
                return None
            try:
                self._store.write(name, memory.document(), found.etag)
            except StateConflict:
                if attempt == ATTEMPTS:
                    raise
                clock.wait(PAUSE_SECONDS * attempt)
            else:
                return answer
        raise AssertionError("the last attempt returns or raises")
