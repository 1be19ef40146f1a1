"""EFS: moto keeps the records, every file system is a directory, and replications copy."""

from kosha_localcloud.services.efs import replication
from kosha_localcloud.services.efs.file_systems import efs_directory, remove_leftovers, working_directory
from kosha_localcloud.services.efs.replication import install
from kosha_localcloud.services.efs.state import table

__all__ = ["efs_directory", "install", "remove_leftovers", "replication", "table", "working_directory"]
