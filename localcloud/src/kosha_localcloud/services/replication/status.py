"""The replication status of an object version: PENDING, COMPLETED or FAILED on a source, REPLICA on a replica.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html
"""

from typing import Any

from localstack.services.s3.models import S3Object
from localstack.utils.patch import patch

ATTRIBUTE = "replication_status"


def status_of(version: object) -> str | None:
    """Give the status, or None for what no rule applies to."""
    status: str | None = getattr(version, ATTRIBUTE, None)
    return status


def set_status(version: object, status: str | None) -> None:
    """Set the status."""
    setattr(version, ATTRIBUTE, status)


def show_in_answers() -> None:
    """Let GetObject and HeadObject show the status: both take their answer's fields from this method."""

    @patch(S3Object.get_system_metadata_fields)
    def with_status(fn: Any, self: Any) -> dict[str, Any]:
        fields: dict[str, Any] = fn(self)
        status = status_of(self)
        return fields | {"ReplicationStatus": status} if status else fields
