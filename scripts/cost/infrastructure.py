"""What a Terraform plan makes that is billed by the hour or the month, counted.

A plan is the JSON of ``terraform show -json`` (format: https://developer.hashicorp.com/terraform/internals/json-format),
a folder of such, one for each root, or what :func:`shrink` keeps of them (``tests/data/cost/plan-prod.json``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from scripts.cost.prices import Side, Strict
from scripts.cost.workload import Counted
from scripts.infrastructure.environments import RECOVERY
from scripts.paths import REPOSITORY
from scripts.plan_values import without_keys
from scripts.talk import UserError

SAMPLE = REPOSITORY / "tests" / "data" / "cost" / "plan-prod.json"
"""The plans of prod, shrunk: ``make cost-plan`` writes it."""
PROCESSORS = {"medium": 1, "large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32}
"""Of an instance by its size (https://docs.aws.amazon.com/ec2/latest/instancetypes/gp.html)."""
HOW = "give what terraform show -json <plan> prints"
KEPT: Mapping[str, tuple[str, ...]] = {
    "aws_nat_gateway": (),
    "aws_vpc_endpoint": ("vpc_endpoint_type", "subnet_ids"),
    "aws_eks_cluster": (),
    "aws_eks_node_group": ("instance_types", "scaling_config"),
    "aws_instance": ("instance_type",),
    "aws_ebs_volume": ("size", "type"),
    "aws_kms_key": (),
    "aws_kms_replica_key": (),
    "aws_cloudwatch_metric_alarm": ("metric_query",),
    "aws_cloudwatch_composite_alarm": (),
    "aws_cloudwatch_dashboard": (),
    "aws_efs_file_system": ("lifecycle_policy",),
    "aws_efs_replication_configuration": (),
    "aws_s3_bucket_replication_configuration": ("rule",),
    "aws_s3_bucket_lifecycle_configuration": ("bucket", "rule"),
    "aws_backup_plan": ("rule",),
    "aws_cloudtrail": ("advanced_event_selector", "event_selector"),
}
"""Of each type that is billed, the attributes that say how much."""


class Resource(Strict):
    """A resource of a plan: after the change, and before it where it exists."""

    root: str
    address: str
    type: str
    side: Side
    after: Mapping[str, Any] | None
    before: Mapping[str, Any] | None = None


class Infrastructure(Strict):
    """What the model asks a plan for."""

    primary: Counted = Counted()
    recovery: Counted = Counted()
    replication_time: bool = False
    shared_storage_replica: bool = False
    backup_days: float = 0
    tiered: bool = False
    """Whether EFS moves what nobody reads."""
    data_events: bool = False

    def sides(self) -> Iterator[tuple[Side, Counted]]:
        yield Side.PRIMARY, self.primary
        yield Side.RECOVERY, self.recovery


def read_plan(path: Path) -> list[Resource]:
    """The resources of a plan, of a folder of plans, or of a shrunk plan that are billed.

    Raises :class:`UserError` for what is none of these.
    """
    if path.is_dir():
        files = sorted(path.glob("*.json"))
        if not files:
            raise UserError(f"{path} holds no plan: terraform show -json <plan> > {path}/<root>.json")
        return [resource for file in files for resource in read_plan(file)]
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as JSON ({error}); {HOW}") from None
    if isinstance(document, dict) and "resource_changes" in document:
        return shrink(document, path.stem)
    if isinstance(document, dict) and set(document) == {"environment", "resources"}:
        return [Resource.model_validate(each) for each in document["resources"]]
    raise UserError(f"{path} is no plan: it has no resource_changes; {HOW}")


def shrink(plan: Mapping[str, Any], root: str) -> list[Resource]:
    """Of a plan, what is billed and how much of it."""
    in_recovery = set(_of_recovery(plan["configuration"]["root_module"], ""))
    found = []
    for change in plan["resource_changes"]:
        if change["mode"] != "managed" or change["type"] not in KEPT:
            continue
        recovery = root == RECOVERY or without_keys(change["address"]) in in_recovery
        found.append(
            Resource(
                root=root,
                address=change["address"],
                type=change["type"],
                side=Side.RECOVERY if recovery else Side.PRIMARY,
                after=_kept(change["type"], change["change"]["after"]),
                before=_kept(change["type"], change["change"]["before"]),
            )
        )
    return found


def _kept(kind: str, values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {name: values[name] for name in KEPT[kind] if values.get(name) not in (None, [])}


def _of_recovery(module: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """Addresses without keys of what the provider of the recovery region makes."""
    for resource in module.get("resources", []):
        if resource["provider_config_key"].endswith("recovery"):
            yield prefix + resource["address"]
    for name, call in module.get("module_calls", {}).items():
        yield from _of_recovery(call["module"], f"{prefix}module.{name}.")


def count(resources: Iterable[Resource]) -> Infrastructure:
    """What there is when the plan is applied."""
    resources = [resource for resource in resources if resource.after is not None]

    def of(kind: str) -> list[Mapping[str, Any]]:
        return [resource.after for resource in resources if resource.type == kind and resource.after is not None]

    return Infrastructure(
        primary=_counted(resources, Side.PRIMARY),
        recovery=_counted(resources, Side.RECOVERY),
        replication_time=any(
            time["status"] == "Enabled"
            for each in of("aws_s3_bucket_replication_configuration")
            for rule in each["rule"]
            for destination in rule["destination"]
            for time in destination.get("replication_time", [])
        ),
        shared_storage_replica=bool(of("aws_efs_replication_configuration")),
        backup_days=max(
            (
                lifecycle["delete_after"]
                for each in of("aws_backup_plan")
                for rule in each["rule"]
                if _is_hourly(rule["schedule"])
                for lifecycle in rule["lifecycle"]
            ),
            default=0,
        ),
        tiered=any(each.get("lifecycle_policy") for each in of("aws_efs_file_system")),
        data_events=any(
            each.get("advanced_event_selector") or each.get("event_selector") for each in of("aws_cloudtrail")
        ),
    )


def _is_hourly(schedule: str) -> bool:
    return schedule.removeprefix("cron(").split()[1] == "*"


def _counted(resources: Iterable[Resource], side: Side) -> Counted:
    mine = [resource for resource in resources if resource.side is side]
    sums = [amounts(resource.type, resource.after or {}) for resource in mine]
    return Counted.model_validate({name: sum(each.get(name, 0) for each in sums) for name in Counted.model_fields})


def amounts(kind: str, values: Mapping[str, Any]) -> dict[str, float]:
    """What a resource adds to :class:`Counted`, by the name there."""
    if kind == "aws_nat_gateway":
        return {"nat_gateways": 1}
    if kind == "aws_vpc_endpoint" and values.get("vpc_endpoint_type") == "Interface":
        # Not known before the subnets are: then one for each of three zones.
        return {"endpoint_zones": len(values.get("subnet_ids") or ()) or 3}
    if kind == "aws_eks_cluster":
        return {"clusters": 1}
    if kind == "aws_eks_node_group":
        return {"system_processors": _processors(values)}
    if kind in ("aws_kms_key", "aws_kms_replica_key"):
        return {"keys": 1}
    if kind in ("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"):
        return {"alarms": max(1, len(values.get("metric_query") or ()))}
    if kind == "aws_cloudwatch_dashboard":
        return {"dashboards": 1}
    return {}


def _processors(values: Mapping[str, Any]) -> float:
    nodes = sum(each["desired_size"] for each in values.get("scaling_config") or ())
    return float(nodes) * processors((values.get("instance_types") or ["m6i.large"])[0])


def processors(instance_type: str) -> float:
    """Of an instance. Raises :class:`UserError` for a size that is not known."""
    size = instance_type.rsplit(".", 1)[-1]
    try:
        return float(PROCESSORS[size])
    except KeyError:
        raise UserError(f"instances of size '{size}' are not known: add it to PROCESSORS in {__name__}") from None
