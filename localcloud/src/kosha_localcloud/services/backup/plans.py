"""Plans and their selections, as they are kept; `schedule` runs them."""

from __future__ import annotations

import uuid

from localstack.aws.api import RequestContext

from kosha_localcloud.clock.expressions import ExpressionError, parse
from kosha_localcloud.services.backup.state import Plan, place_of, table
from kosha_localcloud.services.identifiers import arn, now
from kosha_localcloud.services.operations import Document, refuse


def _plan(context: RequestContext, request: Document) -> Plan:
    plan = place_of(context).state.plans.get(request["BackupPlanId"])
    if plan is None:
        raise refuse("ResourceNotFoundException", f"Cannot find Backup plan with ID {request['BackupPlanId']}", 404)
    return plan


# ---------------------------------------------------------------------------------------------------- plans


@table.real("CreateBackupPlan", "runs by the clock; cold storage, windows and continuous backups are kept only")
def create_backup_plan(context: RequestContext, request: Document) -> Document:
    state = place_of(context).state
    identifier = str(uuid.uuid4())
    document = _plan_version(context, identifier, request["BackupPlan"])
    document["CreatorRequestId"] = request.get("CreatorRequestId")
    state.plans[identifier] = Plan([document])
    state.tags[document["BackupPlanArn"]] = dict(request.get("BackupPlanTags") or {})
    return _plan_summary(document)


def _plan_version(context: RequestContext, identifier: str, plan: Document) -> Document:
    vaults = place_of(context).state.vaults
    rules = []
    for rule in plan["Rules"]:
        if rule["TargetBackupVaultName"] not in vaults:
            raise refuse(
                "InvalidParameterValueException",
                f"Rule {rule['RuleName']}: vault {rule['TargetBackupVaultName']} does not exist; create it first.",
            )
        lifecycle = rule.get("Lifecycle") or {}
        cold, end = lifecycle.get("MoveToColdStorageAfterDays"), lifecycle.get("DeleteAfterDays")
        if cold is not None and end is not None and end < cold + 90:
            raise refuse(
                "InvalidParameterValueException",
                f"Rule {rule['RuleName']}: DeleteAfterDays must be at least 90 days after MoveToColdStorageAfterDays.",
            )
        defaults = {
            "ScheduleExpression": "cron(0 5 ? * * *)",
            "StartWindowMinutes": 480,
            "CompletionWindowMinutes": 10080,
            "EnableContinuousBackup": False,
            "ScheduleExpressionTimezone": "Etc/UTC",
        }
        rules.append(defaults | rule | {"RuleId": str(uuid.uuid4())})
        try:
            parse(rules[-1]["ScheduleExpression"], first=now(), timezone=rules[-1]["ScheduleExpressionTimezone"])
        except ExpressionError as error:
            raise refuse("InvalidParameterValueException", f"Rule {rule['RuleName']}: {error}") from error
    return {
        "BackupPlan": plan | {"Rules": rules},
        "BackupPlanId": identifier,
        "BackupPlanArn": arn("backup", context.region, context.account_id, f"backup-plan:{identifier}"),
        "VersionId": str(uuid.uuid4()),
        "CreationDate": now(),
    }


def _plan_summary(document: Document) -> Document:
    return {
        "BackupPlanId": document["BackupPlanId"],
        "BackupPlanArn": document["BackupPlanArn"],
        "CreationDate": document["CreationDate"],
        "VersionId": document["VersionId"],
        "AdvancedBackupSettings": document["BackupPlan"].get("AdvancedBackupSettings") or [],
    }


@table.stored("GetBackupPlan")
def get_backup_plan(context: RequestContext, request: Document) -> Document:
    plan = _plan(context, request)
    wanted = request.get("VersionId") or plan.current["VersionId"]
    for version in plan.versions:
        if version["VersionId"] == wanted:
            return version
    raise refuse("ResourceNotFoundException", f"Backup plan {request['BackupPlanId']} has no version {wanted}.", 404)


@table.real("UpdateBackupPlan")
def update_backup_plan(context: RequestContext, request: Document) -> Document:
    plan = _plan(context, request)
    document = _plan_version(context, request["BackupPlanId"], request["BackupPlan"])
    plan.versions.append(document)
    return _plan_summary(document)


@table.stored("DeleteBackupPlan", "refused while it has selections, as in AWS")
def delete_backup_plan(context: RequestContext, request: Document) -> Document:
    plan = _plan(context, request)
    if plan.selections:
        raise refuse(
            "InvalidRequestException", "Related backup plan selections must be deleted prior to backup plan deletion"
        )
    state = place_of(context).state
    del state.plans[request["BackupPlanId"]]
    state.tags.pop(plan.current["BackupPlanArn"], None)
    return {key: plan.current[key] for key in ("BackupPlanId", "BackupPlanArn", "VersionId")} | {"DeletionDate": now()}


@table.stored("ListBackupPlans")
def list_backup_plans(context: RequestContext, _request: Document) -> Document:
    plans = place_of(context).state.plans.values()
    names = [plan.current["BackupPlan"]["BackupPlanName"] for plan in plans]
    return {
        "BackupPlansList": [
            _plan_summary(plan.current) | {"BackupPlanName": name} for plan, name in zip(plans, names, strict=True)
        ]
    }


@table.stored("ListBackupPlanVersions")
def list_backup_plan_versions(context: RequestContext, request: Document) -> Document:
    return {
        "BackupPlanVersionsList": [_plan_summary(version) for version in reversed(_plan(context, request).versions)]
    }


# ----------------------------------------------------------------------------------------------- selections


@table.real("CreateBackupSelection", "selects volumes and file systems")
def create_backup_selection(context: RequestContext, request: Document) -> Document:
    plan = _plan(context, request)
    identifier = str(uuid.uuid4())
    plan.selections[identifier] = {
        "BackupSelection": request["BackupSelection"],
        "SelectionId": identifier,
        "BackupPlanId": request["BackupPlanId"],
        "CreationDate": now(),
        "CreatorRequestId": request.get("CreatorRequestId"),
    }
    return {key: plan.selections[identifier][key] for key in ("SelectionId", "BackupPlanId", "CreationDate")}


def _selection(context: RequestContext, request: Document) -> Document:
    selections = _plan(context, request).selections
    if request["SelectionId"] not in selections:
        raise refuse(
            "ResourceNotFoundException", f"Cannot find Backup plan selection with ID {request['SelectionId']}", 404
        )
    return selections[request["SelectionId"]]


@table.stored("GetBackupSelection")
def get_backup_selection(context: RequestContext, request: Document) -> Document:
    return _selection(context, request)


@table.real("DeleteBackupSelection")
def delete_backup_selection(context: RequestContext, request: Document) -> None:
    _selection(context, request)
    del _plan(context, request).selections[request["SelectionId"]]


@table.stored("ListBackupSelections")
def list_backup_selections(context: RequestContext, request: Document) -> Document:
    return {
        "BackupSelectionsList": [
            {key: document[key] for key in ("SelectionId", "BackupPlanId", "CreationDate")}
            | {"SelectionName": document["BackupSelection"]["SelectionName"]}
            | {"IamRoleArn": document["BackupSelection"]["IamRoleArn"]}
            for document in _plan(context, request).selections.values()
        ]
    }
