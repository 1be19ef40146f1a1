"""The faults of replication, at `/_kosha/replication/faults`; `subject` is the source bucket, `pattern` a key.

- `hold`: what matches stays PENDING until the fault is removed (leave `times` out)
- `fail`: what matches becomes FAILED
"""

from kosha_localcloud.services.faults import Faults

faults = Faults("replication", ("hold", "fail"))
