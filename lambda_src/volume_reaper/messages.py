"""What volume_reaper tells people: one notice for each thing done in a run, with its volumes and their owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from common.notices import Detail, Listing, Notice, Severity
from volume_reaper.domain import Volume

SOURCE = "volume_reaper"
RUNBOOK = "docs/runbooks/volume-reaper.md"
_OWNER_TAGS = ("owner", "Owner")

MARKED = (
    "volumes.marked",
    Severity.INFO,
    "{n} volumes are unattached and go in {days} days unless they are used",
)
REMINDED = ("volumes.reminder", Severity.WARNING, "{n} volumes are still unattached and will go")
SNAPPED = ("volumes.final_snapshot", Severity.WARNING, "{n} unattached volumes get their final snapshot and then go")
DELETED = ("volumes.deleted", Severity.WARNING, "{n} unattached volumes were deleted; their final snapshots stay")
FAILED = ("volumes.failed", Severity.CRITICAL, "{n} volumes could not be dealt with")


def describe(volume: Volume, **more: Detail) -> Mapping[str, Detail]:
    """A volume in a list."""
    owner = next((volume.tags[name] for name in _OWNER_TAGS if name in volume.tags), "")
    facts: dict[str, Detail] = {"volume": volume.id, "name": volume.tags.get("Name", ""), "owner": owner}
    return facts | {"size_gib": volume.size_gib} | more


def notice(
    form: tuple[str, Severity, str],
    environment: str,
    now: datetime,
    items: Sequence[Mapping[str, Detail]],
    window_days: int,
) -> Notice:
    """One notice about several volumes."""
    kind, severity, text = form
    return Notice(
        kind=kind,
        severity=severity,
        environment=environment,
        source=SOURCE,
        occurred_at=now,
        summary=text.format(n=len(items), days=window_days),
        runbook=RUNBOOK,
        dedupe_key=f"{kind} {now:%Y-%m-%d} {' '.join(sorted(str(each['volume']) for each in items))[:400]}",
        details={"volumes": Listing(items, len(items))},
    )
