"""Schedules that rest: in a day of the local cloud's clock all of them would call some hundred times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# What UpdateSchedule has to be given again, because it replaces the whole.
SETTINGS = (
    "Name",
    "GroupName",
    "Description",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "FlexibleTimeWindow",
    "Target",
    "KmsKeyArn",
)


@contextmanager
def resting(scheduler: Any, rests: Callable[[str], bool]) -> Iterator[None]:
    """Let the enabled schedules whose name ``rests`` says yes to rest in the block."""
    pages = scheduler.get_paginator("list_schedules").paginate()
    names = [
        each["Name"]
        for page in pages
        for each in page["Schedules"]
        if each["State"] == "ENABLED" and rests(each["Name"])
    ]
    _set(scheduler, names, "DISABLED")
    try:
        yield
    finally:
        _set(scheduler, names, "ENABLED")


def _set(scheduler: Any, names: list[str], state: str) -> None:
    for name in names:
        found = scheduler.get_schedule(Name=name)
        settings = {key: value for key, value in found.items() if key in SETTINGS}
        scheduler.update_schedule(**settings, State=state)
