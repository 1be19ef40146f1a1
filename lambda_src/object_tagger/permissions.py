"""What object_tagger may do. It never reads or writes data: tags only, and the task reports."""

from common.permissions import Permission, Resource, keep_state, publish_to

PERMISSIONS: tuple[Permission, ...] = (
    Permission(("datasync:DescribeTaskExecution",), Resource.TRANSFER_EXECUTIONS),
    Permission(("s3:GetObject",), Resource.REPORT_OBJECTS),
    *keep_state(),
    # Without these S3 answers 403 instead of 404 for an object that is gone
    # (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
    Permission(("s3:ListBucket", "s3:ListBucketVersions"), Resource.LAKE_BUCKET),
    Permission(
        (
            "s3:GetObjectTagging",
            "s3:GetObjectVersionTagging",
            "s3:PutObjectVersionTagging",
        ),
        Resource.LAKE_OBJECTS,
    ),
    *publish_to(Resource.DATA_TOPIC),
)
