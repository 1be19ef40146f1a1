"""A logger of Snakemake that writes what happens to each job as JSON lines, for the program that started it.

Snakemake finds it by its name on the path (https://snakemake.github.io/snakemake-plugin-catalog/ describes the scheme);
the environment variable ``KOSHA_PIPELINE_EVENTS`` names the file.
"""

from __future__ import annotations

import json
import os
from logging import LogRecord
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent


class LogHandler(LogHandlerBase):
    """Appends one line for each job that is planned, starts, ends or fails."""

    def __post_init__(self) -> None:
        self._file = open(os.environ["KOSHA_PIPELINE_EVENTS"], "a", encoding="utf-8", buffering=1)  # noqa: PTH123, SIM115
        self.baseFilename = self._file.name

    def emit(self, record: LogRecord) -> None:
        event = getattr(record, "event", None)
        line: dict[str, Any]
        if event == LogEvent.RUN_INFO:
            line = {"event": "planned", "rules": record.stats}  # type: ignore[attr-defined]
        elif event == LogEvent.JOB_INFO:
            line = {
                "event": "started",
                "job": record.jobid,  # type: ignore[attr-defined]
                "rule": record.rule_name,  # type: ignore[attr-defined]
                "wildcards": dict(record.wildcards or {}),  # type: ignore[attr-defined]
                "log": list(record.log or []),  # type: ignore[attr-defined]
            }
        elif event == LogEvent.JOB_FINISHED:
            line = {"event": "finished", "job": record.job_id}  # type: ignore[attr-defined]
        elif event == LogEvent.JOB_ERROR:
            line = {"event": "failed", "job": record.jobid}  # type: ignore[attr-defined]
        elif event == LogEvent.ERROR:
            line = {"event": "error", "message": record.getMessage()}
        else:
            return
        self._file.write(json.dumps(line, default=str) + "\n")

    @property
    def writes_to_stream(self) -> bool:
        return False

    @property
    def writes_to_file(self) -> bool:
        return True

    @property
    def has_filter(self) -> bool:
        return True

    @property
    def has_formatter(self) -> bool:
        return True

    @property
    def needs_rulegraph(self) -> bool:
        return False
