"""S3 replication that replicates: object versions, metadata, tags, locks and delete markers, to other regions too.

`capture` sees what was written through the gateway and makes jobs of it, `worker` runs them one after the other in
the background, `apply` does one, with the rights of the role that the configuration names (`rights`). Replicas are put
into the destination without a call, so they are never replicated again, and what was there before a rule is left alone,
as in AWS; a batch (`services/s3control`) takes it. `lag` makes replicas late, `reach` says which regions answer.
"""

from kosha_localcloud.services.replication.capture import eligible, install, replicate_by_batch
from kosha_localcloud.services.replication.worker import under_way

__all__ = ["eligible", "install", "replicate_by_batch", "under_way"]
