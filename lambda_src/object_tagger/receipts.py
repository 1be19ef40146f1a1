"""Receipts: which executions have been tagged. The reconciler looks for those that are missing.

One document of the function's state for each execution: ``{"status": "begun"|"done"|"incomplete", "at": <ISO time>,
"counts": {...}}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from common.state import StateConflict, Store

BEGUN, DONE, INCOMPLETE = "begun", "done", "incomplete"


class Receipts:
    """The receipts of the executions."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, execution_id: str, now: datetime) -> bool:
        """Whether this is the first time that the execution is tagged; of two at once only one is told so.

        Raises:
            ClientError, BotoCoreError: S3 could not be asked.
        """
        try:
            self._store.write(execution_id, {"status": BEGUN, "at": now.isoformat()}, None)
        except StateConflict:
            return False
        return True

    def end(self, execution_id: str, now: datetime, status: str, counts: Mapping[str, int]) -> None:
        """Say how it ended. What is done stays done, whatever a later repetition comes to.

        Raises:
            ClientError, BotoCoreError, StateConflict, StateUnreadable: the receipt could not be written.
        """
        found = self._store.read(execution_id)
        if found.document.get("status") == DONE:
            return
        document = {"status": status, "at": now.isoformat(), "counts": dict(counts)}
        self._store.write(execution_id, document, found.etag)
