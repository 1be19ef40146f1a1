"""What is used beside the lake: the shared storage and its copies, the transfer, nodes, network, logs, keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from scripts.cost.infrastructure import Infrastructure
from scripts.cost.ledger import Group, Usage
from scripts.cost.prices import DAYS, HOURS, Side
from scripts.cost.workload import Counted, Operations, SharedStorage, Toolchain, Workload

PRIMARY, RECOVERY, BETWEEN = Side.PRIMARY, Side.RECOVERY, Side.BETWEEN


def shared_storage_usages(
    workload: Workload,
    toolchain: Toolchain,
    infrastructure: Infrastructure,
    retention_days: Mapping[str, float],
    *,
    lake: bool,
) -> Iterator[Usage]:
    """EFS: what lies there, what is written and read, its replica and its backups.

    ``retention_days``: of a data class, days its published files stay after the transfer. Without a ``lake`` they stay
    for good.
    """
    settings = workload.shared_storage
    published = published_gb(toolchain)
    run = toolchain.shared_storage
    for month in range(workload.months):
        genomes = workload.genomes(month)
        resident = genomes / DAYS * run.left_gb * run.left_days
        if lake:
            resident += genomes / DAYS * _dwelling(toolchain, retention_days, settings)
        else:
            # Those of the month itself came in evenly over it.
            before = list(accumulate((workload.genomes(each) for each in range(month)), initial=0.0))[-1]
            resident += (before + genomes / 2) * published
        yield from _tiers(settings, resident, PRIMARY, month, Group.SHARED_STORAGE, tiered=infrastructure.tiered)
        written, read = genomes * run.written_gb, genomes * run.read_gb
        yield Usage(Group.SHARED_STORAGE, "writing", "efs.write", PRIMARY, month, written)
        read -= 0 if lake else genomes * published  # by the transfer, which there is not
        yield Usage(Group.SHARED_STORAGE, "reading", "efs.read", PRIMARY, month, read)
        if lake:
            yield Usage(Group.DATASYNC, "copied to the lake", "datasync.basic", PRIMARY, month, genomes * published)
        if infrastructure.shared_storage_replica:
            copies = Group.SHARED_COPIES
            yield from _tiers(settings, resident, RECOVERY, month, copies, tiered=infrastructure.tiered)
            yield Usage(copies, "replica, moved", "transfer.between_regions", BETWEEN, month, written)
        if infrastructure.backup_days:
            # Whatever an hourly backup met is kept for so long, once.
            kept = resident + written / DAYS * infrastructure.backup_days
            for side in (PRIMARY, RECOVERY):
                yield Usage(Group.SHARED_COPIES, "backups", "backup.efs", side, month, kept)
                stands = settings.standing_gb.total
                yield _fixed(Group.SHARED_COPIES, "backups of what stands", "backup.efs", side, month, stands)
            yield Usage(Group.SHARED_COPIES, "backups, moved", "transfer.between_regions", BETWEEN, month, written)


def published_gb(toolchain: Toolchain) -> float:
    """GB of results a genome leaves for the lake."""
    return sum(files.count * files.gb for kinds in toolchain.files.values() for files in kinds)


def _dwelling(toolchain: Toolchain, retention_days: Mapping[str, float], settings: SharedStorage) -> float:
    """GB-days a genome's results lie on EFS: their class's time, and half the time between two cleanings."""
    return sum(
        files.count * files.gb * (retention_days[name] + settings.cleaned_every_days / 2)
        for name, kinds in toolchain.files.items()
        for files in kinds
    )


def _tiers(
    settings: SharedStorage, resident: float, side: Side, month: int, group: Group, *, tiered: bool
) -> Iterator[Usage]:
    """What comes and goes is never old enough to be moved. Nobody reads the replica, so all that stands is archived."""
    standing = settings.standing_gb
    amounts = {"standard": standing.standard, "ia": standing.ia, "archive": standing.archive}
    if not tiered:
        amounts = {"standard": standing.total}
    elif side is RECOVERY:
        amounts = {"archive": standing.total}
    for tier, gb in amounts.items():
        yield Usage(group, f"what stands, {tier}", f"efs.storage.{tier}", side, month, gb, by_volume=False)
    yield Usage(group, "what comes and goes", "efs.storage.standard", side, month, resident)


def compute_usages(workload: Workload, toolchain: Toolchain, infrastructure: Infrastructure) -> Iterator[Usage]:
    """Nodes of the steps by the genome; control planes and system nodes by the hour."""
    price = "ec2.processor.on_demand" if toolchain.always_on else "ec2.processor.spot"
    for month in range(workload.months):
        hours = workload.genomes(month) * toolchain.processor_hours
        yield Usage(Group.COMPUTE, "nodes of the steps", price, PRIMARY, month, hours)
        for side, counted in infrastructure.sides():
            yield _fixed(Group.COMPUTE, "control planes", "eks.cluster", side, month, counted.clusters * HOURS)
            system = counted.system_processors * HOURS
            yield _fixed(Group.COMPUTE, "system nodes", "ec2.processor.system", side, month, system)


def operations_usages(
    workload: Workload, toolchain: Toolchain, infrastructure: Infrastructure, objects: Sequence[float]
) -> Iterator[Usage]:
    """Network, logs, keys, alarms, functions, volumes. ``objects``: new ones of each month."""
    each = workload.operations
    for month in range(workload.months):
        for side, counted in infrastructure.sides():
            yield from _by_count(counted, side, month)
        yield from _primary_only(each, month)
        node_hours = workload.genomes(month) * toolchain.processor_hours / 8
        yield Usage(
            Group.WATCHING, "Container Insights", "cloudwatch.observation", PRIMARY, month,
            node_hours * each.observations_a_node_hour,
        )  # fmt: skip
        if infrastructure.data_events:
            events = objects[month] * each.data_events_an_object
            yield Usage(Group.WATCHING, "calls on objects", "cloudtrail.data_event", PRIMARY, month, events)


def _by_count(counted: Counted, side: Side, month: int) -> Iterator[Usage]:
    for group, what, price, number in (
        (Group.NETWORK, "NAT gateways", "vpc.nat.hour", counted.nat_gateways * HOURS),
        (Group.NETWORK, "addresses of NAT gateways", "vpc.ipv4", counted.nat_gateways * HOURS),
        (Group.NETWORK, "interface endpoints", "vpc.endpoint.hour", counted.endpoint_zones * HOURS),
        (Group.WATCHING, "keys", "kms.key", counted.keys),
        (Group.WATCHING, "alarms", "cloudwatch.alarm", counted.alarms),
        (Group.WATCHING, "dashboards", "cloudwatch.dashboard", counted.dashboards),
    ):
        yield _fixed(group, what, price, side, month, number)


def _primary_only(each: Operations, month: int) -> Iterator[Usage]:
    kept = each.logs_gb * min(month + 1, each.logs_kept_months)
    for group, what, price, number in (
        (Group.NETWORK, "through NAT gateways", "vpc.nat.gb", each.nat_gb),
        (Group.NETWORK, "through endpoints", "vpc.endpoint.gb", each.endpoint_gb),
        (Group.WATCHING, "logs taken in", "logs.ingest", each.logs_gb),
        (Group.WATCHING, "logs kept", "logs.storage", kept),
        (Group.WATCHING, "metrics", "cloudwatch.metric", each.custom_metrics),
        (Group.COMPUTE, "functions", "lambda.gb_second", each.lambda_gb_seconds),
        (Group.COMPUTE, "calls of functions", "lambda.request", each.lambda_requests),
        (Group.COMPUTE, "volumes", "ebs.gp3", each.volumes_gb),
        (Group.COMPUTE, "snapshots of volumes", "backup.ebs", each.volume_snapshots_gb),
    ):
        yield _fixed(group, what, price, PRIMARY, month, number)


def _fixed(group: Group, what: str, price: str, side: Side, month: int, quantity: float) -> Usage:
    return Usage(group, what, price, side, month, quantity, by_volume=False)
