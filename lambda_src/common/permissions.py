"""The form in which a function declares what it may do; a test compares it with the policy Terraform plans."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Resource(StrEnum):
    """What an action acts on. Terraform knows the ARNs; here is only the kind."""

    TRANSFER_TASKS = "transfer_tasks"
    """Each of ``TRANSFERS`` (common/transfers.py)."""
    TRANSFER_EXECUTIONS = "transfer_executions"
    """``<task ARN>/execution/*`` of each"""
    TRANSFER_TOPIC = "transfer_topic"
    DATA_TOPIC = "data_topic"
    PLATFORM_TOPIC = "platform_topic"
    ALERTS_KEY = "alerts_key"
    """The key of the topics: SNS publishes to an encrypted topic in the caller's name."""
    LAKE_BUCKET = "lake_bucket"
    LAKE_OBJECTS = "lake_objects"
    """``<lake bucket ARN>/*``"""
    REPORTS_BUCKET = "reports_bucket"
    """The bucket; listing is limited to the report prefix by the condition ``s3:prefix``."""
    REPORT_OBJECTS = "report_objects"
    """``<reports bucket ARN>/<report prefix>/*`` of each transfer"""
    LAKE_KEY = "lake_key"
    """The key of the lake and of the reports bucket: the same purpose, ``lake``, encrypts all S3 data."""
    STATE_OBJECTS = "state_objects"
    """``<reports bucket ARN>/automation-state/<function>/*`` (common/state.py)"""
    TAGGER_RECEIPTS = "tagger_receipts"
    """``<reports bucket ARN>/automation-state/object_tagger/*``: which executions are tagged"""
    WRITTEN_REPORTS = "written_reports"
    """``<reports bucket ARN>/automation-reports/<function>/*`` (common/reports.py)"""
    OBJECT_TAGGER = "object_tagger"
    """The function."""
    TAG_BACKFILL = "tag_backfill"
    """The function."""
    BATCH_JOBS = "batch_jobs"
    """Every S3 Batch Operations job of this account and region."""
    BATCH_ROLE = "batch_role"
    """The role those jobs act in."""
    VOLUMES = "volumes"
    """Every EBS volume of this account and region."""
    SNAPSHOTS = "snapshots"
    """Every EBS snapshot of this region."""
    INSTANCES = "instances"
    """Every EC2 instance of this account and region."""
    VOLUMES_KEY = "volumes_key"
    """The key of the volumes: EC2 starts an instance by a grant made in the caller's name."""
    ANY = "any"
    """``*``: AWS offers no resource-level permission for the action; Terraform's ``wildcard_reason`` says so."""


@dataclass(frozen=True)
class Permission:
    """Actions a function needs on one kind of resource."""

    actions: tuple[str, ...]
    resource: Resource


def keep_state() -> tuple[Permission, ...]:
    """What reading and writing the function's own state takes (common/state.py)."""
    return (
        Permission(("s3:ListBucket",), Resource.REPORTS_BUCKET),
        Permission(("s3:GetObject", "s3:PutObject"), Resource.STATE_OBJECTS),
        Permission(("kms:Decrypt", "kms:GenerateDataKey"), Resource.LAKE_KEY),
    )


def write_reports() -> tuple[Permission, ...]:
    """What writing a report takes, beside :func:`keep_state` (common/reports.py)."""
    return (Permission(("s3:PutObject",), Resource.WRITTEN_REPORTS),)


def publish_to(topic: Resource) -> tuple[Permission, Permission]:
    """What publishing to an encrypted topic takes
    (https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html)."""
    return (
        Permission(("sns:Publish",), topic),
        Permission(("kms:Decrypt", "kms:GenerateDataKey"), Resource.ALERTS_KEY),
    )
