"""Over everything that happened in this folder, no function called what its role is not granted."""

import re
from collections import defaultdict

from kosha_access.actions import action_of

from tests.local.conftest import Platform

# What the platform grants every function beside its own policy: modules/function/role.tf.
# Lambda itself makes the log group where there is none; LocalStack asks each time, in the name of the role.
RUNTIME = {
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:SendMessage",
    "xray:PutTraceSegments",
}


def test_functions_called_only_what_their_roles_are_granted(platform: Platform) -> None:
    iam = platform.client("iam")
    called: dict[str, set[str]] = defaultdict(set)
    for each in platform.cloud.control("GET", "calls/counts"):
        if role := re.search(r":assumed-role/([^/]+)/", each["principal"]):
            parameters = {"VersionId": "x"} if each["versioned"] else {}
            called[role[1]].add(action_of(each["service"], each["operation"], parameters))
    functions = platform.client("lambda").get_paginator("list_functions").paginate()
    roles = {
        function["FunctionName"]: function["Role"].rpartition("/")[2]
        for page in functions
        for function in page["Functions"]
    }
    assert roles.keys() >= {
        f"{platform.environment.prefix}-transfer-starter",
        f"{platform.environment.prefix}-object-tagger",
    }
    silent = sorted(name for name, role in roles.items() if not called[role])
    assert silent == [], "these functions called nothing: their tests show nothing"
    for name, role in roles.items():
        granted = set(RUNTIME)
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
            for statement in document["Statement"]:
                actions = statement["Action"]
                granted |= {actions} if isinstance(actions, str) else set(actions)
        assert called[role] - granted == set(), name
