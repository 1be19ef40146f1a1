"""What ``make policy`` runs for one root."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts import policy

PLAN: dict[str, Any] = {
    "configuration": {"root_module": {"resources": [{"address": "aws_x.y", "expressions": {"arn": {}}}]}},
    "planned_values": {"root_module": {"resources": [{"address": "aws_x.y", "values": {}}]}},
    "resource_changes": [
        {"address": "aws_x.y", "type": "aws_x", "change": {"after": {}, "after_unknown": {"arn": True}}}
    ],
}


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """The plan that is made; no manifest can be, as where there is no kubectl."""
    path = tmp_path / "20-storage.json"
    made: dict[str, Any] = json.loads(json.dumps(PLAN))

    def make_plans(*_: object) -> dict[str, Path]:
        path.write_text(json.dumps(made), encoding="utf-8")
        return {"20-storage": path}

    def no_manifests(*_: object) -> None:
        raise AssertionError("the manifests are not asked for")

    monkeypatch.setattr(policy, "make_plans", make_plans)
    monkeypatch.setattr(policy, "all_manifests", no_manifests)
    return made


@pytest.mark.parametrize("passes", [True, False])
def test_of_one_root_the_plan_is_looked_at_and_nothing_else(
    plan: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, passes: bool
) -> None:
    looked_at = []

    def shown(scan: policy.Scan) -> bool:
        looked_at.append(scan)
        return passes

    monkeypatch.setattr(policy, "shown_checkov", shown)
    assert policy.check_plan("20-storage", tmp_path) is passes
    (scan,) = looked_at
    filled = json.loads(Path(scan.arguments[1]).read_text(encoding="utf-8"))
    assert filled["planned_values"]["root_module"]["resources"][0]["values"] == {"arn": "(known after apply)"}


def test_residency_fails_the_plan_that_checkov_passes(
    plan: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan["resource_changes"][0]["change"]["after"] = {"region": "eu-west-1"}
    monkeypatch.setattr(policy, "shown_checkov", lambda _: True)
    assert not policy.check_plan("20-storage", tmp_path)
