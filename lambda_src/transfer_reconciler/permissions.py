"""What transfer_reconciler may do: look at executions and receipts, and call the two functions that mend."""

from common.permissions import Permission, Resource, keep_state, publish_to

PERMISSIONS: tuple[Permission, ...] = (
    Permission(("datasync:ListTaskExecutions",), Resource.ANY),
    Permission(("datasync:DescribeTaskExecution",), Resource.TRANSFER_EXECUTIONS),
    Permission(("s3:GetObject",), Resource.TAGGER_RECEIPTS),
    Permission(("lambda:InvokeFunction",), Resource.OBJECT_TAGGER),
    Permission(("lambda:InvokeFunction",), Resource.TAG_BACKFILL),
    *keep_state(),
    *publish_to(Resource.TRANSFER_TOPIC),
)
