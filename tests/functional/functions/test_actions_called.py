"""What a function may do is what it does: over all tests of this folder, the actions called are the actions declared.

The meta-tests compare what is declared with what Terraform grants; this closes the circle. It runs last.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from common.permissions import Permission
from tests.functional.functions.conftest import CALLED

# Needed by calls without being called: the key behind a topic, bucket or volume, the role handed to a job,
# and 404 instead of 403 for what is gone.
INDIRECT = frozenset({"iam:PassRole", "kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey", "s3:ListBucketVersions"})
FUNCTIONS = sorted(path.parent.name for path in (Path(__file__).parents[3] / "lambda_src").glob("*/handler.py"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_action_declared_is_called_and_every_action_called_is_declared(
    function: str, request: pytest.FixtureRequest
) -> None:
    collected = {item.path.name for item in request.session.items}
    narrowed = request.config.option.keyword or not any(function in name for name in collected)
    if narrowed:
        pytest.skip(f"only some tests were chosen: the calls of {function} are not all seen")
    permissions: tuple[Permission, ...] = importlib.import_module(f"{function}.permissions").PERMISSIONS
    declared = {action for each in permissions for action in each.actions} - INDIRECT
    # A ListBucket that turns 403 into 404 is not called; one that lists is.
    assert CALLED[function] - INDIRECT - declared == set(), "called, but not declared in permissions.py"
    assert declared - CALLED[function] - {"s3:ListBucket"} == set(), "declared in permissions.py, but never called"
