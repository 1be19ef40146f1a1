"""EFS replication: the destination becomes what the source is, again and again, as late as the lag says.

`POST /_kosha/efs/replication/lag {"seconds": 900}`: by the local cloud's clock, the destination is never more behind
than that, to the minute; 300, the time between two looks, when nothing is said. `GET` shows it, `DELETE` undoes it.

https://docs.aws.amazon.com/efs/latest/ug/efs-replication.html
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.api import RequestContext
from localstack.http import Request
from moto.efs.models import FileSystem, efs_backends

from kosha_localcloud.clock.expressions import Rate
from kosha_localcloud.clock.timeline import Schedule
from kosha_localcloud.gateway.endpoints import LONGEST_LAG, BadRequestError, body, is_lag, serve
from kosha_localcloud.gateway.regions import REGIONS
from kosha_localcloud.services.clients import client
from kosha_localcloud.services.efs.file_systems import file_system_of, working_directory
from kosha_localcloud.services.efs.state import KEPT, REPLICATIONS, Replication, table
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document, refuse
from kosha_localcloud.services.trees import mirror

if TYPE_CHECKING:
    from kosha_localcloud.clock.timeline import Timeline

LOG = logging.getLogger(__name__)

LOOK = timedelta(minutes=5)
# Looks come by the clock, which runs on while one is at work.
ROUNDING = timedelta(minutes=1)


class Lag:
    """How late the destination may be, in seconds."""

    DEFAULT = LOOK.total_seconds()

    def __init__(self) -> None:
        self.seconds = self.DEFAULT

    def serve(self) -> None:
        """Register the address."""
        serve("efs/replication/lag", {"GET": self._show, "POST": self._change, "DELETE": self._reset})

    def _show(self, _: Request) -> Document:
        return {"seconds": self.seconds}

    def _change(self, request: Request) -> Document:
        wanted = body(request)
        seconds = wanted.get("seconds") if isinstance(wanted, dict) else None
        if not is_lag(seconds):
            raise BadRequestError(f'send {{"seconds": 900}}: a number from 0 to {LONGEST_LAG:.0f}')
        self.seconds = seconds
        return self._show(request)

    def _reset(self, request: Request) -> Document:
        self.seconds = self.DEFAULT
        return self._show(request)


LAG = Lag()


def install(timeline: Timeline) -> None:
    """Let the clock replicate."""
    LAG.serve()
    timeline.add(Looks())


class Looks:
    """Every replication, every five minutes."""

    def schedules(self) -> Iterator[Schedule]:
        """See timeline.Source."""
        for each in list(REPLICATIONS):
            yield Schedule(
                f"replication of {each.source} to {each.target}",
                (each.created,),
                lambda first: Rate(first + LOOK, LOOK),
                lambda _moment, each=each: look(each),  # type: ignore[misc]
            )


def look(replication: Replication) -> None:
    """Copy if it is time to, and say how long ago it last was."""
    if not replication.is_whole or REGIONS.is_stopped(replication.source_region):
        return
    age = now() - (replication.synced or datetime.min.replace(tzinfo=UTC))
    if age + LOOK > timedelta(seconds=LAG.seconds) + ROUNDING and not REGIONS.is_stopped(replication.target_region):
        synchronise(replication)
    _send_metric(replication)


def synchronise(replication: Replication) -> None:
    """Make the destination what the source is now."""
    begun = now()
    mirror(working_directory() / replication.source, working_directory() / replication.target)
    replication.synced = begun


def _send_metric(replication: Replication) -> None:
    """https://docs.aws.amazon.com/efs/latest/ug/efs-metrics.html#efs-replication-metrics"""
    assert replication.synced is not None
    try:
        client("cloudwatch", replication.account, replication.source_region).put_metric_data(
            Namespace="AWS/EFS",
            MetricData=[
                {
                    "MetricName": "TimeSinceLastSync",
                    "Dimensions": [
                        {"Name": "FileSystemId", "Value": replication.source},
                        {"Name": "DestinationFileSystemId", "Value": replication.target},
                    ],
                    "Timestamp": now(),
                    "Value": (now() - replication.synced).total_seconds(),
                    "Unit": "Seconds",
                }
            ],
        )
    except (BotoCoreError, ClientError) as error:
        LOG.warning("EFS could not send a metric: %s", error)


# ---------------------------------------------------------------------------------------------------- operations


@table.real("CreateReplicationConfiguration", "copies at once, then every five minutes; the replica can be written")
def create_replication_configuration(context: RequestContext, request: Document) -> Document:
    source = file_system_of(context, request["SourceFileSystemId"])
    (wanted,) = request["Destinations"]
    target_region = str(wanted.get("Region") or context.region)
    if any(source.file_system_id in each.members for each in REPLICATIONS):
        raise refuse("ReplicationAlreadyExists", f"{source.file_system_id} is already replicated.", 409)
    target = str(wanted.get("FileSystemId") or "").rpartition("/")[2]
    if target:
        _refuse_protected(context.account_id, target_region, target)
    else:
        target = _replica_of(source, context.account_id, target_region, wanted)
    replication = Replication(
        context.account_id,
        source.file_system_id,
        context.region,
        source.file_system_arn,
        target,
        target_region,
        now(),
        wanted.get("RoleArn"),
        {context.region, target_region},
    )
    KEPT.at(context.account_id, target_region).protection[target] = "REPLICATING"
    REPLICATIONS.append(replication)
    synchronise(replication)
    _send_metric(replication)
    return _described(replication)


def _refuse_protected(account: str, region: str, target: str) -> None:
    """What is to be overwritten must be there and allow it."""
    if target not in efs_backends[account][region].file_systems_by_id:
        raise refuse(
            "FileSystemNotFound", f"File system '{target}' does not exist.", 404, ErrorCode="FileSystemNotFound"
        )
    protection = KEPT.at(account, region).protection_of(target)
    if protection != "DISABLED":
        raise refuse(
            "ConflictException",
            f"{target} is protected from being overwritten ({protection}): "
            "set its ReplicationOverwriteProtection to DISABLED first.",
            409,
        )


def _replica_of(source: FileSystem, account: str, region: str, wanted: Document) -> str:
    replica = efs_backends[account][region].create_file_system(
        creation_token=f"replica-of-{source.file_system_id}",
        performance_mode=source.performance_mode,
        encrypted=True,
        kms_key_id=wanted.get("KmsKeyId") or f"arn:aws:kms:{region}:{account}:alias/aws/elasticfilesystem",
        throughput_mode=source.throughput_mode,
        provisioned_throughput_in_mibps=source.provisioned_throughput_in_mibps,
        availability_zone_name=wanted.get("AvailabilityZoneName", ""),
        backup=False,
        tags=[],
    )
    (working_directory() / replica.file_system_id).mkdir(parents=True)
    return str(replica.file_system_id)


def _described(replication: Replication) -> Document:
    destination: Document = {
        "Status": "ENABLED" if replication.is_whole else "ERROR",
        "FileSystemId": replication.target,
        "Region": replication.target_region,
        "OwnerId": replication.account,
    }
    if replication.synced:
        destination["LastReplicatedTimestamp"] = replication.synced
    if replication.role:
        destination["RoleArn"] = replication.role
    return {
        "SourceFileSystemId": replication.source,
        "SourceFileSystemRegion": replication.source_region,
        "SourceFileSystemArn": replication.source_arn,
        "OriginalSourceFileSystemArn": replication.source_arn,
        "CreationTime": replication.created,
        "Destinations": [destination],
        "SourceFileSystemOwnerId": replication.account,
    }


def _seen(context: RequestContext) -> list[Replication]:
    """Those of which the region has a side."""
    return [each for each in REPLICATIONS if each.account == context.account_id and context.region in each.sides]


@table.real("DescribeReplicationConfigurations")
def describe_replication_configurations(context: RequestContext, request: Document) -> Document:
    wanted = request.get("FileSystemId")
    found = [each for each in _seen(context) if wanted in (None, each.source, each.target)]
    if wanted is not None and not found:
        raise refuse(
            "ReplicationNotFound", f"{wanted} has no replication configuration.", 404, ErrorCode="ReplicationNotFound"
        )
    return {"Replications": [_described(each) for each in found]}


@table.real("DeleteReplicationConfiguration", "from either region; the destination stays and is protected, as in AWS")
def delete_replication_configuration(context: RequestContext, request: Document) -> None:
    identifier = request["SourceFileSystemId"].rpartition("/")[2]
    replication = next((each for each in _seen(context) if each.source == identifier), None)
    if replication is None:
        raise refuse("ReplicationNotFound", f"{identifier} has no replication configuration.", 404)
    if request.get("DeletionMode") == "LOCAL_CONFIGURATION_ONLY":
        gone = {context.region}
    else:
        gone = set(replication.sides)
        out_of_reach = sorted(region for region in gone if REGIONS.is_stopped(region))
        if out_of_reach:
            raise refuse("InternalServerError", f"{', '.join(out_of_reach)} does not answer.", 500)
    replication.sides -= gone
    if replication.target_region in gone:
        KEPT.at(replication.account, replication.target_region).protection[replication.target] = "ENABLED"
    if not replication.sides:
        REPLICATIONS.remove(replication)
