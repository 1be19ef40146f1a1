"""What the functions declare they may do is nothing dangerous. That it is what Terraform gives them and what they call,
no more and no less: tests/meta/test_function_permissions.py, tests/functional/functions/test_actions_called.py."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from common.permissions import Permission, Resource

SOURCES = Path(__file__).parents[3] / "lambda_src"
FUNCTIONS = sorted(path.parent.name for path in SOURCES.glob("*/handler.py"))
# What no automation may do, but for those named here with what the case study asks of them.
NEVER = re.compile(r"\*|Delete|s3:PutBucket|Update|Create|iam:|sts:|lambda:|TerminateInstances|s3:BypassGovernance")
ALLOWED = {
    "instance_scheduler": {"ec2:CreateTags", "ec2:DeleteTags", "kms:CreateGrant"},
    "tag_backfill": {"s3:CreateJob", "s3:UpdateJobStatus", "iam:PassRole"},
    "transfer_reconciler": {"lambda:InvokeFunction"},
    "volume_reaper": {
        "ec2:CreateSnapshot",
        "ec2:CreateTags",
        "ec2:DeleteSnapshot",
        "ec2:DeleteTags",
        "ec2:DeleteVolume",
    },
}


def declared(function: str) -> tuple[Permission, ...]:
    permissions: tuple[Permission, ...] = importlib.import_module(f"{function}.permissions").PERMISSIONS
    return permissions


def actions(function: str) -> set[str]:
    return {action for permission in declared(function) for action in permission.actions}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_declares_nothing_dangerous(function: str) -> None:
    dangerous = {action for action in actions(function) if NEVER.search(action)}
    assert dangerous <= ALLOWED.get(function, set())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_writes_objects_only_below_its_own_name(function: str) -> None:
    written = {each.resource for each in declared(function) if "s3:PutObject" in each.actions}
    assert written <= {Resource.STATE_OBJECTS, Resource.WRITTEN_REPORTS}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_declares_each_action_on_a_resource_once(function: str) -> None:
    pairs = [(action, each.resource) for each in declared(function) for action in each.actions]
    assert len(pairs) == len(set(pairs))


def test_the_tagger_cannot_read_data() -> None:
    objects = [each for each in declared("object_tagger") if each.resource == "lake_objects"]
    assert {action for each in objects for action in each.actions} == {
        "s3:GetObjectTagging",
        "s3:GetObjectVersionTagging",
        "s3:PutObjectVersionTagging",
    }
