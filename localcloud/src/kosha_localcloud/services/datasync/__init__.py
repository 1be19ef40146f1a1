"""DataSync, EFS to S3: locations, tasks and executions that copy files."""

from kosha_localcloud.services.datasync import executions, locations, tags, tasks
from kosha_localcloud.services.datasync.state import table

__all__ = ["executions", "locations", "table", "tags", "tasks"]
