"""parliament and cloudsplaining on every policy, and two rules of our own: no wildcard for actions, few for resources.

Runs in the environment ``.venvs/policy`` on a file of documents that ``scripts/policy.py`` writes:
``.venvs/policy/bin/python -m scripts.guardrails.least_privilege FILE``. Prints what nothing excuses, and excuses that
excuse nothing any more, and ends with 1 if there are any.
"""

from __future__ import annotations

import json
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policy.checks.values import listed
from scripts.guardrails.documents import Kind, Policy

with warnings.catch_warnings():
    # parliament reads its data by pkg_resources, which says at every import that it will be gone.
    warnings.simplefilter("ignore")
    import parliament
from cloudsplaining.scan.policy_document import PolicyDocument


@dataclass(frozen=True)
class Finding:
    """``issue`` is the name that the program that found it gives it."""

    policy: Policy
    issue: str
    detail: str

    def __str__(self) -> str:
        return f"{self.policy.address} ({self.policy.kind.value} policy): {self.issue}: {self.detail}"


@dataclass(frozen=True)
class Excuse:
    """Why a finding is none: all of an issue whose detail the pattern finds, in policies of these kinds."""

    issue: str
    pattern: str
    reason: str
    kinds: frozenset[Kind] = frozenset(Kind)

    def covers(self, finding: Finding) -> bool:
        return (
            self.issue == finding.issue
            and finding.policy.kind in self.kinds
            and re.search(self.pattern, finding.detail) is not None
        )


_IDENTITY, _RESOURCE = frozenset({Kind.IDENTITY}), frozenset({Kind.RESOURCE})
_NEWER = "newer than parliament's data; see https://docs.aws.amazon.com/service-authorization/latest/reference/"
EXCUSES = (
    Excuse("UNKNOWN_PREFIX", "s3files", _NEWER + "list_s3files.html"),
    Excuse("UNKNOWN_ACTION", "ec2:CopyVolumes", _NEWER + "list_amazonec2.html"),
    Excuse("UNKNOWN_ACTION", "s3:PutBucketAbac", _NEWER + "list_amazons3.html"),
    Excuse("RESOURCE_STAR", "", "the policy of a resource means that resource", _RESOURCE),
    Excuse(
        "RESOURCE_MISMATCH",
        r"^((ec2:(CreateFleet|RunInstances|CreateSnapshot))( |$))+",
        "one request acts on several resources, and each kind has a statement with conditions of its own",
    ),
    Excuse(
        "RESOURCE_MISMATCH",
        "^logs:DescribeLogGroups$",
        "CloudWatch Logs asks for the log groups of the account and region, as its own refusals say",
    ),
    Excuse(
        "RESOURCE_MISMATCH",
        "^ssm:GetParameter$",
        "public parameters belong to no account: "
        "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html",
    ),
    Excuse(
        "MISMATCHED_TYPE",
        "s3:TlsVersion",
        "parliament knows no decimal numbers; AWS's own example has 1.2: "
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html",
    ),
    Excuse("UNKNOWN_CONDITION_FOR_ACTION", "s3:TlsVersion", "every request has it, whatever the action lists"),
    Excuse(
        "UNKNOWN_CONDITION_FOR_ACTION",
        "kms:EncryptionContext:aws:logs:arn for action kms:DescribeKey",
        "as AWS has it: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
    ),
    Excuse(
        "MISMATCHED_TYPE",
        "^Type mismatch: ArnLike requires a value of type Arn but given String$",
        "an encryption context holds an ARN as text",
    ),
    Excuse(
        "MISMATCHED_TYPE_BUT_USABLE",
        "requires a value of type String but given Arn",
        "keys and access points are named in full, or by one pattern of ours, as AWS's examples do",
    ),
    Excuse(
        "infrastructure_modification",
        "^ec2:AssignPrivateIpAddresses ec2:CreateNetworkInterface ec2:DeleteNetworkInterface"
        " ec2:UnassignPrivateIpAddresses$",
        "Lambda needs it so: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
    ),
    Excuse(
        "RESOURCE_STAR",
        "^ec2:AssignPrivateIpAddresses ec2:CreateNetworkInterface ec2:DeleteNetworkInterface",
        "Lambda needs it so: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
        _IDENTITY,
    ),
)

# Beginning of an action that roles may do on any resource -> why not on fewer.
_NO_RESOURCES = "AWS offers no resource-level permission"
ANY_RESOURCE = {
    "cloudwatch:GetMetricData": _NO_RESOURCES,
    "datasync:ListTaskExecutions": _NO_RESOURCES,
    "ec2:AssignPrivateIpAddresses": "Lambda needs it so",
    "ec2:CreateNetworkInterface": "Lambda needs it so",
    "ec2:DeleteNetworkInterface": "Lambda needs it so",
    "ec2:UnassignPrivateIpAddresses": "Lambda needs it so",
    "ec2:Describe": _NO_RESOURCES,
    "elasticfilesystem:CreateFileSystem": "a file system has no ARN before it is made; a condition asks for encryption",
    "pricing:GetProducts": _NO_RESOURCES,
    "s3:CreateJob": "a job has no ARN before it is made; what it does is limited by a condition",
    "tag:GetResources": _NO_RESOURCES,
    "xray:Put": _NO_RESOURCES,
}

# What cloudsplaining looks for in an identity policy.
_QUESTIONS = (
    "allows_data_exfiltration_actions",
    "allows_privilege_escalation",
    "contains_statement_using_not_action",
    "credentials_exposure",
    "infrastructure_modification",
    "permissions_management_without_constraints",
    "service_wildcard",
)


def findings(policy: Policy) -> Iterator[Finding]:
    """Everything, excused or not."""
    yield from _of_parliament(policy)
    if policy.kind is Kind.IDENTITY:
        answers = PolicyDocument(dict(policy.document))
        for question in _QUESTIONS:
            if answer := getattr(answers, question):
                yield Finding(policy, question, _text(answer))
        yield from _wildcards(policy)


def _of_parliament(policy: Policy) -> Iterator[Finding]:
    document = {**policy.document, "Statement": [_readable(each, policy.kind) for each in policy.statements()]}
    found = parliament.analyze_policy_string(json.dumps(document), ignore_private_auditors=True).findings
    for issue, detail in sorted({(each.issue, _text(each.detail)) for each in found}):
        yield Finding(policy, issue, detail)


# Keys of a type at which parliament ends (ArrayOfARN).
_UNREADABLE = {"backup:CopyTargets"}


def _readable(statement: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    """A statement as parliament can read it: it takes no list of one value, and misses the resource in trust."""
    readable = dict(statement)
    if "Condition" in statement:
        readable["Condition"] = {
            operator: {
                key: value[0] if isinstance(value, list) and len(value) == 1 else value
                for key, value in keys.items()
                if key not in _UNREADABLE
            }
            for operator, keys in statement["Condition"].items()
        }
    if kind is Kind.TRUST:
        readable["Resource"] = "arn:aws:iam::111122223333:role/this"
    return readable


def _text(detail: object) -> str:
    """Actions with a blank between them, whatever form the program gives them."""
    if isinstance(detail, list):
        return " ".join(sorted({_text(each) for each in detail}))
    if isinstance(detail, Mapping):
        return str(detail.get("action") or detail.get("type") or json.dumps(detail))
    return str(detail)


def _wildcards(policy: Policy) -> Iterator[Finding]:
    for statement in policy.statements():
        if statement["Effect"] != "Allow":
            continue
        actions = listed(statement.get("Action", "*"))
        for action in actions:
            if "*" in action:
                yield Finding(policy, "ACTION_WILDCARD", f"{action}: name each action")
        if "*" in listed(statement.get("Resource", "*")):
            unexplained = [each for each in actions if not each.startswith(tuple(ANY_RESOURCE))]
            if unexplained:
                yield Finding(policy, "ANY_RESOURCE", f"{' '.join(unexplained)}: name the resources, or say why not")


def unexcused(found: Iterable[Finding], excuses: Sequence[Excuse] = EXCUSES) -> list[Finding]:
    """Those that nothing excuses."""
    return [each for each in found if not any(excuse.covers(each) for excuse in excuses)]


def idle(found: Sequence[Finding], excuses: Sequence[Excuse] = EXCUSES) -> list[Excuse]:
    """Excuses for what is not there."""
    return [excuse for excuse in excuses if not any(map(excuse.covers, found))]


def main(arguments: Sequence[str]) -> int:
    documents = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    policies = [Policy(each["address"], Kind(each["kind"]), each["document"]) for each in documents]
    found = [finding for policy in policies for finding in findings(policy)]
    complaints = [str(each) for each in unexcused(found)]
    complaints += [f"{each.issue} {each.pattern}: excused in least_privilege.py, and not there" for each in idle(found)]
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
