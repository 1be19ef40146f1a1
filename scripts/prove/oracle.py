"""An independent simulator of IAM, ``@cloud-copilot/iam-simulate``, asked in a process of its own.

AGPL-3.0: fetched from npm for development (tests/functional/package.json), never imported and no part of the product.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kosha_access.evaluation import Policies, Request

from scripts.cluster.manifests import NPM
from scripts.talk import UserError

SIMULATOR = NPM / "@cloud-copilot" / "iam-simulate" / "dist" / "esm" / "index.js"
PROGRAM = Path(__file__).with_name("oracle.mjs")


def simulation(request: Request, policies: Policies) -> dict[str, Any]:
    """A case in the simulator's words."""
    who = request.principal
    case: dict[str, Any] = {
        "request": {
            "principal": who.arn or None,
            "action": request.action,
            "resource": {"resource": request.resource, "accountId": request.resource_account},
            "contextVariables": request.values(),
        },
        "identityPolicies": [{"name": f"i{number}", "policy": each} for number, each in enumerate(policies.identity)],
        "serviceControlPolicies": [
            {"orgIdentifier": f"ou-{number}", "policies": [{"name": "p", "policy": each}]}
            for number, each in enumerate(policies.control)
        ],
        "resourceControlPolicies": [],
    }
    if policies.resource is not None:
        case["resourcePolicy"] = policies.resource
    if policies.session is not None:
        case["sessionPolicy"] = policies.session
    if policies.boundary is not None:
        case["permissionBoundaryPolicies"] = [{"name": "b", "policy": policies.boundary}]
    return case


def ask(cases: Sequence[tuple[Request, Policies]]) -> list[str]:
    """What the simulator decides: Allowed, ImplicitlyDenied or ExplicitlyDenied, or an error's text, for each case."""
    if not SIMULATOR.is_file():
        raise UserError(f"the simulator is not there ({SIMULATOR}); run: make test-unit or make prove, which fetch it")
    done = subprocess.run(
        ["node", str(PROGRAM), str(SIMULATOR)],
        input=json.dumps([simulation(*case) for case in cases]), capture_output=True, text=True, check=True,
    )  # fmt: skip
    decisions: list[str] = json.loads(done.stdout)
    return decisions
