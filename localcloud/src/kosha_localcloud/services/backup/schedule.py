"""Plans run by the clock, and recovery points end by it.

A region that is stopped makes no backup and makes none up for later: AWS Backup starts a job within its window or not
at all. What ends meanwhile is removed when the region runs again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from localstack.aws.api import CommonServiceException

from kosha_localcloud.clock.expressions import Once, parse
from kosha_localcloud.clock.expressions import Plan as Moments
from kosha_localcloud.clock.timeline import Schedule
from kosha_localcloud.gateway.regions import REGIONS
from kosha_localcloud.services.backup import jobs, points
from kosha_localcloud.services.backup.faults import faults
from kosha_localcloud.services.backup.resources import remove_leftovers, selected
from kosha_localcloud.services.backup.state import STATE, Place, Plan, vault_by_arn

if TYPE_CHECKING:
    from kosha_localcloud.clock.timeline import Timeline
    from kosha_localcloud.services.operations import Document

LOG = logging.getLogger(__name__)


def install(timeline: Timeline) -> None:
    """Let the clock run the plans."""
    remove_leftovers()
    faults.serve()
    timeline.add(Schedules())


class Schedules:
    """Every rule of every plan, and the end of the recovery point that ends next."""

    def schedules(self) -> Iterator[Schedule]:
        """See timeline.Source."""
        for account, region, state in STATE.everywhere():
            for plan in list(state.plans.values()):
                for rule in plan.current["BackupPlan"]["Rules"]:
                    yield _of_rule(Place(account, region), plan, rule)
        if (end := points.next_end()) is not None:
            yield Schedule("end of recovery points", (end,), lambda first: Once(max(end, first)), _end_points)


def _of_rule(place: Place, plan: Plan, rule: Document) -> Schedule:
    expression, zone = rule["ScheduleExpression"], rule["ScheduleExpressionTimezone"]

    def moments(first: datetime) -> Moments:
        return parse(expression, first=first, timezone=zone)

    return Schedule(
        f"{plan.current['BackupPlanArn']}/{rule['RuleName']}",
        (expression, zone),
        moments,
        lambda _moment: run_rule(place, plan, rule),
    )


def run_rule(place: Place, plan: Plan, rule: Document) -> None:
    """Back up what the plan selects, and copy it as the rule says."""
    if REGIONS.is_stopped(place.region):
        return
    vault = place.state.vaults[rule["TargetBackupVaultName"]]
    by = {
        "BackupPlanId": plan.current["BackupPlanId"],
        "BackupPlanArn": plan.current["BackupPlanArn"],
        "BackupPlanVersion": plan.current["VersionId"],
        "BackupRuleId": rule["RuleId"],
    }
    for selection in list(plan.selections.values()):
        role = selection["BackupSelection"]["IamRoleArn"]
        for resource in selected(place, selection["BackupSelection"]):
            job = jobs.back_up(place, resource, vault, rule | {"IamRoleArn": role}, by)
            if job["State"] != "COMPLETED":
                continue
            for action in rule.get("CopyActions") or []:
                _copy(place, vault.points[job["RecoveryPointArn"]], action, role, by)


def _copy(place: Place, point: Document, action: Document, role: str, by: Document) -> None:
    try:
        vault = vault_by_arn(action["DestinationBackupVaultArn"])
    except CommonServiceException as error:
        LOG.warning("%s cannot be copied: %s", point["RecoveryPointArn"], error)
        return
    jobs.copy(place, point, vault, action | {"IamRoleArn": role}, by)


def _end_points(moment: datetime) -> None:
    for place, vault, point in points.due(max(moment, datetime.now(UTC))):
        if not REGIONS.is_stopped(place.region):
            points.remove(place, vault, point)
