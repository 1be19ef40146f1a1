"""The first root of an account makes the bucket that keeps its own state, too (``make bootstrap``).

Terraform cannot make the bucket it needs to begin with. So the first time it runs in a copy of the root with its state
in a file, and then moves the state into the bucket. The file goes last: whatever is interrupted, the same command goes
on from it.
"""

from __future__ import annotations

from dataclasses import replace

import hcl2
from botocore.exceptions import BotoCoreError, ClientError

from scripts.handoff import advice, client
from scripts.infrastructure import commands
from scripts.infrastructure.environments import BOOTSTRAP, Environment
from scripts.infrastructure.terraform import TerraformRoot
from scripts.infrastructure.workspace import BACKEND, copy_root, prepare
from scripts.paths import BUILD
from scripts.talk import UserError


def bootstrap(environment: Environment, override: str = "") -> int:
    """Make the buckets of the states unless they are there; ``override`` is added to the copy of the root.

    Raises:
        UserError: the bucket's name is taken by somebody else, or AWS refuses.
    """
    if environment.is_local:
        return commands.apply(environment, BOOTSTRAP)
    base = BUILD / "terraform" / environment.name / "bootstrap"
    state = base / "terraform.tfstate"
    bucket = _bucket(environment)
    if not state.exists() and _is_there(environment, bucket):
        commands.console.print(
            f"{bucket} is there. What changed since: make plan ENV={environment.name} ROOT={BOOTSTRAP}", highlight=False
        )
        return 0
    workspace = replace(prepare(environment, BOOTSTRAP), data=base / "data", plan_file=base / f"{BOOTSTRAP}.tfplan")
    first = replace(workspace, folder=copy_root(BOOTSTRAP, base, BACKEND.format(state=state) + override))
    terraform = TerraformRoot(environment, replace(first, backend_configuration=None))
    terraform.init()
    with commands.reporting(f"apply {BOOTSTRAP}") as progress:
        terraform.apply(progress=progress)
    moved = TerraformRoot(environment, replace(first, folder=copy_root(BOOTSTRAP, base, override)))
    moved.migrate_state()
    made = moved.resources()
    if not made:
        raise UserError(f"the state did not arrive in {bucket}; it is in {state}: run make bootstrap again")
    for left in base.glob("terraform.tfstate*"):
        left.unlink()
    commands.console.print(
        f"{BOOTSTRAP}: {len(made)} resources; the states of {environment.name} go to {bucket}", highlight=False
    )
    return 0


def _bucket(environment: Environment) -> str:
    path = environment.backend_file(BOOTSTRAP)
    with path.open(encoding="utf-8") as file:
        name = str(hcl2.load(file).get("bucket", "")).strip('"')
    expected = f"{environment.prefix}-state-{environment.region}"
    if name != expected:
        raise UserError(f'{path}: the bucket is "{name}", and bootstrap makes "{expected}"; write that')
    return name


def _is_there(environment: Environment, bucket: str) -> bool:
    try:
        client(environment, "s3").head_bucket(Bucket=bucket)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "404":
            return False
        raise UserError(
            f"{bucket} cannot be looked at ({code}): AWS does not know these credentials (aws sts get-caller-identity "
            "must answer first), or they lack s3:ListBucket, or the bucket is another account's"
        ) from error
    except BotoCoreError as error:
        raise UserError(f"{bucket} cannot be looked at: {str(error).rstrip('.')}.{advice(error)}") from error
    return True
