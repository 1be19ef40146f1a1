"""AWS Backup: plans run by the local cloud's clock, recovery points hold what was there, and can be restored.

Volumes (EBS) and file systems (EFS) are backed up. A recovery point of a volume is a snapshot of EC2, as in AWS; of a
file system it is a copy of its tree below `<working directory>/backup/`. Jobs are done before their call, or the
moment their schedule falls due, is over: their states between PENDING and the end are never seen.

Documents: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Operations.html
"""

from kosha_localcloud.services.backup import audits, jobs, plans, points, restores, settings, testing, vaults
from kosha_localcloud.services.backup.schedule import install
from kosha_localcloud.services.backup.state import table

__all__ = ["audits", "install", "jobs", "plans", "points", "restores", "settings", "table", "testing", "vaults"]
