"""Who may do what with objects of the lake, by the policies of buckets, keys and every role, as they are applied.

The evaluator of access/ decides, as in ``make prove``, which reads plans: of a plan some policies of functions are not
known. Whether the local cloud refuses what they refuse: test_47_readers.py.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import replace

import pytest
from kosha_access.evaluation import Decision, decide

from common.permissions import Permission, Resource
from scripts.infrastructure.environments import RECOVERY
from scripts.prove.cases import TAGGING, around, principal
from scripts.prove.documents import Documents
from scripts.prove.matrix import Matrix
from scripts.prove.properties import (
    PROPERTIES,
    TAGGERS,
    Proof,
    people_read_what_the_matrix_says,
    policies_of,
    tag_request,
)
from tests.local.applied import documents
from tests.local.conftest import Platform

CLASSED = {"data_class": "variant_calls", "sensitivity": "controlled", "project": "p", "site": "s"}
KEY = "variant-calls/p/vc_p_s_S1.vcf.gz"
EVERY = 37
type Tags = Mapping[str, str]


@pytest.fixture(scope="module")
def applied(platform: Platform) -> Documents:
    return documents(platform)


def ask(applied: Documents, role: str, action: str, new: Tags | None = None) -> Decision:
    """Whether a role may do this to an object of the lake that has a class."""
    side = applied.sides[0]
    who = principal(applied, role)
    request = tag_request(applied, side, who, action, KEY, CLASSED, new or {})
    return decide(request, policies_of(applied.roles[role], side, action))


@pytest.mark.parametrize("number", range(len(PROPERTIES)), ids=[each.__name__ for each in PROPERTIES])
def test_what_is_proved_of_plans_holds_as_applied(applied: Documents, number: int) -> None:
    assert not any(role.unknown for role in applied.roles.values())
    proof = Proof(applied, Matrix(), every=EVERY)
    PROPERTIES[number](proof)
    assert not proof.found, "\n".join(each.text for each in proof.found[:5])
    assert sum(proof.counts.values()) > 0


def test_readers_read_the_replica_from_the_standby_s_network_as_from_the_platform_s(
    platform: Platform, applied: Documents
) -> None:
    """And nothing of the lake from there: the standby's place is a place of the replica alone."""
    from_standby = replace(applied, vpc_ids=(platform.handoffs[RECOVERY]["vpc_id"],))
    lake, replica = (Proof(replace(from_standby, sides=(side, side)), Matrix(), every=EVERY) for side in applied.sides)
    people_read_what_the_matrix_says(replica)
    assert not replica.found, "\n".join(each.text for each in replica.found[:5])
    people_read_what_the_matrix_says(lake)
    assert lake.found, "the lake of the primary region is read from the standby's network"


def declared(function: str) -> list[Permission]:
    permissions: list[Permission] = importlib.import_module(f"{function}.permissions").PERMISSIONS
    return permissions


@pytest.mark.parametrize("function", ["object_tagger", "tag_backfill", "tag_auditor", "scratch_cleaner"])
def test_a_function_may_do_what_it_declares_past_the_bucket_policy(applied: Documents, function: str) -> None:
    actions = [
        action
        for permission in declared(function)
        for action in permission.actions
        if permission.resource is Resource.LAKE_OBJECTS
    ]
    assert actions
    for action in actions:
        answers = [
            ask(applied, role, action, CLASSED if action in TAGGING else None)
            for role in applied.roles
            if function.replace("_", "-") in role
        ]
        assert any(answer.allowed for answer in answers), (action, answers)


def test_the_roles_that_tag_are_those_the_lake_knows(applied: Documents) -> None:
    assert set(applied.roles) >= TAGGERS
    may = {role for role in applied.roles for action in TAGGING if ask(applied, role, action, CLASSED).allowed}
    assert may == TAGGERS - {"cluster-hospital"}, "the hospital's role tags below its own prefix only"


def test_a_request_says_from_where(applied: Documents) -> None:
    """Or nothing above would have been decided by the network."""
    assert "aws:SourceVpc" in around(applied, applied.sides[0], "platform")
