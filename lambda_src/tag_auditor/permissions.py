"""What tag_auditor may do. It reads tags and never data, and can change nothing in the lake."""

from common.permissions import Permission, Resource, keep_state, publish_to, write_reports

PERMISSIONS: tuple[Permission, ...] = (
    *keep_state(),
    *write_reports(),
    Permission(("s3:ListBucket",), Resource.LAKE_BUCKET),
    Permission(("s3:GetObjectTagging",), Resource.LAKE_OBJECTS),
    *publish_to(Resource.DATA_TOPIC),
)
