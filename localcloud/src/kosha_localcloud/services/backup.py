"""AWS Backup: vaults, plans and selections, stored. No plan runs: there is never a recovery point.

Documents: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Operations.html
"""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from localstack.aws.api import RequestContext

from kosha_localcloud.services.identifiers import arn, now
from kosha_localcloud.services.operations import Document, ServiceTable, refuse
from kosha_localcloud.services.regional import Regional

table = ServiceTable("backup", moto=False)

RESOURCE_TYPES = ("Aurora", "DynamoDB", "EBS", "EC2", "EFS", "FSx", "RDS", "S3", "Storage Gateway")


@dataclass
class Vault:
    """A vault and what is attached to it."""

    document: Document
    policy: str | None = None
    notifications: Document | None = None


@dataclass
class Plan:
    """A plan: every version of it, newest last, and its selections by id."""

    versions: list[Document]
    selections: dict[str, Document] = field(default_factory=dict)

    @property
    def current(self) -> Document:
        return self.versions[-1]


@dataclass
class BackupState:
    """Backup in one account and region."""

    vaults: dict[str, Vault] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    opt_in: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(RESOURCE_TYPES, True))
    management: dict[str, bool] = field(default_factory=lambda: {"DynamoDB": True, "EFS": True})
    global_settings: dict[str, str] = field(default_factory=lambda: {"isCrossAccountBackupEnabled": "false"})


_state: Regional[BackupState] = Regional(BackupState)


def _vault(context: RequestContext, request: Document) -> Vault:
    name = request["BackupVaultName"]
    vault = _state.of(context).vaults.get(name)
    if vault is None:
        # Terraform's provider takes this error for "gone".
        raise refuse(
            "ResourceNotFoundException", f"Backup vault {name} does not exist: create it, or correct the name.", 404
        )
    return vault


def _plan(context: RequestContext, request: Document) -> Plan:
    plan = _state.of(context).plans.get(request["BackupPlanId"])
    if plan is None:
        raise refuse("ResourceNotFoundException", f"Cannot find Backup plan with ID {request['BackupPlanId']}", 404)
    return plan


# --------------------------------------------------------------------------------------------------- vaults


@table.stored("CreateBackupVault")
def create_backup_vault(context: RequestContext, request: Document) -> Document:
    state = _state.of(context)
    name = request["BackupVaultName"]
    if name in state.vaults:
        raise refuse("AlreadyExistsException", f"Backup vault with the same name already exists: {name}")
    vault_arn = arn("backup", context.region, context.account_id, f"backup-vault:{name}")
    default_key = arn("kms", context.region, context.account_id, "alias/aws/backup")
    document: Document = {
        "BackupVaultName": name,
        "BackupVaultArn": vault_arn,
        "VaultType": "BACKUP_VAULT",
        "VaultState": "AVAILABLE",
        "EncryptionKeyArn": request.get("EncryptionKeyArn") or default_key,
        "CreationDate": now(),
        "CreatorRequestId": request.get("CreatorRequestId") or str(uuid.uuid4()),
        "NumberOfRecoveryPoints": 0,
        "Locked": False,
    }
    state.vaults[name] = Vault(document)
    state.tags[vault_arn] = dict(request.get("BackupVaultTags") or {})
    return {key: document[key] for key in ("BackupVaultName", "BackupVaultArn", "CreationDate")}


@table.stored("DescribeBackupVault")
def describe_backup_vault(context: RequestContext, request: Document) -> Document:
    return _vault(context, request).document


@table.stored("ListBackupVaults")
def list_backup_vaults(context: RequestContext, _request: Document) -> Document:
    return {"BackupVaultList": [vault.document for vault in _state.of(context).vaults.values()]}


@table.stored("DeleteBackupVault")
def delete_backup_vault(context: RequestContext, request: Document) -> None:
    vault = _vault(context, request)
    state = _state.of(context)
    del state.vaults[request["BackupVaultName"]]
    state.tags.pop(vault.document["BackupVaultArn"], None)


@table.stored("PutBackupVaultAccessPolicy", "denies nothing")
def put_backup_vault_access_policy(context: RequestContext, request: Document) -> None:
    _vault(context, request).policy = request.get("Policy")


@table.stored("GetBackupVaultAccessPolicy")
def get_backup_vault_access_policy(context: RequestContext, request: Document) -> Document:
    vault = _vault(context, request)
    if vault.policy is None:
        raise refuse(
            "ResourceNotFoundException", f"Backup vault {request['BackupVaultName']} has no access policy.", 404
        )
    return {
        "BackupVaultName": request["BackupVaultName"],
        "BackupVaultArn": vault.document["BackupVaultArn"],
        "Policy": vault.policy,
    }


@table.stored("DeleteBackupVaultAccessPolicy")
def delete_backup_vault_access_policy(context: RequestContext, request: Document) -> None:
    _vault(context, request).policy = None


@table.stored("PutBackupVaultLockConfiguration", "the lock date is computed; nothing is locked")
def put_backup_vault_lock_configuration(context: RequestContext, request: Document) -> None:
    document = _vault(context, request).document
    document["Locked"] = True
    for given in ("MinRetentionDays", "MaxRetentionDays"):
        document.pop(given, None)
        if given in request:
            document[given] = request[given]
    document.pop("LockDate", None)
    if "ChangeableForDays" in request:
        document["LockDate"] = now() + timedelta(days=request["ChangeableForDays"])


@table.stored("DeleteBackupVaultLockConfiguration")
def delete_backup_vault_lock_configuration(context: RequestContext, request: Document) -> None:
    document = _vault(context, request).document
    lock_date = document.get("LockDate")
    if lock_date is not None and lock_date <= now():
        raise refuse(
            "InvalidRequestException", f"The lock of {request['BackupVaultName']} took effect on {lock_date:%Y-%m-%d}."
        )
    document["Locked"] = False
    for key in ("MinRetentionDays", "MaxRetentionDays", "LockDate"):
        document.pop(key, None)


@table.stored("PutBackupVaultNotifications", "nothing is sent")
def put_backup_vault_notifications(context: RequestContext, request: Document) -> None:
    _vault(context, request).notifications = {key: request[key] for key in ("SNSTopicArn", "BackupVaultEvents")}


@table.stored("GetBackupVaultNotifications")
def get_backup_vault_notifications(context: RequestContext, request: Document) -> Document:
    vault = _vault(context, request)
    if vault.notifications is None:
        raise refuse(
            "ResourceNotFoundException", f"Backup vault {request['BackupVaultName']} has no notifications.", 404
        )
    return {
        "BackupVaultName": request["BackupVaultName"],
        "BackupVaultArn": vault.document["BackupVaultArn"],
        **vault.notifications,
    }


@table.stored("DeleteBackupVaultNotifications")
def delete_backup_vault_notifications(context: RequestContext, request: Document) -> None:
    _vault(context, request).notifications = None


@table.stored("ListRecoveryPointsByBackupVault", "always empty: no plan runs")
def list_recovery_points_by_backup_vault(context: RequestContext, request: Document) -> Document:
    _vault(context, request)
    return {"RecoveryPoints": []}


# ---------------------------------------------------------------------------------------------------- plans


@table.stored("CreateBackupPlan", "plans do not run")
def create_backup_plan(context: RequestContext, request: Document) -> Document:
    state = _state.of(context)
    identifier = str(uuid.uuid4())
    document = _plan_version(context, identifier, request["BackupPlan"])
    document["CreatorRequestId"] = request.get("CreatorRequestId")
    state.plans[identifier] = Plan([document])
    state.tags[document["BackupPlanArn"]] = dict(request.get("BackupPlanTags") or {})
    return _plan_summary(document)


def _plan_version(context: RequestContext, identifier: str, plan: Document) -> Document:
    vaults = _state.of(context).vaults
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
        rules.append({"RuleId": str(uuid.uuid4())} | defaults | rule)
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


@table.stored("UpdateBackupPlan")
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
    state = _state.of(context)
    del state.plans[request["BackupPlanId"]]
    state.tags.pop(plan.current["BackupPlanArn"], None)
    return {key: plan.current[key] for key in ("BackupPlanId", "BackupPlanArn", "VersionId")} | {"DeletionDate": now()}


@table.stored("ListBackupPlans")
def list_backup_plans(context: RequestContext, _request: Document) -> Document:
    plans = _state.of(context).plans.values()
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


@table.stored("CreateBackupSelection", "selects nothing")
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


@table.stored("DeleteBackupSelection")
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


# ---------------------------------------------------------------------------------------- settings and tags


@table.stored("DescribeRegionSettings")
def describe_region_settings(context: RequestContext, _request: Document) -> Document:
    state = _state.of(context)
    return {
        "ResourceTypeOptInPreference": state.opt_in,
        "ResourceTypeManagementPreference": state.management,
    }


@table.stored("UpdateRegionSettings")
def update_region_settings(context: RequestContext, request: Document) -> None:
    state = _state.of(context)
    state.opt_in |= request.get("ResourceTypeOptInPreference") or {}
    state.management |= request.get("ResourceTypeManagementPreference") or {}


@table.stored("DescribeGlobalSettings")
def describe_global_settings(context: RequestContext, _request: Document) -> Document:
    return {"GlobalSettings": _state.of(context).global_settings, "LastUpdateTime": now()}


@table.stored("UpdateGlobalSettings")
def update_global_settings(context: RequestContext, request: Document) -> None:
    _state.of(context).global_settings |= request.get("GlobalSettings") or {}


def _tags(context: RequestContext, request: Document) -> dict[str, str]:
    tags = _state.of(context).tags
    if request["ResourceArn"] not in tags:
        raise refuse("ResourceNotFoundException", f"There is no backup resource {request['ResourceArn']}.", 404)
    return tags[request["ResourceArn"]]


@table.stored("TagResource")
def tag_resource(context: RequestContext, request: Document) -> None:
    _tags(context, request).update(request["Tags"])


@table.stored("UntagResource")
def untag_resource(context: RequestContext, request: Document) -> None:
    tags = _tags(context, request)
    for key in request["TagKeyList"]:
        tags.pop(key, None)


@table.stored("ListTags")
def list_tags(context: RequestContext, request: Document) -> Document:
    return {"Tags": _tags(context, request)}
