"""What the auditor says of one object's tags, and of all together."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import catalogue as catalogues
from common.modes import BadRequest, read_mode
from common.tagging import Aim
from tag_auditor.domain import (
    FINDINGS,
    MENDED_BY_BACKFILL,
    MODES,
    Entry,
    Judgement,
    Verdict,
    aim_of,
    judge,
    percent,
)
from tag_auditor.progress import EXAMPLES, Progress, figures

NOW = datetime(2026, 1, 15, 0, 30, tzinfo=UTC)
OLD, GRACE = NOW - timedelta(days=2), timedelta(minutes=150)
KEY = "raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_T001_R1.fastq.gz"
TAGS = {"data_class": "raw_sequence", "sensitivity": "controlled", "project": "lambda-phage", "site": "hyd-01"}
UNCLASSIFIED = {"data_class": "unclassified", "sensitivity": "restricted"}
CATALOGUE = catalogues.load()


def judged(present: Mapping[str, str], key: str = KEY, modified: datetime = OLD) -> Judgement:
    aim = aim_of(Entry(key, modified), CATALOGUE)
    assert isinstance(aim, Aim)
    return judge(aim, present, modified, NOW, GRACE, CATALOGUE)


@pytest.mark.parametrize(
    ("present", "verdict"),
    [
        (TAGS, Verdict.RIGHT),
        (TAGS | {"study": "x"}, Verdict.RIGHT),
        ({}, Verdict.UNTAGGED),
        ({"study": "x"}, Verdict.UNTAGGED),
        ({"data_class": "raw_sequence"}, Verdict.INCOMPLETE),
        (TAGS | {"project": "tb-2026"}, Verdict.WRONG),
        (TAGS | {"data_class": "quality_report", "sensitivity": "open"}, Verdict.WRONG),
        (TAGS | {"data_class": "clinical_record", "sensitivity": "restricted"}, Verdict.HELD),
        ({"data_class": "clinical_record", "sensitivity": "restricted"}, Verdict.HELD),
        (TAGS | {"data_class": "clinical_record", "sensitivity": "open"}, Verdict.CONTRADICTORY),
        (TAGS | {"data_class": "clinical_records", "sensitivity": "restricted"}, Verdict.CONTRADICTORY),
        (TAGS | {"project": "tb-2026", "sensitivity": "restricted"}, Verdict.CONTRADICTORY),
        (
            TAGS | {"data_class": "clinical_record", "sensitivity": "restricted", "project": "tb-2026"},
            Verdict.CONTRADICTORY,
        ),
        ({f"their-{n}": "x" for n in range(10)}, Verdict.NO_ROOM),
    ],
)
def test_tags_are_compared_with_what_the_name_calls_for(present: Mapping[str, str], verdict: Verdict) -> None:
    found = judged(present)
    assert (found.verdict, found.data_class, found.is_fresh) == (verdict, "raw_sequence", False)
    assert found.present.keys() <= set(CATALOGUE.governed_tags)


def test_what_is_no_finding_is_right_or_a_person_s_decision_and_a_backfill_mends_only_findings() -> None:
    assert set(Verdict) - FINDINGS == {Verdict.RIGHT, Verdict.HELD}
    for_people = {Verdict.CONTRADICTORY, Verdict.NO_ROOM, Verdict.ILLEGAL}
    assert for_people == FINDINGS - MENDED_BY_BACKFILL


def test_a_bad_name_calls_for_the_mark_of_the_unclassified() -> None:
    assert judged(UNCLASSIFIED, "raw-sequences/notes.txt").verdict is Verdict.RIGHT
    assert judged({}, "raw-sequences/notes.txt").verdict is Verdict.UNTAGGED
    assert judged(UNCLASSIFIED | {"project": "p"}, "raw-sequences/notes.txt").verdict is Verdict.WRONG


def test_what_is_no_file_is_not_judged() -> None:
    assert aim_of(Entry("raw-sequences/lambda-phage/", OLD), CATALOGUE) is None


def test_the_taggers_have_time_for_a_new_object() -> None:
    assert judged({}, modified=NOW - GRACE + timedelta(seconds=1)).is_fresh
    assert not judged({}, modified=NOW - GRACE).is_fresh
    assert not judged(TAGS, modified=NOW).is_fresh


def test_figures_tell_coverage_from_correctness() -> None:
    counts = Counter({Verdict.RIGHT: 6, Verdict.HELD: 1, Verdict.WRONG: 1, Verdict.UNTAGGED: 2})
    assert figures(Counter({each.value: number for each, number in counts.items()})) == {
        "ObjectsAudited": 10,
        "ObjectsUntagged": 2,
        "ObjectsMistagged": 1,
        "TagCoverage": 80.0,
        "TagCorrectness": 70.0,
    }
    assert figures(Counter())["TagCoverage"] == 100.0


@given(whole=st.integers(1, 10**9), missing=st.integers(1, 10**9))
def test_a_hundred_percent_is_said_only_of_all(whole: int, missing: int) -> None:
    part = max(0, whole - missing)
    assert 0 <= percent(part, whole) < 100
    assert percent(whole, whole) == 100


def test_a_checkpoint_survives_json_and_examples_are_few() -> None:
    progress = Progress(after="k/ü", reports=["s3://b/r"], problem="x")
    for number in range(EXAMPLES + 5):
        progress.add(judged({}, KEY.replace("T001", f"T{number:03}")))
    progress.add(judged({}, modified=NOW))
    again = Progress.from_document(json.loads(json.dumps(progress.to_document())))
    assert again == progress
    assert (len(again.examples), again.fresh) == (EXAMPLES, 1)
    assert again.total()[Verdict.UNTAGGED] == EXAMPLES + 5


@pytest.mark.parametrize("event", [None, {}, {"mode": "mend"}, [], "audit"])
def test_an_event_without_a_mode_is_refused(event: Any) -> None:
    with pytest.raises(BadRequest, match="send one of audit, continue"):
        read_mode(event, MODES)
