"""What instance_scheduler tells people: one notice for what a run has stopped, one for what it has started, and one for
the failures that were not told yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from common.notices import Detail, Listing, Notice, Severity
from instance_scheduler.domain import SCHEDULE, Instance

SOURCE = "instance_scheduler"
RUNBOOK = "docs/runbooks/instance-scheduler.md"
_OWNER_TAGS = ("owner", "Owner")

STOPPED = ("instances.stopped", Severity.INFO, "{n} test instances were stopped: their testing hours are over")
STARTED = ("instances.started", Severity.INFO, "{n} test instances were started: their testing hours have begun")
FAILED = ("instances.failed", Severity.WARNING, "{n} test instances are left as they are: somebody must look at them")


def describe(instance: Instance, **more: Detail) -> Mapping[str, Detail]:
    """An instance in a list."""
    owner = next((instance.tags[name] for name in _OWNER_TAGS if name in instance.tags), "")
    facts: dict[str, Detail] = {"instance": instance.id, "name": instance.tags.get("Name", ""), "owner": owner}
    return facts | {"schedule": instance.tags.get(SCHEDULE, "")} | more


def notice(
    form: tuple[str, Severity, str], environment: str, now: datetime, items: Sequence[Mapping[str, Detail]]
) -> Notice:
    """One notice about several instances."""
    kind, severity, text = form
    return Notice(
        kind=kind,
        severity=severity,
        environment=environment,
        source=SOURCE,
        occurred_at=now,
        summary=text.format(n=len(items)),
        runbook=RUNBOOK,
        dedupe_key=f"{kind} {now:%Y-%m-%dT%H:%M} {' '.join(sorted(str(each['instance']) for each in items))[:400]}",
        details={"instances": Listing(items, len(items))},
    )
