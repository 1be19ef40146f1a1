"""The form in which a function declares what it may do; a test compares it with the policy Terraform plans."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Resource(StrEnum):
    """What an action acts on. Terraform knows the ARNs; here is only the kind."""

    TRANSFER_TASK = "transfer_task"
    TRANSFER_EXECUTIONS = "transfer_executions"
    """``<task ARN>/execution/*``"""
    TRANSFER_TOPIC = "transfer_topic"
    DATA_TOPIC = "data_topic"
    ALERTS_KEY = "alerts_key"
    """The key of the topics: SNS publishes to an encrypted topic in the caller's name."""
    LAKE_BUCKET = "lake_bucket"
    LAKE_OBJECTS = "lake_objects"
    """``<lake bucket ARN>/*``"""
    REPORTS_BUCKET = "reports_bucket"
    """The bucket; listing is limited to the report prefix by the condition ``s3:prefix``."""
    REPORT_OBJECTS = "report_objects"
    """``<reports bucket ARN>/<report prefix>/*``"""
    LAKE_KEY = "lake_key"
    """The key of the reports bucket: the same purpose, ``lake``, encrypts all S3 data."""


@dataclass(frozen=True)
class Permission:
    """Actions a function needs on one kind of resource."""

    actions: tuple[str, ...]
    resource: Resource


def publish_to(topic: Resource) -> tuple[Permission, Permission]:
    """What publishing to an encrypted topic takes
    (https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html)."""
    return (
        Permission(("sns:Publish",), topic),
        Permission(("kms:Decrypt", "kms:GenerateDataKey"), Resource.ALERTS_KEY),
    )
