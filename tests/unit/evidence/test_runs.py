"""What the tools say is read for what it is: a skip is no success, and silence is none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.evidence import runs
from scripts.evidence.runs import Finding, checkov_result, junit_cases, node_result, run_result
from scripts.evidence.status import Outcome, Result
from scripts.paths import REPOSITORY
from scripts.policy import Scan
from scripts.talk import UserError
from scripts.terraform_tests import Outcome as FolderOutcome


def finding(outcome: str, check: str = "CKV_AWS_7", scan: str = "sources") -> Finding:
    return Finding(check, scan, "aws_kms_key.this", outcome, f"{outcome} because")


def test_a_check_of_checkov_passes_where_it_looked_and_found_nothing() -> None:
    result = checkov_result(
        "CKV_AWS_7", [finding("passed"), finding("passed", scan="plan of x"), finding("failed", "CKV_X")]
    )
    assert result == Result(Outcome.PASSED, "sources (1), plan of x (1)")


def test_one_failure_of_checkov_is_one_with_its_place_and_message() -> None:
    result = checkov_result("CKV_AWS_7", [finding("passed"), finding("failed", scan="plan of x")])
    assert result.outcome is Outcome.FAILED
    assert "plan of x: aws_kms_key.this: failed because" in result.message


def test_a_check_that_looked_at_nothing_was_not_run() -> None:
    result = checkov_result("CKV_AWS_7", [finding("passed", "CKV_AWS_8")])
    assert result.outcome is Outcome.NOT_RUN
    assert "applied to no resource" in result.message


def test_a_skip_counts_as_not_run_unless_it_is_accepted_and_the_reason_is_told_either_way() -> None:
    found = [finding("passed"), finding("skipped")]
    refused = checkov_result("CKV_AWS_7", found)
    assert refused.outcome is Outcome.NOT_RUN
    assert "skipped because" in refused.message
    accepted = checkov_result("CKV_AWS_7", found, "only the other kind")
    assert accepted.outcome is Outcome.PASSED
    assert "only the other kind" in accepted.message


def test_an_accepted_skip_makes_no_success_of_a_check_that_was_skipped_everywhere() -> None:
    assert checkov_result("CKV_AWS_7", [finding("skipped")], "fine").outcome is Outcome.NOT_RUN


def test_an_answer_of_checkov_that_is_no_json_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = subprocess.CompletedProcess(["checkov"], 2, "Traceback", "it broke")
    monkeypatch.setattr("scripts.policy.run_checkov", lambda *_: answer)
    with pytest.raises(UserError, match="it broke"):
        runs.run_checkov([Scan("sources", ())], lambda _: None)


def test_findings_of_checkov_are_read_with_their_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    def entry(result: dict[str, str]) -> dict[str, object]:
        return {"check_id": "CKV_AWS_7", "check_name": "Rotation", "resource": "a.b", "check_result": result}

    results = {
        "passed_checks": [entry({"result": "PASSED"})],
        "failed_checks": [entry({"result": "FAILED"})],
        "skipped_checks": [entry({"result": "SKIPPED", "suppress_comment": "for a reason"})],
    }
    answer = subprocess.CompletedProcess(["checkov"], 1, json.dumps([{"results": results}]), "")
    monkeypatch.setattr("scripts.policy.run_checkov", lambda *_: answer)
    said: list[str] = []
    found = runs.run_checkov([Scan("sources", ())], said.append)
    assert [(each.outcome, each.message) for each in found] == [
        ("passed", "Rotation"),
        ("failed", "Rotation"),
        ("skipped", "for a reason"),
    ]
    assert said == ["checkov, sources: 1 passed, 1 failed, 1 skipped"]


TESTS = """
import pytest

def test_good(): pass

def test_bad(): assert "left" == "right"

@pytest.mark.skip(reason="no such machine")
def test_left_out(): pass

@pytest.mark.parametrize("number", [1, 2])
def test_of_two(number): assert number == 1

class TestTogether:
    def test_inside(self): pass

@pytest.fixture
def broken(): raise RuntimeError("no ground")

def test_on_it(broken): pass
"""


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """What a real run of pytest reports."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "tests").mkdir()
    (folder / "tests" / "test_some.py").write_text(TESTS, encoding="utf-8")
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--junit-xml", "report.xml", "-o", "junit_family=xunit1",
         "--import-mode=importlib", "-p", "no:cacheprovider"],
        cwd=folder, env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, capture_output=True, check=False,
    )  # fmt: skip
    return junit_cases((folder / "report.xml").read_text(encoding="utf-8"))


def test_cases_are_found_by_their_node_ids(cases: dict[str, Result]) -> None:
    assert {node: result.outcome for node, result in cases.items()} == {
        "tests/test_some.py::test_good": Outcome.PASSED,
        "tests/test_some.py::test_bad": Outcome.FAILED,
        "tests/test_some.py::test_left_out": Outcome.NOT_RUN,
        "tests/test_some.py::test_of_two[1]": Outcome.PASSED,
        "tests/test_some.py::test_of_two[2]": Outcome.FAILED,
        "tests/test_some.py::TestTogether::test_inside": Outcome.PASSED,
        "tests/test_some.py::test_on_it": Outcome.FAILED,
    }


@pytest.mark.parametrize(
    ("node", "outcome", "message"),
    [
        ("tests/test_some.py::test_good", Outcome.PASSED, ""),
        ("tests/test_some.py::TestTogether", Outcome.PASSED, ""),
        ("tests/test_some.py::test_bad", Outcome.FAILED, "'left' == 'right'"),
        ("tests/test_some.py::test_of_two", Outcome.FAILED, "test_of_two[2]"),
        ("tests/test_some.py::test_left_out", Outcome.NOT_RUN, "no such machine"),
        ("tests/test_some.py::test_on_it", Outcome.FAILED, "no ground"),
        ("tests/test_some.py", Outcome.FAILED, "no ground"),
        ("tests/test_some.py::test_goo", Outcome.NOT_RUN, "it said nothing"),
    ],
)
def test_a_node_is_what_all_its_cases_are(cases: dict[str, Result], node: str, outcome: Outcome, message: str) -> None:
    result = node_result(node, cases, "it said nothing")
    assert result.outcome is outcome
    assert message in result.message


def test_a_real_test_of_ours_is_run_and_a_node_that_is_none_ends_as_not_run() -> None:
    node = "tests/unit/functions/test_notices.py::test_occurred_at_is_utc_wherever_the_clock_stands"
    said: list[str] = []
    assert runs.run_pytest([node], said.append)[node].outcome is Outcome.PASSED
    assert said == ["pytest, tests/unit/functions/test_notices.py: 1 passed"]
    gone = runs.run_pytest([node, f"{node}_on_the_moon"], said.append)
    assert {result.outcome for result in gone.values()} == {Outcome.NOT_RUN}
    assert "not found" in gone[node].message


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("pass", Outcome.PASSED),
        ("fail", Outcome.FAILED),
        ("error", Outcome.FAILED),
        ("skip", Outcome.NOT_RUN),
        ("pending", Outcome.FAILED),
        (None, Outcome.NOT_RUN),
    ],
)
def test_a_run_of_terraform_passes_only_if_it_says_so(status: str | None, outcome: Outcome) -> None:
    ended = {} if status is None else {"it_holds": status}
    result = run_result("it_holds", FolderOutcome(Path(), 1, 0, 1.0, "what Terraform said", ended))
    assert result.outcome is outcome
    assert outcome is Outcome.PASSED or "what Terraform said" in result.message


def test_terraform_tests_name_their_runs() -> None:
    said: list[str] = []
    names = ["modules/handoff::refuses_what_is_no_object", "modules/handoff::there_is_none"]
    results = runs.run_terraform(names, said.append)
    assert [results[name].outcome for name in names] == [Outcome.PASSED, Outcome.NOT_RUN]
    assert said == ["terraform test, modules/handoff: 5 passed, 0 failed"]


def test_a_make_target_is_its_exit_code() -> None:
    results = runs.run_make(["help", "no-such-target"], lambda _: None)
    assert results["help"].outcome is Outcome.PASSED
    assert results["no-such-target"].outcome is Outcome.FAILED
    assert "no-such-target" in results["no-such-target"].message


PLAN = {
    "timestamp": "2026-11-27T00:00:00Z",
    "planned_values": {
        "root_module": {
            "resources": [{"mode": "managed", "address": "aws_kms_key.this"}, {"mode": "data", "address": "data.x.y"}],
            "child_modules": [
                {
                    "resources": [
                        {"mode": "managed", "address": 'module.keys["a"].aws_kms_key.this["x.y"]'},
                        {"mode": "managed", "address": 'module.keys["b"].aws_kms_key.this[0]'},
                    ],
                    "child_modules": [
                        {"resources": [{"mode": "managed", "address": "module.keys.module.in.aws_s3_bucket.this"}]}
                    ],
                }
            ],
        }
    },
}


def test_a_plan_is_counted_by_address_without_instance_keys() -> None:
    planned = runs.planned_addresses(PLAN)
    assert runs.count_instances("module.keys.aws_kms_key.this", planned) == 2
    assert runs.count_instances("aws_kms_key.this", planned) == 1
    assert runs.count_instances("module.keys", planned) == 3
    assert runs.count_instances("module.keys.module.in", planned) == 1
    assert runs.count_instances("data.x.y", planned) == 0
    assert runs.count_instances("aws_kms_key.that", planned) == 0


def test_the_digest_of_a_plan_is_that_of_what_it_plans() -> None:
    later = {key: PLAN[key] for key in reversed(PLAN)} | {"timestamp": "2027-01-01T00:00:00Z"}
    assert runs.digest(later) == runs.digest(PLAN)
    modules = [{"address": "module.a", "resources": []}, {"address": "module.b", "resources": []}]
    one, other = ({"child_modules": each, "relevant_attributes": each} for each in (modules, modules[::-1]))
    assert runs.digest(one) == runs.digest(other)
    assert runs.digest({"rules": [1, 2]}) != runs.digest({"rules": [2, 1]})
    assert runs.digest(PLAN | {"applyable": True}) != runs.digest(PLAN)
    assert len(runs.digest(PLAN)) == 64


def test_long_messages_keep_their_end() -> None:
    short = runs.shorten("x" * 10_000 + "the point")
    assert short.endswith("the point")
    assert len(short) < 5_000


def test_messages_do_not_name_the_folder_of_this_machine() -> None:
    assert runs.shorten(f"{REPOSITORY}/modules/keys is wrong") == "modules/keys is wrong"
