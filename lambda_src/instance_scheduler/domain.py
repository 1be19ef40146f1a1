"""Decides which instances are stopped or started. Pure: state in, list of actions out.

An instance takes part by its tag ``kosha:schedule``, which names testing hours. What runs outside of its hours is
stopped, unless something speaks for it: a protection, work that is going on, somebody who started it by hand. What we
stop carries a mark, and only what carries it may be started again when the hours begin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from instance_scheduler.hours import Hours, moment

SCHEDULE = "kosha:schedule"
PROTECT = "kosha:protect"
BUSY_UNTIL = "kosha:busy-until"
RUN_UNTIL = "kosha:run-until"
MARK = "kosha:stopped-at"
# Whoever replaces or moves instances by itself would start another one, or take the stop for a failure.
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html
# https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html
# https://karpenter.sh/docs/concepts/nodeclasses/#spectags
_MANAGED_TAGS = ("aws:autoscaling:groupName", "aws:eks:cluster-name")
_MANAGED_PREFIXES = ("kubernetes.io/cluster/", "karpenter.sh/", "karpenter.k8s.aws/", "eks:")
# Between the mark and the stop: how long a run takes at most, and how far clocks may be apart.
STOPS_WITHIN = timedelta(minutes=5)
SKEW = timedelta(minutes=1)


class Reason(StrEnum):
    """Why an instance that runs outside of its hours is left alone."""

    PROTECTED = "protected"
    MANAGED = "managed"
    SPOT = "spot"
    INSTANCE_STORE = "instance_store"
    LEASE = "lease"
    OVERRIDE = "override"
    JUST_STARTED = "just_started"
    BUSY = "busy"


@dataclass(frozen=True)
class Instance:
    """An EC2 instance. ``state`` is EC2's: pending, running, stopping, stopped, shutting-down, terminated.

    ``launched_at`` is its latest start. ``stopped_at`` is when somebody stopped it by a call; ``None`` where EC2 does
    not say.
    """

    id: str
    state: str
    launched_at: datetime
    tags: Mapping[str, str]
    stopped_at: datetime | None = None
    is_spot: bool = False
    is_managed: bool = False
    has_ebs_root: bool = True


@dataclass(frozen=True)
class Rules:
    """``override``: how long an instance runs that was started outside of its hours. ``busy_percent``: processor use
    (average of five minutes) from which it has work, in any five minutes of the last ``window``."""

    schedules: Mapping[str, Hours]
    holidays: Set[str]
    override: timedelta
    busy_percent: float
    window: timedelta


@dataclass(frozen=True)
class Stop:
    """It runs outside of its hours, and nothing speaks for it."""

    instance: Instance


@dataclass(frozen=True)
class Start:
    """Its hours have begun, and we stopped it."""

    instance: Instance


@dataclass(frozen=True)
class Unmark:
    """It runs again, or somebody else stopped it later: the mark no longer says the truth."""

    instance: Instance


@dataclass(frozen=True)
class Spare:
    """It runs outside of its hours and is left alone; ``until`` where that has an end."""

    instance: Instance
    reason: Reason
    until: datetime | None = None


@dataclass(frozen=True)
class Problem:
    """It is left alone because what it says of itself cannot be understood: people have to look."""

    instance: Instance
    code: str
    text: str


type Action = Stop | Start | Unmark | Spare | Problem


def to_measure(instances: Iterable[Instance], rules: Rules, now: datetime) -> list[Instance]:
    """The instances whose processor use decides: nothing else speaks for them."""
    known = list(instances)
    idle = {each.id: 0.0 for each in known}
    return [each.instance for each in decide(known, idle, rules, now) if isinstance(each, Stop)]


def decide(instances: Iterable[Instance], use: Mapping[str, float | None], rules: Rules, now: datetime) -> list[Action]:
    """What is due at ``now`` (UTC). ``use`` holds the highest processor use of the window in percent, by instance;
    ``None``, or no entry, where CloudWatch does not say."""
    return [action for each in instances for action in _for_instance(each, use, rules, now)]


def _for_instance(instance: Instance, use: Mapping[str, float | None], rules: Rules, now: datetime) -> Iterator[Action]:
    if instance.state not in ("running", "stopped") or SCHEDULE not in instance.tags:
        return
    is_running = instance.state == "running"
    if reason := never_touched(instance):
        if is_running:
            yield Spare(instance, reason)
        return
    hours = rules.schedules.get(instance.tags[SCHEDULE])
    if hours is None:
        names = ", ".join(sorted(rules.schedules))
        text = f"its tag {SCHEDULE} is {instance.tags[SCHEDULE]!r}: give one of {names}"
        yield Problem(instance, "UnknownSchedule", text)
        return
    in_hours = hours.hold(now, rules.holidays)
    if is_running:
        if MARK in instance.tags:
            yield Unmark(instance)
        if not in_hours:
            yield _outside_hours(instance, use.get(instance.id), rules, hours, now)
    elif in_hours and MARK in instance.tags:
        if not is_ours(instance):
            yield Unmark(instance)
        elif hours.start:
            yield Start(instance)


def _outside_hours(instance: Instance, use: float | None, rules: Rules, hours: Hours, now: datetime) -> Action:
    for tag in (BUSY_UNTIL, RUN_UNTIL):
        if tag in instance.tags and moment(instance.tags[tag]) is None:
            text = f"its tag {tag} is {instance.tags[tag]!r}: give a moment, e.g. 2026-01-31T22:00:00+05:30"
            return Problem(instance, "UnreadableTag", text)
    busy_until, run_until = (moment(instance.tags.get(tag, "")) for tag in (BUSY_UNTIL, RUN_UNTIL))
    if busy_until is not None and busy_until > now:
        return Spare(instance, Reason.LEASE, busy_until)
    if run_until is not None and run_until > now:
        return Spare(instance, Reason.OVERRIDE, run_until)
    by_hand_until = instance.launched_at + rules.override
    if by_hand_until > now and not hours.hold(instance.launched_at, rules.holidays):
        return Spare(instance, Reason.OVERRIDE, by_hand_until)
    if instance.launched_at + rules.window > now:
        return Spare(instance, Reason.JUST_STARTED, instance.launched_at + rules.window)
    if use is None:
        return Problem(instance, "UseUnknown", "CloudWatch does not say how busy its processors are")
    return Spare(instance, Reason.BUSY) if use >= rules.busy_percent else Stop(instance)


def never_touched(instance: Instance) -> Reason | None:
    """Why an instance is none of ours although it carries the schedule's tag."""
    if instance.tags.get(PROTECT, "").lower() not in ("", "false"):
        return Reason.PROTECTED
    if (
        instance.is_managed
        or any(tag in instance.tags for tag in _MANAGED_TAGS)
        or any(tag.startswith(_MANAGED_PREFIXES) for tag in instance.tags)
    ):
        return Reason.MANAGED
    if instance.is_spot:
        return Reason.SPOT
    return None if instance.has_ebs_root else Reason.INSTANCE_STORE


def is_ours(instance: Instance) -> bool:
    """Whether a stopped instance that carries the mark was last stopped by the call that followed it. A mark stays
    where somebody starts the instance and stops it again between two looks."""
    marked_at = moment(instance.tags.get(MARK, ""))
    if marked_at is None:
        return False
    return instance.stopped_at is None or marked_at - SKEW <= instance.stopped_at <= marked_at + STOPS_WITHIN


def saved(instance: Instance, started_at: datetime) -> timedelta:
    """How long it was stopped by us, until ``started_at``."""
    marked_at = moment(instance.tags.get(MARK, ""))
    return max(timedelta(0), started_at - marked_at) if marked_at is not None else timedelta(0)
