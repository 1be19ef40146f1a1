"""What transfer_starter may do."""

from common.permissions import Permission, Resource, publish_to

PERMISSIONS: tuple[Permission, ...] = (
    Permission(("datasync:DescribeTask", "datasync:StartTaskExecution"), Resource.TRANSFER_TASKS),
    Permission(("datasync:ListTaskExecutions",), Resource.ANY),
    Permission(("datasync:DescribeTaskExecution",), Resource.TRANSFER_EXECUTIONS),
    *publish_to(Resource.TRANSFER_TOPIC),
)
