"""Holes TAG-H1 to TAG-H18: each is closed in the policies as rendered, and the search finds it when it is opened.

A hole is opened in the rendered documents, not in Terraform; ``make mutants`` does that. Those that are no matter of
policies are in the functions' and the modules' tests; the table in docs/adr/0030 names the test of each.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from scripts.plans import sample_plans
from scripts.prove import properties
from scripts.prove.documents import Documents, Role, from_plans
from scripts.prove.matrix import Matrix
from scripts.prove.properties import Counterexample, Proof

EVERY = 37  # A prime, so that no kind of object is left out as a whole.
type Statement = dict[str, Any]
type Change = Callable[[Documents], Documents]


@pytest.fixture(scope="module")
def documents() -> Documents:
    return from_plans(sample_plans())


def found(documents: Documents, *names: str, every: int = EVERY) -> list[Counterexample]:
    proof = Proof(documents, Matrix(), every=every)
    for name in names:
        getattr(properties, name)(proof)
    return proof.found


def allowing(action: str | list[str], resource: str, **condition: Any) -> Statement:
    given: Statement = {"Sid": "Hole", "Effect": "Allow", "Action": action, "Resource": resource}
    return given | ({"Condition": condition} if condition else {})


def giving(role: str, *more: Statement) -> Change:
    """Statements more in the policies of a role."""

    def change(documents: Documents) -> Documents:
        before = documents.roles[role]
        policies = (*before.policies, {"Version": "2012-10-17", "Statement": list(more)})
        return replace(documents, roles={**documents.roles, role: replace(before, policies=policies)})

    return change


def of_role(role: str, edit: Callable[[Statement], Statement | None]) -> Change:
    """Each statement of a role's policies, edited; without those for which None comes back."""

    def change(documents: Documents) -> Documents:
        before = documents.roles[role]
        policies = tuple(_edited(each, edit) for each in before.policies)
        return replace(documents, roles={**documents.roles, role: replace(before, policies=policies)})

    return change


def of_buckets(edit: Callable[[Statement], Statement | None], side: int | None = None) -> Change:
    """Each statement of the bucket policies, edited; of one side only where it is named."""

    def change(documents: Documents) -> Documents:
        sides = [
            replace(each, policy=_edited(each.policy, edit)) if side in (None, number) else each
            for number, each in enumerate(documents.sides)
        ]
        return replace(documents, sides=(sides[0], sides[1]))

    return change


def _edited(document: Mapping[str, Any], edit: Callable[[Statement], Statement | None]) -> Mapping[str, Any]:
    edited = [edit(copy.deepcopy(each)) for each in document["Statement"]]
    return {**document, "Statement": [each for each in edited if each is not None]}


def without(*sids: str) -> Callable[[Statement], Statement | None]:
    return lambda each: None if each.get("Sid", "").startswith(sids) else each


def together(*changes: Change) -> Change:
    def change(documents: Documents) -> Documents:
        for each in changes:
            documents = each(documents)
        return documents

    return change


def condition(action: str, edit: Callable[[dict[str, Any]], object]) -> Callable[[Statement], Statement]:
    """Edit the condition of every statement that names an action."""

    def change(each: Statement) -> Statement:
        if action in each["Action"] and "Condition" in each:
            edit(each["Condition"])
        return each

    return change


def renamed(block: dict[str, Any], old: str, new: str) -> None:
    block[new] = block.pop(old)


def only(name: str) -> Callable[[Statement], Statement]:
    """Of tagging statements, one action is left."""

    def change(each: Statement) -> Statement:
        if each.get("Sid") in ("DenyTagging", "DenyUntagging"):
            each["Action"] = [action for action in each["Action"] if action == name]
        return each

    return change


def trust(role: str, edit: Callable[[Statement], Statement | None]) -> Change:
    def change(documents: Documents) -> Documents:
        before = documents.roles[role]
        assert before.trust is not None
        edited = replace(before, trust=_edited(before.trust, edit))
        return replace(documents, roles={**documents.roles, role: edited})

    return change


def without_boundary(role: str) -> Change:
    return lambda documents: replace(
        documents, roles={**documents.roles, role: replace(documents.roles[role], boundary=None)}
    )


READING = ("people_read_what_the_matrix_says",)
TAGS = ("tags_are_written_by_taggers_only",)
LAKE = "arn:aws:s3:::kosha-local-lake-ap-south-1"
OBJECTS = f"{LAKE}/*"

HOLES: dict[str, tuple[Change, tuple[str, ...], str]] = {
    "H1 whoever tags reads": (
        together(of_buckets(without("DenyTagging")), giving("tag-auditor", allowing(["s3:PutObjectTagging"], OBJECTS))),
        TAGS,
        "tag-auditor may s3:PutObjectTagging",
    ),
    "H2 tags of versions forgotten": (
        of_buckets(only("s3:PutObjectTagging")),
        TAGS,
        "an administrator may s3:PutObjectVersionTagging",
    ),
    "H3 a class that need not be there": (
        together(
            of_role(
                "researcher",
                condition("s3:GetObject", lambda c: renamed(c, "StringEquals", "StringEqualsIfExists")),
            ),
            of_buckets(without("DenyReading")),
        ),
        READING,
        "the matrix says no",
    ),
    "H4 tags taken away": (
        of_buckets(without("DenyUntagging")),
        TAGS,
        "an administrator may s3:DeleteObjectTagging",
    ),
    "H5 old versions without a condition": (
        giving("researcher", allowing("s3:GetObjectVersion", OBJECTS)),
        READING,
        "s3:GetObjectVersion",
    ),
    "H6 all values of none": (
        giving(
            "researcher",
            allowing(
                "s3:GetObject",
                f"{LAKE}/raw-sequences/*",
                **{"ForAllValues:StringEquals": {"s3:ExistingObjectTag/project": "${aws:PrincipalTag/project}"}},
            ),
        ),
        READING,
        "the matrix says no",
    ),
    "H7 a refusal that compares with a tag that is not there": (
        together(
            giving("researcher", allowing("s3:GetObject", f"{LAKE}/raw-sequences/*")),
            of_buckets(
                lambda each: (
                    each
                    if each["Sid"] != "DenyOldSignatures"
                    else {
                        **each,
                        "Condition": {
                            "StringNotEquals": {"s3:ExistingObjectTag/project": "${aws:PrincipalTag/project, 'none'}"},
                            "Null": {"aws:PrincipalTag/project": "false"},
                        },
                    }
                )
            ),
        ),
        READING,
        "the matrix says no",
    ),
    "H8 a new version without tags": (
        together(
            of_buckets(without("DenyReadingWithoutClass")),
            giving("tag-auditor", allowing("s3:GetObject", OBJECTS)),
        ),
        ("machines_read_what_was_reviewed",),
        "tag-auditor with {}",
    ),
    "H9 copies into the lake": (
        giving("researcher", allowing("s3:PutObject", OBJECTS)),
        ("people_do_nothing_else",),
        "researcher may s3:PutObject",
    ),
    "H10 open uploads": (
        giving("researcher", allowing(["s3:ListBucketMultipartUploads"], LAKE)),
        ("people_do_nothing_else",),
        "s3:ListBucketMultipartUploads",
    ),
    "H11 a presigned URL for a week": (of_buckets(without("DenyOldSignatures")), READING, "an old signature"),
    "H13 names of everything": (
        of_role(
            "researcher",
            lambda each: {**each, "Condition": {}} if "s3:ListBucket" in each["Action"] else each,
        ),
        ("names_are_listed_inside_the_folders",),
        "researcher with",
    ),
    "H13 tags of everything": (
        giving("researcher", allowing("s3:GetObjectTagging", OBJECTS)),
        ("people_do_nothing_else",),
        "s3:GetObjectTagging",
    ),
    "H14 a replica without a policy": (
        of_buckets(without("DenyReading"), side=1),
        ("nobody_else_reads",),
        "kosha-local-lake-ap-south-2",
    ),
    "a replica that is written to": (
        of_buckets(without("DenyWritingToTheReplica"), side=1),
        ("the_replica_is_written_by_the_replication_only",),
        "an administrator may s3:PutObject on arn:aws:s3:::kosha-local-lake-ap-south-2",
    ),
    "H15 the control plane": (
        giving("custodian", allowing("s3:PutBucketPolicy", LAKE)),
        ("people_do_nothing_else",),
        "custodian may s3:PutBucketPolicy",
    ),
    "H16 tags a session chooses": (
        trust("researcher", lambda each: {**each, "Condition": {}}),
        ("sessions_have_the_tags_of_who_asks",),
        "gets a session with",
    ),
    "H16 a duty that assumes another": (
        together(
            giving("researcher", allowing(["sts:AssumeRole", "sts:TagSession"], "*")),
            trust("custodian", lambda each: {**each, "Condition": {}}),
            without_boundary("researcher"),
        ),
        ("sessions_have_the_tags_of_who_asks",),
        "researcher may sts:AssumeRole of custodian",
    ),
    "H17 tags of buckets": (
        giving("operator", allowing(["s3:PutBucketAbac", "s3:TagResource"], LAKE)),
        ("people_do_nothing_else",),
        "operator may s3:PutBucketAbac",
    ),
    "H18 an allowance of the bucket": (
        lambda documents: replace(
            documents,
            sides=(
                replace(
                    documents.sides[0],
                    policy={
                        **documents.sides[0].policy,
                        "Statement": [
                            *documents.sides[0].policy["Statement"],
                            {**allowing("s3:GetObject", OBJECTS), "Principal": {"AWS": "*"}},
                        ],
                    },
                ),
                documents.sides[1],
            ),
        ),
        ("bucket_policies_give_nothing",),
        "Hole allows s3:GetObject",
    ),
    "the key by itself": (
        giving("researcher", allowing("kms:Decrypt", "*")),
        ("keys_open_the_lake_through_s3_only",),
        "researcher: kms:Decrypt",
    ),
    "an administrator reads": (of_buckets(without("DenyReading")), ("nobody_else_reads",), "an administrator may"),
    "a tagger that reads what it tags": (
        together(
            giving("object-tagger", allowing("s3:GetObject", OBJECTS)),
            of_buckets(without("DenyReading")),
        ),
        ("taggers_read_nothing_they_could_tag_for_themselves",),
        "object-tagger tags",
    ),
    "TLS is not asked for": (of_buckets(without("DenyWithoutTls", "DenyOldTls")), READING, "no TLS"),
    "a sensitivity read from everywhere": (
        of_role("custodian", condition("s3:GetObject", lambda c: c["StringEquals"].pop("aws:SourceVpc", None))),
        READING,
        "from internet",
    ),
    "a right too few": (
        of_role("researcher", lambda each: None if "s3:GetObject" in each["Action"] else each),
        READING,
        "the matrix says yes",
    ),
    "a duty without a role": (
        lambda documents: replace(
            documents, roles={name: role for name, role in documents.roles.items() if name != "operator"}
        ),
        ("people_do_nothing_else",),
        "there is no role",
    ),
}


def test_what_is_rendered_has_none(documents: Documents) -> None:
    assert not found(documents, *sorted({name for _, names, _ in HOLES.values() for name in names}))


@pytest.mark.parametrize("hole", HOLES)
def test_an_open_hole_is_found(documents: Documents, hole: str) -> None:
    opening, names, told = HOLES[hole]
    counterexamples = [each.text for each in found(opening(documents), *names)]
    assert any(told in text for text in counterexamples), counterexamples[:3]


def test_every_hole_has_a_number() -> None:
    numbers = {name.split()[0] for name in HOLES if name.startswith("H")}
    elsewhere = {"H12"}  # keys in another case: tests/unit/functions/test_tags.py
    assert numbers | elsewhere == {f"H{number}" for number in range(1, 19)}


def test_roles_the_plans_do_not_show_whole_are_counted(documents: Documents) -> None:
    assert isinstance(documents.roles["tag-auditor"], Role)
    assert documents.roles["tag-auditor"].unknown == 1
