"""What transfer_notifier may do."""

from common.permissions import Permission, Resource, publish_to

PERMISSIONS: tuple[Permission, ...] = (
    Permission(("datasync:DescribeTaskExecution",), Resource.TRANSFER_EXECUTIONS),
    *publish_to(Resource.TRANSFER_TOPIC),
)
