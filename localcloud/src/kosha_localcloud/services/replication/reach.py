"""Whether a region can be reached: replication to or from one that cannot waits, and goes on by itself, as in AWS."""

from kosha_localcloud.gateway.handlers import FAULTS


def answers(region: str) -> bool:
    """The one place that is asked about a region, before each try.

    A region is out of reach while a fault of the gateway meets S3's own calls there. Whatever else stops a region says
    so here.
    """
    return all(fault.kind == "delay" for fault in FAULTS.meeting("s3", "ReplicateObject", region, internal=True))
