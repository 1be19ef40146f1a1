"""What tag_backfill may do. It never reads or writes data: it lists the lake, and reads and writes tags."""

from common.permissions import Permission, Resource, keep_state, publish_to, write_reports

PERMISSIONS: tuple[Permission, ...] = (
    *keep_state(),
    *write_reports(),
    Permission(("s3:ListBucket", "s3:ListBucketVersions"), Resource.LAKE_BUCKET),
    Permission(
        (
            "s3:GetObjectTagging",
            "s3:GetObjectVersionTagging",
            "s3:PutObjectVersionTagging",
        ),
        Resource.LAKE_OBJECTS,
    ),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-iam-role-policies.html
    Permission(("s3:CreateJob",), Resource.ANY),
    Permission(("s3:DescribeJob", "s3:UpdateJobStatus"), Resource.BATCH_JOBS),
    Permission(("iam:PassRole",), Resource.BATCH_ROLE),
    *publish_to(Resource.DATA_TOPIC),
)
