"""What Terraform made is what Terraform wants, and the samples the policy checks plan with are true."""

import json

import pytest

from scripts.infrastructure import commands
from scripts.infrastructure.environments import RECOVERY, ROOTS
from scripts.infrastructure.terraform import CHANGE_KINDS
from scripts.leftovers import find_leftovers
from scripts.paths import SAMPLE_HANDOFFS
from tests.local.conftest import Platform


def shape(value: object) -> object:
    """The keys of nested objects, without the values."""
    return {key: shape(inner) for key, inner in value.items()} if isinstance(value, dict) else type(value).__name__


@pytest.mark.parametrize("root", ROOTS)
def test_second_plan_is_empty(platform: Platform, root: str) -> None:
    summary = commands.open_root(platform.environment, root).plan()
    assert summary.changes == {kind: [] for kind in CHANGE_KINDS}


@pytest.mark.parametrize("root", ROOTS)
def test_sample_handoff_has_the_shape_of_the_real_one(platform: Platform, root: str) -> None:
    sample = json.loads((SAMPLE_HANDOFFS / f"{root}.json").read_text())
    regenerate = "to renew the samples: make apply && .venv/bin/python -m scripts.sample_handoffs"
    assert shape(sample) == shape(platform.handoffs[root]), regenerate


@pytest.mark.parametrize("root", [root for root in ROOTS if root != RECOVERY])
def test_handoff_is_the_same_in_the_recovery_region(platform: Platform, root: str) -> None:
    value = platform.client("ssm", recovery=True).get_parameter(Name=platform.environment.handoff(root))
    assert json.loads(value["Parameter"]["Value"]) == platform.handoffs[root]


def test_the_leftover_count_sees_what_is_applied(platform: Platform) -> None:
    regions = (platform.environment.region, platform.environment.recovery_region)
    found = find_leftovers(platform.cloud, regions)
    services = {place.split()[1] for place in found}
    assert {"ec2", "kms", "s3", "sns", "sqs", "lambda", "logs", "efs", "datasync", "eks", "ssm", "iam"} <= services
