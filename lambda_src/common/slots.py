"""Half hours: each is a *slot*, in which one transfer begins."""

from __future__ import annotations

from datetime import datetime, timedelta

SLOT = timedelta(minutes=30)
# How far the clocks of Scheduler, Lambda and DataSync may be apart at the start of a slot.
SKEW = timedelta(seconds=5)


def slot_of(moment: datetime) -> datetime:
    """The half hour, in UTC, that ``moment`` lies in; a call up to SKEW early belongs to the slot it was meant for."""
    moment += SKEW
    return moment.replace(minute=moment.minute - moment.minute % 30, second=0, microsecond=0)
