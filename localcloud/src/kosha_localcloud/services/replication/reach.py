"""Whether a region can be reached: replication to or from one that cannot waits, and goes on by itself, as in AWS."""

from kosha_localcloud.gateway.handlers import FAULTS
from kosha_localcloud.gateway.regions import REGIONS


def answers(region: str) -> bool:
    """The one place that is asked about a region, before each try: it is stopped, or a fault meets S3's calls there."""
    if REGIONS.is_stopped(region):
        return False
    return all(fault.kind == "delay" for fault in FAULTS.meeting("s3", "ReplicateObject", region, internal=True))
