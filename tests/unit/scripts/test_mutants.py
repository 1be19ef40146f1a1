"""The runner of mutants on a repository of three files and checks of one line."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.mutants import (
    Judge,
    Killer,
    Mutant,
    Verdict,
    conclude,
    killers,
    load_mutants,
    run,
    select,
    share_of,
    users,
)
from scripts.talk import UserError

SOURCE = 'versioned = true\ncolour = "blue"\n'
FAULT = Mutant("unversioned", "backup", "It keeps nothing.", "modules/bucket/main.tf", "versioned = true", "")
HARMLESS = Mutant("green", "backup", "It is green.", "modules/bucket/main.tf", '"blue"', '"green"')


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    for name, text in {
        "modules/bucket/main.tf": SOURCE,
        "modules/lake/main.tf": 'module "bucket" {\n  source = "../bucket"\n}\n',
        "terraform/20-storage/main.tf": 'module "lake" {\n  source = "../../modules/lake"\n}\n',
    }.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text)
    return folder


def looks_for(word: str, telling: str = r"^missing: .*$") -> Killer:
    """A check that fails and says so if a word is not in the bucket's file."""
    program = (
        f"import sys; found = {word!r} in open('modules/bucket/main.tf').read();"
        f" print('' if found else 'a line before\\nmissing: ' + {word!r}); sys.exit(not found)"
    )
    return Killer(f"looks for {word}", (sys.executable, "-c", program), telling)


@pytest.fixture
def judge(repository: Path, tmp_path: Path) -> Callable[..., Judge]:
    def make(*checks: Killer) -> Judge:
        def killers_of(mutant: Mutant) -> Iterator[Killer]:
            return iter(checks)

        (tmp_path / "work").mkdir()
        return Judge(repository, tmp_path / "work", killers_of)

    return make


def test_a_fault_is_killed_by_the_check_that_notices_it(judge: Callable[..., Judge], repository: Path) -> None:
    verdict = judge(looks_for("colour"), looks_for("versioned")).judge(FAULT)
    assert (verdict.outcome, verdict.killer) == ("killed", "looks for versioned")
    assert verdict.counterexample == ["missing: versioned"]
    assert (repository / FAULT.file).read_text() == SOURCE, "the repository itself is not touched"


def test_the_first_check_that_fails_is_the_last_that_runs(judge: Callable[..., Judge], tmp_path: Path) -> None:
    trace = Killer("traces", (sys.executable, "-c", f"open({str(tmp_path / 'ran')!r}, 'w')"), "")
    assert judge(looks_for("versioned"), trace).judge(FAULT).killer == "looks for versioned"
    assert not (tmp_path / "ran").exists()


def test_what_no_check_notices_survives(judge: Callable[..., Judge]) -> None:
    assert judge(looks_for("versioned")).judge(HARMLESS).outcome == "survived"


def test_a_check_that_fails_anyway_kills_nothing(judge: Callable[..., Judge]) -> None:
    verdict = judge(looks_for("replicated")).judge(FAULT)
    assert (verdict.outcome, verdict.killer) == ("broken", None)
    assert verdict.problem
    assert "looks for replicated fails on the unchanged tree as well" in verdict.problem


def test_a_check_that_does_not_say_what_is_wrong_kills_nothing(judge: Callable[..., Judge]) -> None:
    verdict = judge(looks_for("versioned", telling=r"^because .*$")).judge(FAULT)
    assert verdict.outcome == "broken"
    assert verdict.problem
    assert "does not say why: a line before" in verdict.problem


@pytest.mark.parametrize(("old", "count"), [("not there", 0), ("e", 4)])
def test_text_that_does_not_stand_there_once_is_an_error(judge: Callable[..., Judge], old: str, count: int) -> None:
    verdict = judge(looks_for("versioned")).judge(Mutant("x", "backup", "?", FAULT.file, old, ""))
    assert verdict.outcome == "broken"
    assert verdict.problem
    assert f"occurs {count} times in modules/bucket/main.tf instead of once" in verdict.problem


def test_the_unchanged_tree_is_asked_once(judge: Callable[..., Judge], tmp_path: Path) -> None:
    program = (
        f"open({str(tmp_path / 'runs')!r}, 'a').write('.'); import sys;"
        " good = 'versioned' in open('modules/bucket/main.tf').read(); print('bad'); sys.exit(not good)"
    )
    court = judge(Killer("counts", (sys.executable, "-c", program), "bad"))
    assert [court.judge(FAULT).outcome for _ in range(2)] == ["killed", "killed"]
    assert (tmp_path / "runs").read_text() == "..."


def test_survivors_are_named_and_fail_the_run(
    judge: Callable[..., Judge], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    court = judge(looks_for("versioned"))
    verdicts = run([FAULT, HARMLESS], court.judge)
    report = tmp_path / "report.json"
    assert conclude(verdicts, 1.0, report) == 1
    written = json.loads(report.read_text())
    assert written["outcomes"] == {"killed": 1, "survived": 1}
    assert {each["mutant"]["id"]: each["killer"] for each in written["mutants"]} == {
        "unversioned": "looks for versioned",
        "green": None,
    }
    assert "mutants: 1 of 2 killed" in capsys.readouterr().out


def test_a_run_that_is_interrupted_judges_no_further() -> None:
    judged = []

    def interrupted(mutant: Mutant) -> Verdict:
        judged.append(mutant)
        time.sleep(0.05)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run([FAULT] * 40, interrupted)
    assert len(judged) < 40


def test_a_run_without_survivors_passes(tmp_path: Path) -> None:
    assert conclude([Verdict(FAULT, killer="some check")], 1.0, tmp_path / "report.json") == 0


def test_users_of_a_module_are_found_through_other_modules(repository: Path) -> None:
    assert users("modules/bucket", repository) == ["modules/lake", "terraform/20-storage"]
    assert users("terraform/20-storage", repository) == []


def test_checks_run_from_the_cheapest_to_the_dearest(repository: Path) -> None:
    assert [killer.name for killer in killers(FAULT, repository, "")] == [
        "terraform test of modules/bucket",
        "rules of the house",
        "checkov on modules/bucket",
        "terraform test of modules/lake",
        "terraform test of terraform/20-storage",
        "checkov on the plan of terraform/20-storage",
    ]
    root = Mutant("r", "backup", "?", "terraform/20-storage/main.tf", "", "")
    assert [killer.name for killer in killers(root, repository, "")] == [
        "rules of the house",
        "checkov on terraform/20-storage",
        "terraform test of terraform/20-storage",
        "checkov on the plan of terraform/20-storage",
    ]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ('[{id: a, area: keys, wrong: "?", file: f, old: o}]', "a mutant has id, area, wrong, file, old and new"),
        ('[{id: a, area: attic, wrong: "?", file: f, old: o, new: n}]', "the area of a is none of access, "),
        (
            "[" + 2 * '{id: a, area: keys, wrong: "?", file: f, old: o, new: n},' + "]",
            "more than one mutant is called a",
        ),
    ],
)
def test_a_corpus_with_a_mistake_is_refused(tmp_path: Path, entries: str, message: str) -> None:
    (tmp_path / "mutants.yaml").write_text(f"mutants: {entries}\n")
    with pytest.raises(UserError, match=message):
        load_mutants(tmp_path / "mutants.yaml")


def test_commits_share_the_faults_among_them() -> None:
    faults = [Mutant(str(number), "keys", "?", "f", "", "") for number in range(10)]
    thirds = [share_of(faults, 3, f"{number:08x}0123") for number in range(3)]
    assert sorted(len(each) for each in thirds) == [3, 3, 4]
    assert {each.id for third in thirds for each in third} == {each.id for each in faults}
    with pytest.raises(UserError, match="SHARE=0 is no share"):
        share_of(faults, 0, "00000000")


def test_mutants_are_chosen_by_area_and_by_name() -> None:
    other = Mutant("other", "keys", "?", "f", "", "")
    assert select([FAULT, HARMLESS, other], "keys", "") == [other]
    assert select([FAULT, HARMLESS, other], "", "green") == [HARMLESS]
    with pytest.raises(UserError, match="no mutant has AREA=keys MUTANT=green"):
        select([FAULT, HARMLESS, other], "keys", "green")
