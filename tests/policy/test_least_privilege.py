"""What parliament, cloudsplaining and our own rules find in small policies, and what is excused."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
PYTHON = REPOSITORY / ".venvs" / "policy" / "bin" / "python"
KEY = "arn:aws:kms:ap-south-1:111122223333:key/x"
TASK = "arn:aws:datasync:ap-south-1:111122223333:task/task-0123456789abcdef0"
OBJECTS = "arn:aws:s3:::kosha-test-lake-ap-south-1/*"
GRANTED = {"Bool": {"kms:GrantIsForAWSResource": ["true"]}}

# Kind of policy, statement.
FINE: dict[str, tuple[str, dict[str, Any]]] = {
    "actions and resources by name": ("identity", {"Action": ["s3:GetObject", "s3:PutObject"], "Resource": OBJECTS}),
    "a condition with a list of one": (
        "identity",
        {"Action": "kms:CreateGrant", "Resource": KEY, "Condition": GRANTED},
    ),
    "AWS gives no resource": ("identity", {"Action": ["datasync:ListTaskExecutions"], "Resource": "*"}),
    "the policy of a key means the key": (
        "resource",
        {"Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:Decrypt", "Resource": "*"},
    ),
    "trust": ("trust", {"Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}),
}
# Kind of policy, statement, part of what is said about it.
WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    # EFS has ClientMount, ClientWrite and ClientRootAccess; reading needs no action of its own.
    "no such action": (
        "identity",
        {"Action": "elasticfilesystem:ClientRead", "Resource": "*"},
        "UNKNOWN_ACTION: Unknown action elasticfilesystem:ClientRead",
    ),
    "no such action in trust": (
        "trust",
        {"Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRoles"},
        "UNKNOWN_ACTION: Unknown action sts:AssumeRoles",
    ),
    "no such service": ("identity", {"Action": "s3file:GetObject", "Resource": "*"}, "UNKNOWN_PREFIX"),
    "no such operator": (
        "identity",
        {"Action": "s3:GetObject", "Resource": OBJECTS, "Condition": {"StringLik": {"aws:SourceVpc": "vpc-1"}}},
        "UNKNOWN_OPERATOR",
    ),
    "a bucket for an object": (
        "identity",
        {"Action": "s3:GetObject", "Resource": OBJECTS.removesuffix("/*")},
        "RESOURCE_MISMATCH: s3:GetObject",
    ),
    "a resource that AWS does not look at": (
        "identity",
        {"Action": "datasync:ListTaskExecutions", "Resource": TASK},
        "RESOURCE_MISMATCH: datasync:ListTaskExecutions",
    ),
    "a whole service": ("identity", {"Action": "kms:*", "Resource": KEY}, "ACTION_WILDCARD: kms:*"),
    "a pattern of actions": (
        "identity",
        {"Action": "kms:Generate*", "Resource": KEY},
        "ACTION_WILDCARD: kms:Generate*",
    ),
    "everything": ("identity", {"Action": "*", "Resource": "*"}, "ACTION_WILDCARD: *"),
    "all but": ("identity", {"NotAction": "iam:*", "Resource": "*"}, "contains_statement_using_not_action"),
    "any key": ("identity", {"Action": ["kms:Decrypt"], "Resource": "*"}, "ANY_RESOURCE: kms:Decrypt"),
    "any object": (
        "identity",
        {"Action": ["s3:GetObject"], "Resource": "*"},
        "allows_data_exfiltration_actions: s3:GetObject",
    ),
    "the way to more rights": (
        "identity",
        {"Action": ["iam:CreatePolicyVersion"], "Resource": "*"},
        "allows_privilege_escalation",
    ),
    "others' rights": (
        "identity",
        {"Action": ["s3:PutBucketPolicy"], "Resource": "*"},
        "permissions_management_without_constraints: s3:PutBucketPolicy",
    ),
}


@cache
def complaints() -> tuple[int, list[str]]:
    """All samples in one run: the programs take their time to start."""
    samples = {name: (kind, statement) for name, (kind, statement, _) in WRONG.items()} | FINE
    documents = [
        {
            "address": name,
            "kind": kind,
            "document": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **what}]},
        }
        for name, (kind, what) in samples.items()
    ]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "documents.json"
        path.write_text(json.dumps(documents))
        done = subprocess.run(
            [str(PYTHON), "-m", "scripts.guardrails.least_privilege", str(path)],
            cwd=REPOSITORY, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("name", FINE)
def test_what_is_fine_stays_unmentioned(name: str) -> None:
    assert not [line for line in complaints()[1] if line.startswith(f"{name} (")]


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found(name: str) -> None:
    found = [line for line in complaints()[1] if line.startswith(f"{name} ({WRONG[name][0]} policy)")]
    assert any(WRONG[name][2] in line for line in found), found
    assert complaints()[0] == 1


def test_an_excuse_for_what_is_not_there_is_found() -> None:
    assert "UNKNOWN_PREFIX s3files: excused in least_privilege.py, and not there" in complaints()[1]
