"""Slots: the day is divided into as many as a transfer is to run; in each of them one begins."""

from __future__ import annotations

from datetime import datetime, timedelta

# The starter is called so often (transfer_schedule of Terraform); a slot is that or a multiple of it.
CALLED_EVERY = timedelta(minutes=30)
# How far the clocks of Scheduler, Lambda and DataSync may be apart at the start of a slot.
SKEW = timedelta(seconds=5)


def slot_of(moment: datetime, every: timedelta) -> datetime:
    """The beginning of the slot, in UTC, that ``moment`` lies in where one lasts ``every``; slots begin at midnight.
    A call up to SKEW early belongs to the slot it was meant for."""
    moment += SKEW
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return moment - (moment - midnight) % every
