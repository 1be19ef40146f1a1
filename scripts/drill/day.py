"""A busy day of chance: who writes what when, and when the primary region is lost. The same seed gives the same day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from pipelines.naming import catalogue

PROJECTS, SITE = ("lambda-phage", "rare-disease"), "hyd-01"
# The day begins before the daily backup, so that there has been one whenever the region is lost.
BEGINS = "20:00"
EARLIEST, LATEST = timedelta(hours=2), timedelta(hours=24)
DEEDS = 70
# Of three deeds, one happens shortly before the loss, where something can be lost, and one in business hours.
SHORTLY = timedelta(hours=1)
WORK = (timedelta(hours=13), timedelta(hours=24))
SHARES = {"lake": 0.45, "snapshots": 0.2, "shared_storage": 0.2, "volumes": 0.15}
FILES = 6
VOLUMES = 2


@dataclass(frozen=True)
class Deed:
    """Somebody writes ``content`` to ``name`` of a target, so long after the day's begin.

    Names: the key in the lake; the path below ``critical`` or ``active``; the number of a volume.
    """

    after: timedelta
    target: str
    name: str
    content: bytes


@dataclass(frozen=True)
class Day:
    """What happens until the region is lost, in order; how late the copies are (seconds) is part of the day's luck."""

    seed: int
    deeds: tuple[Deed, ...]
    lost_after: timedelta
    lake_lag: int
    storage_lag: int


def busy_day(seed: int) -> Day:
    """The day of a seed."""
    chance = Random(seed)  # noqa: S311 (no secret)
    lost_after = timedelta(seconds=chance.randint(int(EARLIEST.total_seconds()), int(LATEST.total_seconds())))
    deeds = []
    for number in range(DEEDS):
        begin, end = chance.choice([(lost_after - SHORTLY, lost_after), WORK, (timedelta(), LATEST)])
        after = begin + (end - begin) * chance.random()
        (target,) = chance.choices(list(SHARES), list(SHARES.values()))
        name = _name(target, number, seed, chance)
        content = f"{name} {seed} {number}\n".encode() * chance.randint(1, 400)
        if after < lost_after:
            deeds.append(Deed(timedelta(seconds=int(after.total_seconds())), target, name, content))
    deeds.sort(key=lambda deed: deed.after)
    # Up to what S3's time control and EFS's documentation say: https://docs.aws.amazon.com/AmazonS3/latest/userguide/
    # replication-time-control.html, https://docs.aws.amazon.com/efs/latest/ug/efs-replication.html
    return Day(seed, tuple(deeds), lost_after, chance.randint(5, 14 * 60), chance.randint(60, 14 * 60))


def _name(target: str, number: int, seed: int, chance: Random) -> str:
    project = chance.choice(PROJECTS)
    if target == "lake":
        chosen = chance.choice([each for each in catalogue().classes.values() if each.name != "snapshot"])
        file = f"{chosen.code}_{project}_{SITE}_D{seed}-{number:02}.{chosen.extensions[0]}"
        return f"{chosen.prefix}/{project}/{file}"
    if target == "volumes":
        return str(chance.randrange(VOLUMES))
    return f"{project}/{SITE}/notes-{chance.randrange(FILES)}.txt"
