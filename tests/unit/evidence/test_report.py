"""The report says what the checks came to, the same way every time, and shows foreign text as text."""

import copy
import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError

from scripts.evidence import __main__ as program
from scripts.evidence import report, runs
from scripts.evidence.controls import Check, ControlMap, parse
from scripts.evidence.runs import Everything, Finding
from scripts.evidence.status import Outcome, Result
from scripts.talk import UserError

MADE = datetime(2026, 11, 27, 20, 0, tzinfo=UTC)
EVIL = '<script>alert("x")</script>&\'"'
CIRCUMSTANCES: dict[str, Any] = {
    "environment": "local",
    "repository": {"commit": "0" * 40, "clean": True, "changed": [], "difference_sha256": ""},
    "tools": {"Terraform": "1.11.4"},
    "plans": [{"root": "10-foundation", "sha256": "a" * 64, "resources": 3}],
}


def control(identifier: str, **more: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "source": "law",
        "section": "section 1",
        "section_verified": False,
        "title": f"Title of {identifier}",
        "requirement": "Keys are changed.",
        "kind": "technical",
        "owner": "platform",
        **more,
    }


def make_map(*controls: dict[str, Any]) -> ControlMap:
    law = {"short": "Law", "title": "A law", "citation": "Of 2026", "url": "https://law.example/", "read": "Nothing."}
    return parse({"sources": {"law": law, "rule": law}, "owners": {"platform": "Engineers"}, "controls": [*controls]})


CONTROLS = make_map(
    control(
        "GOOD", does="It does.", checks={"checkov": ["CKV_AWS_7"]}, resources={"10-foundation": ["aws_kms_key.this"]}
    ),
    control("BAD", does="It does not.", checks={"pytest": ["tests/x.py::test_x"]}),
    control("OPEN", does="Perhaps.", checks={"make": ["truth"]}),
    control("LATER", kind="planned", missing="All of it."),
    control("PEOPLE", kind="organisational", must="Name somebody."),
)
EVERYTHING = Everything(
    {
        Check("pytest", "tests/x.py::test_x"): Result(Outcome.FAILED, "1 case", f"assert {EVIL}"),
        Check("make", "truth"): Result(Outcome.NOT_RUN, "", "takes long"),
    },
    [Finding("CKV_AWS_7", "plan of 10-foundation", "aws_kms_key.this", "passed", "")],
)
PLANNED = {"10-foundation": {"aws_kms_key.this": 2}}


def build(made: datetime = MADE, controls: ControlMap = CONTROLS) -> dict[str, Any]:
    return report.build(controls, EVERYTHING, PLANNED, made, copy.deepcopy(CIRCUMSTANCES), absent={})


def test_every_control_has_the_status_that_its_checks_give_it() -> None:
    assert {entry["id"]: entry["status"] for entry in build()["controls"]} == {
        "GOOD": "proved",
        "BAD": "failed",
        "OPEN": "not run",
        "LATER": "planned",
        "PEOPLE": "organisational",
    }


def test_the_summary_counts_all_statuses_of_all_sources() -> None:
    summary = build()["summary"]
    assert summary["total"] == 5
    assert summary["by_status"] == dict.fromkeys(("proved", "failed", "not run", "planned", "organisational"), 1)
    assert summary["by_source"]["law"] == summary["by_status"]
    assert set(summary["by_source"]["rule"].values()) == {0}


def test_a_report_keeps_to_its_schema_and_two_differ_in_their_date_alone() -> None:
    first, second = build(), build(MADE + timedelta(days=1))
    report.validate(first)
    assert first.pop("made") == {"utc": "2026-11-27T20:00:00+00:00", "ist": "2026-11-28T01:30:00+05:30"}
    assert second.pop("made") != {}
    assert json.dumps(first) == json.dumps(second)


@pytest.mark.parametrize("number", [1, 2], ids=["failed", "not run"])
def test_the_schema_refuses_to_call_proved_what_is_not(number: int) -> None:
    claimed = build()
    claimed["controls"][number]["status"] = "proved"
    with pytest.raises(ValidationError):
        report.validate(claimed)


def test_the_schema_refuses_to_call_proved_what_has_no_checks_or_is_in_no_plan() -> None:
    changes: list[dict[str, Any]] = [{"checks": []}, {"resources": [{"root": "x", "address": "y", "planned": 0}]}]
    for change in changes:
        claimed = build()
        claimed["controls"][0] |= change
        with pytest.raises(ValidationError):
            report.validate(claimed)


class Page(HTMLParser):
    """Collects what a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, attribute: str) -> list[str]:
        return [value for _, found in self.tags if (value := found.get(attribute)) is not None]


def page_of(document: dict[str, Any]) -> Page:
    return Page(report.render(document, "f" * 64))


def test_text_from_elsewhere_is_shown_as_text_and_never_taken_for_html() -> None:
    document = build()
    for key in ("title", "requirement", "does", "section"):
        document["controls"][0][key] = EVIL
    document["controls"][0]["checks"][0] |= {"name": EVIL, "where": EVIL, "message": EVIL}
    document["sources"][0]["read"] = EVIL
    document["environment"] = EVIL
    document["tools"][EVIL] = EVIL
    page = page_of(document)
    assert "script" not in {tag for tag, _ in page.tags}
    # Title and section, and what they are repeated in; the message of the failed check besides.
    assert page.text.count(EVIL) >= 11


def test_the_page_needs_nothing_but_itself() -> None:
    page = page_of(build())
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "embed", "form"}
    assert page.values("src") == []
    style = page.text[: page.text.index("@page")]
    assert "url(" not in style
    assert "@import" not in style
    assert {link for link in page.values("href") if not link.startswith("#")} == {"https://law.example/"}


def test_every_link_inside_the_page_leads_somewhere_and_no_anchor_stands_twice() -> None:
    page = page_of(build())
    anchors = page.values("id")
    assert len(anchors) == len(set(anchors))
    assert {link[1:] for link in page.values("href") if link.startswith("#")} <= set(anchors)
    assert set(page.values("aria-labelledby")) <= set(anchors)


def test_the_page_can_be_read_without_colour_and_by_a_screen_reader() -> None:
    page = page_of(build())
    assert ("html", {"lang": "en"}) in page.tags
    assert [tag for tag, _ in page.tags].count("h1") == 1
    assert all("scope" in found for tag, found in page.tags if tag == "th")
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    for status, sign in report.SIGNS.items():
        assert re.search(rf"{re.escape(sign)}\s*{status}", page.text), status


def test_the_page_claims_no_compliance_and_says_what_it_is() -> None:
    text = page_of(build()).text
    assert report.CLAIM in text
    assert "not legal advice" in text
    assert not re.search(r"\b(is|are|fully) (compliant|certified)", text)
    assert all(limit in text for limit in report.LIMITS)


def test_a_tree_with_changes_is_said_loudly() -> None:
    document = build()
    document["repository"] |= {"clean": False, "changed": ["x.py"], "difference_sha256": "b" * 64}
    report.validate(document)
    assert "Made from sources that are in no commit" in page_of(document).text
    assert "Made from sources that are in no commit" not in page_of(build()).text


@pytest.fixture
def without_tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The program without what takes minutes: one plan, and a checkov that passes."""
    plan = tmp_path / "10-foundation.json"
    keys = [{"mode": "managed", "address": f"aws_kms_key.this[{number}]"} for number in range(2)]
    plan.write_text(json.dumps({"planned_values": {"root_module": {"resources": keys}}}), encoding="utf-8")
    monkeypatch.setattr(program, "EVIDENCE", tmp_path / "evidence")
    monkeypatch.setattr("scripts.evidence.__main__.sample_plans", lambda *_: {"10-foundation": plan})
    monkeypatch.setattr(runs, "run_checkov", lambda *_: EVERYTHING.findings)
    monkeypatch.setattr(runs, "run_terraform", lambda *_: {})
    monkeypatch.setattr(program, "tools", lambda: CIRCUMSTANCES["tools"])
    return tmp_path / "evidence"


def test_all_is_written_and_the_exit_code_says_whether_a_control_failed(
    without_tools: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = CONTROLS.controls[0], CONTROLS.controls[3]
    monkeypatch.setattr(program, "load", lambda: ControlMap(CONTROLS.sources, CONTROLS.owners, (good, bad)))
    assert program.make_evidence("local", []) == 0
    (folder,) = [path for path in without_tools.iterdir() if path.is_dir()]
    document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert [entry["status"] for entry in document["controls"]] == ["proved", "planned"]
    assert "Title of GOOD" in (folder / "report.html").read_text(encoding="utf-8")

    failing = Finding("CKV_AWS_7", "sources", "aws_kms_key.this", "failed", "It never rotates")
    monkeypatch.setattr(runs, "run_checkov", lambda *_: [failing])
    assert program.make_evidence("local", []) == 1
    assert "It never rotates" in (folder / "report.html").read_text(encoding="utf-8")
    assert "It never rotates" in capsys.readouterr().out


def test_sources_that_change_meanwhile_stop_the_report(without_tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    states = iter([CIRCUMSTANCES["repository"], CIRCUMSTANCES["repository"] | {"clean": False}])
    monkeypatch.setattr(program, "load", lambda: make_map(control("LATER", kind="planned", missing="All of it.")))
    monkeypatch.setattr(program, "state_of_sources", lambda: next(states))
    with pytest.raises(UserError, match="changed while the checks ran"):
        program.make_evidence("local", [])
    assert not list(without_tools.rglob("report.*"))


def test_the_digest_of_what_differs_is_of_new_files_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x", *words], cwd=tmp_path, check=True)

    def digest() -> str:
        state = program.state_of_sources()
        assert state["clean"] is (state["difference_sha256"] == "")
        return str(state["difference_sha256"])

    monkeypatch.setattr(program, "REPOSITORY", tmp_path)
    (tmp_path / "kept").write_bytes(b"\x00\x01")
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    assert digest() == ""
    seen = set()
    for name, content in (("kept", b"\x00\x02"), ("kept", b"\x00\x03"), ("new", b"1"), ("new", b"2")):
        (tmp_path / name).write_bytes(content)
        seen.add(digest())
    assert len(seen - {""}) == 4


@pytest.mark.parametrize("content", [None, "no JSON", "{}"])
def test_a_page_is_made_of_a_report_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "other.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["evidence", "render", str(path)])
    with pytest.raises(UserError, match=r"other\.json is no report\.json"):
        program.main()


def test_an_unknown_group_is_named(without_tools: Path) -> None:
    with pytest.raises(UserError, match="WITH=moon is none of"):
        program.make_evidence("local", ["moon"])


def test_tests_with_the_local_cloud_are_not_run_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[list[str], str]] = []

    def fake(nodes: list[str], _say: object, whole: str = "") -> dict[str, Result]:
        asked.append((nodes, whole))
        return dict.fromkeys(nodes, Result(Outcome.PASSED))

    monkeypatch.setattr(runs, "run_pytest", fake)
    here, there = "tests/meta/test_commands.py", "tests/local/test_45_access.py"
    controls = make_map(control("X", does="It does.", checks={"pytest": [here, there]}))
    left_out = program.run_pytest(controls, with_local_cloud=False)
    assert left_out[Check("pytest", there)].outcome is Outcome.NOT_RUN
    assert "WITH=local-cloud" in left_out[Check("pytest", there)].message
    assert asked == [([here], "")]
    both = program.run_pytest(controls, with_local_cloud=True)
    assert both[Check("pytest", there)].outcome is Outcome.PASSED
    assert asked[1:] == [([here], ""), ([there], "tests/local")]


def test_what_does_not_exist_yet_is_not_run_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "run_terraform", lambda names, _: dict.fromkeys(names, Result(Outcome.PASSED)))
    there, gone = "modules/keys::x", "modules/to-come::x"
    controls = make_map(control("X", does="It does.", checks={"terraform": [there, gone]}))
    assert program.run_terraform(controls) == {
        Check("terraform", there): Result(Outcome.PASSED),
        Check("terraform", gone): Result(Outcome.NOT_RUN, "", "it does not exist yet"),
    }


def test_make_targets_are_not_run_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "run_make", lambda targets, _: dict.fromkeys(targets, Result(Outcome.PASSED)))
    assert program.run_make(CONTROLS, wanted=False)[Check("make", "truth")].outcome is Outcome.NOT_RUN
    assert program.run_make(CONTROLS, wanted=True)[Check("make", "truth")].outcome is Outcome.PASSED


def test_a_page_is_made_again_from_its_document(tmp_path: Path) -> None:
    page, digest = report.write(build(), tmp_path)
    before = page.read_text(encoding="utf-8")
    assert digest in before
    page.unlink()
    assert report.write_page(tmp_path / "report.json").read_text(encoding="utf-8") == before
