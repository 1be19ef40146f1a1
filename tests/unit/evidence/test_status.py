"""No status is claimed: each is what the checks came to, and nothing that was not run is ever proved."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.evidence.controls import Check, Control
from scripts.evidence.status import Outcome, Planned, Result, Status, judge

CHECKS = (Check("checkov", "CKV_AWS_7"), Check("pytest", "tests/x.py::test_x"))
CONTROL = Control(
    id="T-1", source="law", section="1", section_verified=False, title="Keys rotate", requirement="They change.",
    kind="technical", owner="platform", does="They do.", checks=CHECKS, must="Do it.", missing="Not all of it.",
)  # fmt: skip
PASSED, FAILED = Result(Outcome.PASSED), Result(Outcome.FAILED, message="no")
NOT_RUN = Result(Outcome.NOT_RUN, message="no time")
THERE = Planned("10-foundation", "aws_kms_key.this", 3)


def both(first: Result, second: Result) -> dict[Check, Result]:
    return dict(zip(CHECKS, (first, second), strict=True))


def test_all_passed_and_planned_is_proved() -> None:
    assert judge(CONTROL, both(PASSED, PASSED), [THERE], []).status is Status.PROVED


@pytest.mark.parametrize("other", [PASSED, NOT_RUN, FAILED], ids=lambda result: str(result.outcome))
def test_one_that_failed_is_a_failure_whatever_the_others_are(other: Result) -> None:
    judged = judge(CONTROL, both(FAILED, other), [THERE], [])
    assert judged.status is Status.FAILED
    assert "CKV_AWS_7 failed." in judged.reasons


def test_one_that_was_not_run_is_not_proved_and_the_reason_is_said() -> None:
    judged = judge(CONTROL, both(PASSED, NOT_RUN), [THERE], [])
    assert judged.status is Status.NOT_RUN
    assert judged.reasons == ("tests/x.py::test_x: no time",)


def test_a_check_without_a_result_was_not_run() -> None:
    assert judge(CONTROL, {CHECKS[0]: PASSED}, [THERE], []).status is Status.NOT_RUN


def test_without_checks_nothing_is_proved() -> None:
    judged = judge(replace(CONTROL, checks=()), {}, [THERE], [])
    assert judged.status is Status.NOT_RUN
    assert judged.reasons


def test_a_resource_that_no_plan_has_is_a_failure() -> None:
    judged = judge(CONTROL, both(PASSED, PASSED), [THERE, replace(THERE, count=0)], [])
    assert judged.status is Status.FAILED
    assert judged.reasons == ("The plan of 10-foundation has no aws_kms_key.this.",)


def test_a_resource_whose_root_was_not_planned_is_not_proved() -> None:
    assert judge(CONTROL, both(PASSED, PASSED), [replace(THERE, count=None)], []).status is Status.NOT_RUN


def test_what_names_absent_files_is_planned_and_they_are_named() -> None:
    judged = judge(CONTROL, both(PASSED, PASSED), [THERE], ["modules/to-come"])
    assert judged.status is Status.PLANNED
    assert judged.reasons == ("Not all of it.", "Not there yet: modules/to-come.")


def test_what_people_must_do_and_what_is_planned_stay_that_whatever_passes() -> None:
    assert judge(replace(CONTROL, kind="organisational"), both(PASSED, PASSED), [], []).status is Status.ORGANISATIONAL
    assert judge(replace(CONTROL, kind="planned"), both(PASSED, PASSED), [], []).status is Status.PLANNED


@given(
    st.lists(st.sampled_from(Outcome), max_size=5), st.lists(st.none() | st.integers(0, 3), max_size=3), st.booleans()
)
def test_proved_means_that_all_was_run_and_passed(
    outcomes: list[Outcome], counts: list[int | None], absent: bool
) -> None:
    checks = tuple(Check("pytest", f"tests/{number}.py") for number in range(len(outcomes)))
    results = {check: Result(outcome) for check, outcome in zip(checks, outcomes, strict=True)}
    planned = [replace(THERE, count=count) for count in counts]
    judged = judge(replace(CONTROL, checks=checks), results, planned, ["x"] if absent else [])
    all_good = bool(outcomes) and set(outcomes) == {Outcome.PASSED} and all(counts) and not absent
    assert (judged.status is Status.PROVED) == all_good
    assert judged.status is Status.PROVED or judged.reasons
