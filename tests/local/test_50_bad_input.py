"""Wrong values stop with one clear message, before anything is changed."""

from dataclasses import replace
from pathlib import Path

import pytest

from scripts.infrastructure import commands
from scripts.talk import UserError
from tests.local.conftest import Platform


def test_a_region_outside_india_is_refused(platform: Platform, tmp_path: Path) -> None:
    values = tmp_path / "abroad.tfvars"
    text = platform.environment.variables_file.read_text()
    values.write_text(text.replace(platform.environment.region, "eu-west-1", 1))
    abroad = replace(platform.environment, variables_file=values)
    root = commands.open_root(abroad, "10-foundation")
    with pytest.raises(UserError, match=r"(?s)eu-west-1.*India|India.*eu-west-1"):
        root.plan()
    assert not root.workspace.plan_file.exists()


def test_planning_a_root_before_the_one_it_reads_names_both(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "published_roots", lambda *_: {"10-foundation"})
    with pytest.raises(UserError, match=r"40-automation reads what 20-storage publishes.*apply 20-storage first"):
        commands.plan(platform.environment, "40-automation")


def test_production_refuses_a_plan_that_was_not_saved(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(platform.environment), "is_protected", property(lambda _: True))
    with pytest.raises(UserError, match=r"no saved plan.*make plan ENV=local ROOT=10-foundation"):
        commands.apply(platform.environment, "10-foundation")


def test_destroying_what_is_not_local_needs_its_name(platform: Platform) -> None:
    prod = replace(platform.environment, name="prod")
    with pytest.raises(UserError, match=r"make destroy ENV=prod CONFIRM=kosha-"):
        commands.destroy(prod, None, confirm="yes")
