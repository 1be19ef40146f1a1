"""The faults a transfer can be given, at `/_kosha/datasync/faults`; `subject` is a task's ARN.

- `fail_execution`: the execution ends with ERROR in the phase `pattern` matches (PREPARING, TRANSFERRING, VERIFYING)
- `corrupt_file`: a file whose path matches `pattern` arrives with wrong bytes
- `unreadable_file`: a file whose path matches `pattern` cannot be read
- `drop_event`: the event of a state that matches `pattern` is not sent
- `slow`: each file whose path matches `pattern` takes `seconds` more
"""

from kosha_localcloud.services.faults import Faults

faults = Faults("datasync", ("fail_execution", "corrupt_file", "unreadable_file", "drop_event", "slow"))
