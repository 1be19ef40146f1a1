"""Our evaluator against one that others wrote: the same decisions on thousands of random cases."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from kosha_access.evaluation import Policies, Request, decide

from scripts.cluster.manifests import NPM
from tests.functional.access.cases import Cases

SIMULATOR = NPM / "@cloud-copilot" / "iam-simulate" / "dist" / "esm" / "index.js"
NUMBER = 4000


def simulation(request: Request, policies: Policies) -> dict[str, Any]:
    """The same case in the simulator's words."""
    who = request.principal
    named = [{"name": f"i{number}", "policy": each} for number, each in enumerate(policies.identity)]
    case: dict[str, Any] = {
        "request": {
            "principal": who.arn or None,
            "action": request.action,
            "resource": {"resource": request.resource, "accountId": request.resource_account},
            "contextVariables": request.values(),
        },
        "identityPolicies": named,
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


def ask(cases: list[tuple[Request, Policies]]) -> list[str]:
    done = subprocess.run(
        ["node", str(Path(__file__).with_name("oracle.mjs")), str(SIMULATOR)],
        input=json.dumps([simulation(*case) for case in cases]), capture_output=True, text=True, check=True,
    )  # fmt: skip
    decisions: list[str] = json.loads(done.stdout)
    return decisions


def test_both_decide_alike_on_random_cases() -> None:
    stream = Cases(seed=20261126)
    cases = [stream.one() for _ in range(NUMBER)]
    said = ask(cases)
    ours = [decide(*case) for case in cases]
    unlike = [
        (json.dumps(simulation(*case), indent=1), theirs, mine)
        for case, theirs, mine in zip(cases, said, ours, strict=True)
        if (theirs == "Allowed") != mine.allowed
    ]
    assert not unlike, f"{len(unlike)} of {NUMBER} differ; the first:\n" + "\n".join(map(str, unlike[0]))
    # A stream that is nearly all one answer would show little.
    assert min(Counter(mine.allowed for mine in ours).values()) > NUMBER / 10
    assert set(said) <= {"Allowed", "ImplicitlyDenied", "ExplicitlyDenied"}, Counter(said)
