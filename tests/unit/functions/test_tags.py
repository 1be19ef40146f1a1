"""Merging tags: others' stay, ours are right, a higher class is never lowered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.catalogue import load
from common.tags import TAG_LIMIT, Conflict, Illegal, Keep, QuotaExceeded, Write, is_legal, merge

CATALOGUE = load()
WANTED = {"data_class": "raw_sequence", "sensitivity": "controlled", "project": "p", "site": "s"}
UNCLASSIFIED = dict(CATALOGUE.unclassified)


def test_writes_the_governed_tags_on_an_untagged_object() -> None:
    assert merge({}, WANTED, CATALOGUE) == Write(WANTED)


def test_keeps_the_tags_of_others() -> None:
    assert merge({"owner": "lab-7"}, WANTED, CATALOGUE) == Write({"owner": "lab-7"} | WANTED)


def test_writes_nothing_when_the_tags_are_right() -> None:
    assert merge({"owner": "lab-7"} | WANTED, WANTED, CATALOGUE) == Keep()


def test_corrects_a_wrong_project_on_the_same_class() -> None:
    assert merge(WANTED | {"project": "other"}, WANTED, CATALOGUE) == Write(WANTED)


def test_raises_a_lower_sensitivity() -> None:
    present = {"data_class": "quality_report", "sensitivity": "open"}
    assert merge(present, WANTED, CATALOGUE) == Write(WANTED)


@pytest.mark.parametrize(
    "present",
    [
        {"data_class": "clinical_record", "sensitivity": "restricted"},
        {"data_class": "raw_sequence", "sensitivity": "restricted"},
        {"data_class": "clinical_record"},
        {"data_class": "clinical_record", "sensitivity": "open"},
        {"data_class": "a_class_of_the_future", "sensitivity": "controlled"},
        {"sensitivity": "top-secret"},
        {"data_class": "unclassified", "sensitivity": "top-secret"},
        {"Data_Class": "clinical_record"},
        {"SENSITIVITY": "restricted"},
        {"data_class": "unclassified", "sensitivity": "restricted", "DATA_CLASS": "clinical_record"},
    ],
)
def test_never_lowers_a_class_that_is_more_sensitive_or_unknown(present: dict[str, str]) -> None:
    assert isinstance(merge(present, WANTED, CATALOGUE), Conflict)


def test_a_governed_key_in_another_case_is_taken_away() -> None:
    assert merge(WANTED | {"Project": "other"}, WANTED, CATALOGUE) == Write(WANTED)


def test_a_class_replaces_the_mark_for_not_yet_classified() -> None:
    assert merge(UNCLASSIFIED, WANTED, CATALOGUE) == Write(WANTED)


def test_an_unclassified_file_loses_a_project_nobody_vouches_for() -> None:
    assert merge(WANTED | {"owner": "x"}, UNCLASSIFIED, CATALOGUE) == Write({"owner": "x"} | UNCLASSIFIED)


def test_ten_tags_of_others_are_not_evicted() -> None:
    present = {f"k{number}": "v" for number in range(TAG_LIMIT)}
    assert merge(present, WANTED, CATALOGUE) == QuotaExceeded(foreign=10)


def test_six_tags_of_others_leave_room() -> None:
    present = {f"k{number}": "v" for number in range(6)}
    assert merge(present, WANTED, CATALOGUE) == Write(present | WANTED)


def test_ten_tags_with_ours_among_them_can_be_corrected() -> None:
    present = {f"k{number}": "v" for number in range(6)} | WANTED | {"site": "old"}
    decision = merge(present, WANTED, CATALOGUE)
    assert isinstance(decision, Write)
    assert decision.tags["site"] == "s"


@pytest.mark.parametrize("project", ["a*b", "x" * 257, "a\nb", "a,b"])
def test_a_value_s3_would_refuse_is_not_written(project: str) -> None:
    assert merge({}, WANTED | {"project": project}, CATALOGUE) == Illegal("project")


@pytest.mark.parametrize("key", ["", "aws:x", "AWS:x", "k" * 129, "a*"])
def test_a_tag_key_s3_would_refuse_is_illegal(key: str) -> None:
    assert not is_legal(key, "v")


TAG_VALUES = st.sampled_from(
    ["raw_sequence", "clinical_record", "unclassified", "open", "controlled", "restricted", "p", "other", ""]
)
TAG_SETS = st.dictionaries(
    st.sampled_from([*CATALOGUE.governed_tags, *(f"k{number}" for number in range(12))]), TAG_VALUES, max_size=TAG_LIMIT
)
WANTED_SETS = st.sampled_from([WANTED, UNCLASSIFIED, WANTED | {"data_class": "quality_report", "sensitivity": "open"}])


@given(TAG_SETS, WANTED_SETS)
def test_a_write_keeps_all_foreign_tags_sets_all_governed_ones_and_fits(
    present: dict[str, str], wanted: dict[str, str]
) -> None:
    decision = merge(present, wanted, CATALOGUE)
    if isinstance(decision, Write):
        foreign = {key: value for key, value in present.items() if key not in CATALOGUE.governed_tags}
        assert decision.tags == foreign | wanted
        assert len(decision.tags) <= TAG_LIMIT


@given(TAG_SETS, WANTED_SETS)
def test_merging_twice_writes_once(present: dict[str, str], wanted: dict[str, str]) -> None:
    first = merge(present, wanted, CATALOGUE)
    if isinstance(first, Write):
        assert merge(first.tags, wanted, CATALOGUE) == Keep()


@given(TAG_SETS, WANTED_SETS)
def test_no_write_lowers_a_known_sensitivity(present: dict[str, str], wanted: dict[str, str]) -> None:
    order = CATALOGUE.sensitivities
    was = present.get("sensitivity")
    decision = merge(present, wanted, CATALOGUE)
    if isinstance(decision, Write) and was in order and present.get("data_class") != "unclassified":
        assert order.index(decision.tags["sensitivity"]) >= order.index(str(was))
