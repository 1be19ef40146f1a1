"""What is counted in a plan, and what a plan changes in the bill."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts.cost.__main__ import show_difference
from scripts.cost.difference import between, markdown, within
from scripts.cost.infrastructure import SAMPLE, Resource, count, read_plan, shrink
from scripts.cost.prices import Side, load_prices
from scripts.paths import REPOSITORY
from scripts.talk import UserError

TABLE = load_prices()


def change(address: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "address": address,
        "mode": "managed",
        "type": address.split(".")[-2],
        "change": {"before": before, "after": after},
    }


def plan(*changes: dict[str, Any]) -> dict[str, Any]:
    """A plan with a module that makes things in both regions."""
    lake = {
        "resources": [
            {"address": "aws_kms_key.lake", "provider_config_key": "aws"},
            {"address": "aws_kms_replica_key.lake", "provider_config_key": "aws.recovery"},
        ]
    }
    root = {"resources": [], "module_calls": {"keys": {"module": lake}}}
    return {"resource_changes": list(changes), "configuration": {"root_module": root}}


HOURLY = {"schedule": "cron(0 * * * ? *)", "lifecycle": [{"delete_after": 35}]}
GATEWAYS = plan(
    change("aws_nat_gateway.this[0]", {}, {}),
    change("aws_nat_gateway.this[1]", None, {}),
    change("aws_vpc_endpoint.kms", {"vpc_endpoint_type": "Interface", "subnet_ids": ["a", "b"]}, None),
    change("aws_vpc_endpoint.s3", None, {"vpc_endpoint_type": "Gateway"}),
    change("aws_iam_role.free", None, {}),
    change(
        "aws_backup_plan.hourly",
        None,
        {"rule": [HOURLY]},
    ),
    change('module.keys["x"].aws_kms_replica_key.lake', None, {}),
)


def test_a_resource_is_of_the_region_of_its_provider() -> None:
    sides = {each.address: each.side for each in shrink(GATEWAYS, "10-foundation")}
    assert sides['module.keys["x"].aws_kms_replica_key.lake'] is Side.RECOVERY
    assert sides["aws_nat_gateway.this[0]"] is Side.PRIMARY
    assert {each.side for each in shrink(GATEWAYS, "90-recovery")} == {Side.RECOVERY}


def test_what_is_billed_is_counted() -> None:
    found = count(read_plan(SAMPLE))
    assert found.primary.nat_gateways == 3
    assert found.primary.clusters == 1
    # Three nodes of two processors.
    assert found.primary.system_processors == 6
    # The pilot light: a control plane and no nodes, no way out.
    assert (found.recovery.clusters, found.recovery.system_processors, found.recovery.nat_gateways) == (1, 0, 0)
    assert found.primary.endpoint_zones == 36
    assert found.primary.keys > 0
    assert found.recovery.alarms > 0
    assert found.replication_time
    assert found.shared_storage_replica
    assert found.tiered
    assert found.data_events
    assert found.backup_days == 14


def test_nothing_is_counted_that_goes() -> None:
    found = count(shrink(GATEWAYS, "10-foundation"))
    assert (found.primary.nat_gateways, found.primary.endpoint_zones, found.recovery.keys) == (2, 0, 1)
    assert not found.replication_time


def test_a_plan_is_priced_by_resource() -> None:
    text = markdown(within(shrink(GATEWAYS, "10-foundation"), TABLE))
    #  730 x (0.056 + 0.005) = 44.53; 2 zones x 730 x 0.013 = 18.98; a key 1.00: together 26.55
    assert "+26.55 USD a month" in text
    assert "| `10-foundation: aws_nat_gateway.this[1]` | - | 44.53 | +44.53 |" in text
    assert "| `10-foundation: aws_vpc_endpoint.kms` | 18.98 | - | -18.98 |" in text
    assert '| `10-foundation: module.keys["x"].aws_kms_replica_key.lake` | - | 1.00 | +1.00 |' in text
    assert "this[0]" not in text
    assert "aws_vpc_endpoint.s3" not in text
    assert "- `10-foundation: aws_backup_plan.hourly`" in text


def test_two_plans_are_compared() -> None:
    def node_group(size: int, kind: str) -> Resource:
        values = {"instance_types": [kind], "scaling_config": [{"desired_size": size}]}
        return Resource(
            root="30-cluster", address="aws_eks_node_group.system", type="aws_eks_node_group",
            side=Side.PRIMARY, after=values,
        )  # fmt: skip

    volume = Resource(
        root="30-cluster", address="aws_ebs_volume.x", type="aws_ebs_volume", side=Side.PRIMARY, after={"size": 100}
    )
    changes = between([node_group(3, "m6i.large"), volume], [node_group(3, "m6i.xlarge")], TABLE)
    #  3 x 2 and 3 x 4 processors x 730 x 0.0505; 100 x 0.0912
    nodes, disk = changes
    assert nodes.before == pytest.approx(221.19)
    assert nodes.after == pytest.approx(442.38)
    assert disk.before == pytest.approx(9.12)
    assert disk.after is None
    assert between([volume], [volume], TABLE) == []
    assert "Nothing that is billed" in markdown([])


def test_a_size_that_is_not_known_is_named() -> None:
    odd = Resource(
        root="x", address="aws_instance.x", type="aws_instance", side=Side.PRIMARY, after={"instance_type": "m6i.odd"}
    )
    with pytest.raises(UserError, match="instances of size 'odd' are not known"):
        within([odd], TABLE)


def test_what_is_no_plan_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no plan"):
        read_plan(tmp_path)
    for name, text, said in (("a.json", "{", "cannot be read as JSON"), ("b.json", "{}", "is no plan")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match=said):
            read_plan(tmp_path / name)


@pytest.fixture
def saved_plan(tmp_path: Path) -> Path:
    path = tmp_path / "10-foundation.json"
    path.write_text(json.dumps(GATEWAYS), encoding="utf-8")
    return path


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_make_cost_diff_prints_the_comment(saved_plan: Path) -> None:
    done = make("cost-diff", f"BEFORE={saved_plan}", f"AFTER={saved_plan}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "### What this plan changes in the bill: +0.00 USD a month"


def test_without_a_plan_before_it_the_comment_is_what_the_plan_itself_changes(
    saved_plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show_difference(None, saved_plan) == 0
    assert capsys.readouterr().out.splitlines()[0].endswith(" +26.55 USD a month")
    with pytest.raises(UserError, match="there is no plan to price"):
        show_difference(None, None)


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["cost"], "forecast"),
        (["cost", "PLAN=x.json"], 'forecast --plan "x.json"'),
        (["cost", "SAVED=1", "ENV=dev"], 'saved --env "dev"'),
        (["cost", "NAMESPACES=1", "DAYS=7"], 'namespaces --env "local" --days "7"'),
        (["cost-diff", "AFTER=x.json"], 'diff --after "x.json"'),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_make_passes_on_what_it_is_given(arguments: list[str], command: str) -> None:
    *_, typed = make("--dry-run", *arguments).stdout.splitlines()
    assert typed.split() == f".venv/bin/python -m scripts.cost {command}".split()
