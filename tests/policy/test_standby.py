"""The standby needs nothing of the primary region: nothing it plans names it, and no provider goes there.

Values that are known after apply come from the one provider, so they are of its region.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from scripts.infrastructure.environments import RECOVERY, load_environment
from scripts.plan_values import in_modules
from scripts.plans import sample_plans

ENVIRONMENT = load_environment("local")
PRIMARY = re.compile(rf"{re.escape(ENVIRONMENT.region)}(?!\d)")


@pytest.fixture(scope="module")
def plan() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(sample_plans()[RECOVERY].read_text(encoding="utf-8"))
    return read


def managed(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """What the standby makes."""
    return [each for each in in_modules(plan["planned_values"]["root_module"]) if each["mode"] == "managed"]


def naming_the_primary(plan: dict[str, Any]) -> list[str]:
    """Addresses of what would be made with the primary region's name in it."""
    return [each["address"] for each in managed(plan) if PRIMARY.search(json.dumps(each["values"]))]


def providers(plan: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Each provider that is configured anywhere, with what its region is taken from."""
    for name, settings in plan["configuration"]["provider_config"].items():
        if settings["name"] == "aws":
            region = settings.get("expressions", {}).get("region", {})
            yield name, region.get("references", [str(region.get("constant_value"))])


def test_all_of_the_standby_is_planned(plan: dict[str, Any]) -> None:
    assert plan["variables"]["recovery_stage"]["value"] == "active"
    kinds = {each["type"] for each in managed(plan)}
    assert {"aws_eks_node_group", "aws_nat_gateway", "aws_lambda_function", "aws_efs_mount_target"} <= kinds


def test_nothing_names_the_primary_region(plan: dict[str, Any]) -> None:
    assert naming_the_primary(plan) == []


def test_a_key_of_the_primary_region_is_found(plan: dict[str, Any]) -> None:
    spoiled = copy.deepcopy(plan)
    topic = next(each for each in managed(spoiled) if each["type"] == "aws_sns_topic")
    topic["values"]["kms_master_key_id"] = f"arn:aws:kms:{ENVIRONMENT.region}:000000000000:key/mrk-1"
    assert naming_the_primary(spoiled) == [topic["address"]]


def test_the_one_provider_is_that_of_the_recovery_region(plan: dict[str, Any]) -> None:
    found = dict(providers(plan))
    assert set(found) == {"aws"}, "a second provider could be of the primary region"
    assert found["aws"][0] == "module.naming.recovery_region"


def test_what_is_global_bears_the_standby_s_own_name(plan: dict[str, Any]) -> None:
    """IAM has no regions: a role of a name the platform has would be refused when the standby is applied."""
    roles = [each["values"]["name"] for each in managed(plan) if each["type"] == "aws_iam_role"]
    assert len(roles) > 20
    assert [name for name in roles if not name.startswith(f"{ENVIRONMENT.prefix}-recovery-") or len(name) > 64] == []
