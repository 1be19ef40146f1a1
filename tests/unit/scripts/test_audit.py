"""What is decided about advisories: found, accepted until a date, overdue, gone; and what is no report at all.

``tests/data/advisories`` holds reports of uv 0.13.9, recorded against the service of tests/functional/supply.
"""

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from scripts.supply import __main__ as supply
from scripts.supply import audit
from scripts.talk import UserError

REPORTS = Path(__file__).parents[2] / "data" / "advisories"
TODAY = date(2026, 1, 15)
TOMORROW = TODAY + timedelta(days=1)
REASON = "the function that is at fault is never called here"


def recorded(name: str) -> Any:
    return json.loads((REPORTS / f"{name}.json").read_text(encoding="utf-8"))


def accepted(identifier: str, review: date) -> audit.Accepted:
    return audit.Accepted(identifier, REASON, review)


def test_a_clean_report_is_good() -> None:
    verdict = audit.judge(recorded("clean"), [], TODAY)
    assert verdict.is_good
    assert verdict.packages > 100


def test_an_advisory_is_open_unless_it_is_accepted() -> None:
    verdict = audit.judge(recorded("found"), [accepted("CVE-2025-11111", TOMORROW)], TODAY)
    assert not verdict.is_good
    assert [(each.package, each.id) for each in verdict.open] == [("jinja2", "GHSA-0000-made-up00")]
    assert [each.id for each in verdict.gone] == ["CVE-2025-11111"]


@pytest.mark.parametrize("identifier", ["GHSA-0000-made-up00", "CVE-2026-00000"])
def test_an_advisory_is_accepted_by_any_of_its_names_until_its_review(identifier: str) -> None:
    verdict = audit.judge(recorded("found"), [accepted(identifier, TOMORROW)], TODAY)
    assert verdict.is_good
    assert [entry.id for _, entry in verdict.accepted] == [identifier]
    assert not verdict.gone


@pytest.mark.parametrize("review", [TODAY, TODAY - timedelta(days=400)])
def test_from_the_day_of_its_review_it_counts_again(review: date) -> None:
    verdict = audit.judge(recorded("found"), [accepted("CVE-2026-00000", review)], TODAY)
    assert not verdict.is_good
    assert len(verdict.overdue) == 1


def test_a_quarantined_project_fails_and_an_archived_one_is_named() -> None:
    statuses = [
        {"name": "left", "status": "archived", "reason": "no longer maintained"},
        {"name": "bad", "status": "quarantined", "reason": None},
    ]
    verdict = audit.judge({**recorded("clean"), "adverse_statuses": statuses}, [], TODAY)
    assert not verdict.is_good
    assert verdict.quarantined == ["bad is quarantined"]
    assert verdict.remarks == ["left is archived: no longer maintained"]


def test_no_answer_is_told_from_a_uv_that_cannot() -> None:
    no_name = (
        "warning: a preview\nerror: Request failed after 3 retries\n  cause: error sending request for url\n"
        "       (https://osv.example/)\n  cause: dns error\n"
    )
    said = "Request failed after 3 retries; error sending request for url (https://osv.example/); dns error"
    with pytest.raises(audit.UnavailableError, match=re.escape(said)):
        audit.read_report(2, "", no_name)
    with pytest.raises(audit.UnavailableError, match="offline"):
        audit.read_report(2, "", "error: Auditing requires network access and cannot be performed in offline mode")
    with pytest.raises(UserError, match="unrecognized subcommand"):
        audit.read_report(2, "", "error: unrecognized subcommand 'audit'")


@pytest.mark.parametrize(
    "output",
    [
        "",
        "[]",
        "{}",
        '{"summary": {"audited_packages": 3, "vulnerabilities": 1}, "vulnerabilities": []}',
        '{"summary": {"audited_packages": 0, "vulnerabilities": 0}, "vulnerabilities": []}',
    ],
)
def test_a_report_of_another_shape_is_not_taken_for_a_good_one(output: str) -> None:
    with pytest.raises(UserError, match="another shape"):
        audit.read_report(0, output, "")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{id: CVE-1, reason: nobody calls this function here}", "has id, reason and review"),
        ("{id: CVE-1, reason: fine, review: 2026-02-01}", "without a reason"),
        ("{id: CVE-1, reason: nobody calls this function here, review: soon}", "no date"),
    ],
)
def test_an_entry_that_is_not_whole_is_refused(tmp_path: Path, entry: str, said: str) -> None:
    path = tmp_path / "advisories.yaml"
    path.write_text(f"advisories: [{entry}]\n")
    with pytest.raises(UserError, match=said):
        audit.read_accepted(path)


def test_an_entry_is_read(tmp_path: Path) -> None:
    path = tmp_path / "advisories.yaml"
    path.write_text(f"advisories: [{{id: CVE-2026-00000, reason: {REASON}, review: 2026-01-16}}]\n")
    assert audit.read_accepted(path) == [accepted("CVE-2026-00000", TOMORROW)]


def test_the_entries_there_are_are_whole() -> None:
    audit.read_accepted(audit.ACCEPTED)


@pytest.mark.parametrize(
    ("report", "code", "said"),
    [("found", 1, "jinja2 3.1.6: GHSA-0000-made-up00"), ("clean", 0, "no open advisories on")],
)
def test_the_command_exits_by_the_verdict(
    report: str, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(audit, "report", lambda service: recorded(report))
    monkeypatch.setattr("sys.argv", ["supply", "audit"])
    assert supply.main() == code
    assert said in capsys.readouterr().out
