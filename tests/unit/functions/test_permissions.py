"""What the functions declare they may do: nothing they do not call, everything they call, and never the dangerous."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from botocore.session import get_session

from common.permissions import Permission

SOURCES = Path(__file__).parents[3] / "lambda_src"
FUNCTIONS = sorted(path.parent.name for path in SOURCES.glob("*/handler.py"))
# IAM's name where it is not the operation's.
ACTIONS = {
    "s3:GetObjectTagging": {"s3:GetObjectTagging", "s3:GetObjectVersionTagging"},
    "s3:PutObjectTagging": {"s3:PutObjectTagging", "s3:PutObjectVersionTagging"},
    "s3:ListObjectsV2": {"s3:ListBucket"},
}
# Needed by the calls without being called: the key behind a topic or bucket, and 404 instead of 403 for what is gone.
INDIRECT = {"kms:Decrypt", "kms:GenerateDataKey", "s3:ListBucketVersions"}
NEVER = re.compile(r"\*|Delete|s3:PutObject$|s3:PutBucket|Update|Create|iam:|sts:|lambda:Invoke|TerminateInstances")


def declared(function: str) -> tuple[Permission, ...]:
    permissions: tuple[Permission, ...] = importlib.import_module(f"{function}.permissions").PERMISSIONS
    return permissions


def actions(function: str) -> set[str]:
    return {action for permission in declared(function) for action in permission.actions}


def called(function: str) -> set[str]:
    """The actions behind every client call in the function's aws.py, and behind its publisher."""
    found = {"sns:Publish"}
    text = (SOURCES / function / "aws.py").read_text(encoding="utf-8")
    for service in ("s3", "datasync"):
        names = {
            re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): name
            for name in get_session().get_service_model(service).operation_names
        }
        names |= {"list_objects_v2": "ListObjectsV2"} if service == "s3" else {}
        words = set(re.findall(r"\.([a-z_0-9]+)\(", text)) | set(re.findall(r'get_paginator\("([a-z_0-9]+)"\)', text))
        for word in words & set(names):
            action = f"{service}:{names[word]}"
            found |= ACTIONS.get(action, {action})
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_declares_exactly_what_it_calls(function: str) -> None:
    assert actions(function) - INDIRECT == called(function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_declares_nothing_dangerous(function: str) -> None:
    assert [action for action in actions(function) if NEVER.search(action)] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_declares_each_action_on_a_resource_once(function: str) -> None:
    pairs = [(action, each.resource) for each in declared(function) for action in each.actions]
    assert len(pairs) == len(set(pairs))


def test_the_tagger_cannot_read_data() -> None:
    objects = [each for each in declared("object_tagger") if each.resource == "lake_objects"]
    assert {action for each in objects for action in each.actions} == {
        "s3:GetObjectTagging",
        "s3:GetObjectVersionTagging",
        "s3:PutObjectTagging",
        "s3:PutObjectVersionTagging",
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_terraform_grants_what_is_declared(function: str) -> None:
    """By name of action; the plan test compares resources."""
    root = SOURCES.parent / "terraform" / "40-automation"
    text = (root / f"{function}.tf").read_text(encoding="utf-8") + (root / "functions.tf").read_text(encoding="utf-8")
    assert sorted(action for action in actions(function) if f'"{action}"' not in text) == []
