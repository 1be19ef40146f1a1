"""What scratch_cleaner may do in AWS; what it may do on the shared storage its access point and the file system's
policy say. HeadObject takes the right to read an object, and its checksum the right to its key."""

from common.permissions import Permission, Resource, keep_state, publish_to, write_reports

PERMISSIONS: tuple[Permission, ...] = (
    *keep_state(),
    *write_reports(),
    Permission(("s3:ListBucket",), Resource.LAKE_BUCKET),
    Permission(("s3:GetObject", "s3:GetObjectTagging"), Resource.LAKE_OBJECTS),
    *publish_to(Resource.DATA_TOPIC),
)
