"""Environments and roots are chosen by name; a wrong one is named together with the right ones."""

from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import pytest

from scripts import handoff
from scripts.infrastructure import environments
from scripts.infrastructure.commands import require_handoffs, require_stage, staged_roots
from scripts.infrastructure.environments import (
    BOOTSTRAP,
    RECOVERY,
    ROOTS,
    STAGES,
    Environment,
    load_environment,
    select_roots,
)
from scripts.infrastructure.terraform import TerraformRoot
from scripts.talk import UserError


@pytest.mark.parametrize("name", ["local", "dev", "prod"])
def test_every_environment_has_the_values_the_wrapper_reads(name: str) -> None:
    environment = load_environment(name)
    assert environment.text("environment") == name
    assert environment.region != environment.recovery_region
    assert environment.handoff("10-foundation") == f"/{environment.text('organisation')}/{name}/10-foundation"


def test_only_production_refuses_unsaved_plans() -> None:
    assert [name for name in ("local", "dev", "prod") if load_environment(name).is_protected] == ["prod"]


def test_an_unknown_environment_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"no environment 'staging'.*choose one of: dev, local, prod"):
        load_environment("staging")


def test_a_file_that_is_not_hcl_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.tfvars").write_text("organisation = = 1")
    monkeypatch.setattr(environments, "VALUES", tmp_path)
    with pytest.raises(UserError, match=r"broken\.tfvars is not valid HCL"):
        load_environment("broken")


def test_a_missing_value_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "short.tfvars").write_text('organisation = "kosha"\n')
    monkeypatch.setattr(environments, "VALUES", tmp_path)
    with pytest.raises(UserError, match=r"short\.tfvars: 'region' is missing or not a string; add region"):
        _ = load_environment("short").region


@pytest.mark.parametrize("name", ["20-storage", "20", "storage"])
def test_a_root_is_found_by_name_number_or_word(name: str) -> None:
    assert select_roots(name) == ("20-storage",)


def test_no_name_selects_all_roots_in_apply_order() -> None:
    assert select_roots(None) == ROOTS == tuple(sorted(ROOTS))


def test_an_unknown_root_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="no root 'network'; choose one of: 00-bootstrap, "):
        select_roots("network")


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_standby_is_run_from_the_recovery_region_and_all_others_from_the_primary(name: str) -> None:
    environment = load_environment(name)
    for root in (BOOTSTRAP, *ROOTS):
        region = environment.recovery_region if root == RECOVERY else environment.region
        assert environment.region_of(root) == region
        assert f'bucket = "{environment.prefix}-state-{region}"\nregion = "{region}"' in (
            environment.backend_file(root).read_text(encoding="utf-8")
        )


def test_every_environment_says_how_much_of_the_standby_it_has() -> None:
    stages = {name: load_environment(name).text("recovery_stage") for name in ("local", "dev", "prod")}
    assert stages == {"local": "cold", "dev": "cold", "prod": "pilot_light"}
    assert set(stages.values()) <= set(STAGES)


def test_a_stage_is_one_of_the_standby() -> None:
    assert staged_roots("90", "active") == (RECOVERY,)
    assert staged_roots(None, None) == ROOTS
    with pytest.raises(UserError, match="only 90-recovery has stages: give ROOT=90-recovery STAGE=active"):
        staged_roots(None, "active")
    with pytest.raises(UserError, match="no stage 'warm'; choose one of: cold, pilot_light, active"):
        staged_roots(RECOVERY, "warm")


def test_a_saved_plan_is_applied_only_as_the_stage_it_is_of() -> None:
    class Saved:
        environment = load_environment("prod")

        def show_plan(self) -> dict[str, Any]:
            return {"variables": {"recovery_stage": {"value": "cold"}}}

    saved = cast(TerraformRoot, Saved())
    require_stage(saved, "cold")
    require_stage(saved, None)
    with pytest.raises(UserError, match="stage cold, not active: make plan ENV=prod ROOT=90-recovery STAGE=active"):
        require_stage(saved, "active")


def test_data_sources_are_no_resources_of_a_state(monkeypatch: pytest.MonkeyPatch) -> None:
    managed = ['module.lake["data.v1"].aws_kms_key.this', "module.data.aws_s3_bucket.this[0]", "aws_datasync_task.this"]
    data = ["data.aws_region.now", 'module.lake["v1"].data.aws_iam_policy_document.this["data"]']
    listed = "\n".join([*data, *managed, ""])
    root = object.__new__(TerraformRoot)
    monkeypatch.setattr(root, "_run", lambda _: Mock(returncode=0, stdout=listed), raising=False)
    assert root.resources() == managed


def test_what_the_standby_reads_is_asked_for_in_the_recovery_region(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the disaster the primary region answers nothing."""
    asked: list[str] = []

    class Ssm:
        def get_paginator(self, _: str) -> Any:
            return self

        def paginate(self, **_: str) -> list[dict[str, list[dict[str, str]]]]:
            return [{"Parameters": [{"Name": "/kosha/prod/10-foundation"}]}]

        def get_parameter(self, **_: str) -> dict[str, dict[str, str]]:
            return {"Parameter": {"Value": "{}"}}

    def client(_: Environment, __: str, region: str) -> Ssm:
        asked.append(region)
        return Ssm()

    monkeypatch.setattr(handoff, "client", client)
    environment = load_environment("prod")
    with pytest.raises(UserError, match="90-recovery reads what 20-storage publishes"):
        require_handoffs(environment, RECOVERY)
    handoff.read_handoff(environment, RECOVERY)
    assert asked == [environment.recovery_region] * 2
