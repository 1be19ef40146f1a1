"""The faults of AWS Backup, at `/_kosha/backup/faults`: `fail`.

`subject` is a resource's ARN, `pattern` the kind of job: backup, copy or restore.
"""

from kosha_localcloud.services.faults import Faults

faults = Faults("backup", ("fail",))
