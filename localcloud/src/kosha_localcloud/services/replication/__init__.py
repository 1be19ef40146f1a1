"""S3 replication that replicates: object versions, metadata, tags, locks and delete markers, to other regions too.

`capture` sees what was written through the gateway and makes jobs of it, `worker` runs them one after the other in
the background, `apply` does one. Replicas are put into the destination without a call, so they are never replicated
again, and what was there before a rule is left alone, as in AWS.
"""

from kosha_localcloud.services.replication.capture import install
from kosha_localcloud.services.replication.worker import under_way

__all__ = ["install", "under_way"]
