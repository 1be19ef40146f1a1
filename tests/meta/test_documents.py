"""Documents name what there is: commands, links, headings, decisions, runbooks."""

import re
from pathlib import Path

import pytest
import yaml

from scripts.test_all import RINGS
from tests.meta.markdown import REPOSITORY, anchors, broken, code_blocks, documents, links, name, targets

MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.M))
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
COMMANDS = (REPOSITORY / "docs" / "commands.md").read_text(encoding="utf-8")
RUNBOOKS = REPOSITORY / "docs" / "runbooks"


def read(document: Path) -> str:
    return document.read_text(encoding="utf-8")


@pytest.mark.parametrize("document", documents(), ids=name)
def test_every_command_it_names_exists(document: Path) -> None:
    assert targets(read(document)) <= TARGETS


@pytest.mark.parametrize("document", documents(), ids=name)
def test_every_link_leads_somewhere(document: Path) -> None:
    assert not list(broken(document, read(document)))


def test_what_is_wrong_is_found() -> None:
    links = "# One\n\n[a](#two) [b](none.md) [c](README.md#no-such) ![d](#one)\n"
    text = links + "\n```\nENV=x make nothing # make no\n```\n`make none A=1`\n```text\nmake it so\n```\n"
    assert list(broken(REPOSITORY / "README.md", text)) == [
        "#two: no such heading",
        "none.md: no such file",
        "README.md#no-such: no such heading",
    ]
    assert targets(text) == {"nothing", "none"}
    assert anchors("# A `b` c-d, e\n# A\n# A\n") == {"a-b-c-d-e", "a", "a-1"}


# What CI runs, and what it says of the rest.


def prerequisites(names: set[str]) -> set[str]:
    """``names`` and all that make runs before them."""
    rules = dict(re.findall(r"^([a-z][a-z-]*):([^#\n]*)", MAKEFILE, re.M))
    found: set[str] = set()
    waiting = set(names)
    while waiting:
        target = waiting.pop()
        found.add(target)
        waiting |= (set(re.findall(r"[a-z][a-z-]*", rules.get(target, ""))) & TARGETS) - found
    return found


def run_by_ci() -> set[str]:
    """The targets of .ci/run, of the rings of ``make test``, of the workflows, and what tests here type."""
    typed = read(REPOSITORY / ".ci" / "run")
    # plan.yml runs where a repository has an account and a role, so not everywhere.
    workflows = "".join(
        read(path) for path in (REPOSITORY / ".github" / "workflows").glob("*.yml") if path.name != "plan.yml"
    )
    named = set(re.findall(r"^make ([a-z-]+)", typed, re.M)) | set(re.findall(r"\brun: make ([a-z-]+)", workflows))
    assert named <= TARGETS
    tests = "".join(read(path) for path in (REPOSITORY / "tests" / "meta").glob("*.py"))
    named |= set(re.findall(r'\["make", "([a-z-]+)"\]', tests))
    return prerequisites(named | (set(RINGS) if "test" in named else set()))


def table() -> dict[str, str]:
    """Target -> what the last column of docs/commands.md says of it."""
    rows = [line for line in COMMANDS.splitlines() if line.startswith("| `make ")]
    named = [
        (re.findall(r"`make ([a-z][a-z-]*)", row.split(" | ")[0]), row.rstrip(" |").rsplit(" | ", 1)[1]) for row in rows
    ]
    found = [(target, said) for names, said in named for target in names]
    assert len(found) == len(dict(found)), "a command stands twice"
    return dict(found)


TABLE = table()


def test_the_table_of_commands_is_whole() -> None:
    assert set(TABLE) == TARGETS


@pytest.mark.parametrize("target", sorted(TABLE))
def test_what_the_table_says_of_ci_is_true(target: str) -> None:
    """``yes``; or the test that runs its program; or no, and why."""
    said = TABLE[target]
    if said == "yes":
        assert target in run_by_ci()
        return
    assert target not in run_by_ci(), "it runs in CI"
    if said.startswith("no: "):
        assert len(said) > len("no: ") + 15, "no, because ...?"
        return
    rule = re.search(rf"^{target}:.*\n(?:\t.*\n)+", MAKEFILE, re.M)
    assert rule
    program = re.search(r"-m (\w+)(?:\.(\w+))?", rule[0])
    paths = re.findall(r"`(tests/\S+?)`", said)
    assert program
    assert paths
    for path in paths:
        test = REPOSITORY / path
        text = "".join(map(read, test.rglob("*.py"))) if test.is_dir() else read(test)
        part = rf"(\.|/| import .*\b){program[2]}\b" if program[2] else r"\b"
        assert re.search(rf"\b{program[1]}{part}", text), f"{path} does not run {program[0]}"


def readme_commands() -> list[str]:
    return [line for block in code_blocks(README) for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("line", readme_commands())
def test_every_command_of_the_readme_runs_in_ci_or_says_why_not(line: str) -> None:
    """What CI neither runs nor tests is marked on its line: ``# ... (not in CI: why)``."""
    why = re.search(r"#.*\(not in CI: (.{15,})\)", line)
    if not line.startswith("make "):
        path = re.search(r"#.*\(in CI: (tests/\S+)\)", line)
        assert why or (path and (REPOSITORY / path[1]).exists())
        return
    target = line.split()[1]
    assert bool(why) == TABLE[target].startswith("no: ")


def test_a_newcomer_finds_the_way_in_on_one_screen() -> None:
    lines = README.splitlines()
    screen = "\n".join(lines[:45])
    assert all(len(line) <= 400 for line in lines)
    for reader, way in (
        ("platform engineer", "docs/walk-through.md"),
        ("researcher", "pipelines/sequencing/README.md"),
        ("auditor", "docs/controls.yaml"),
    ):
        row = next(line for line in screen.splitlines() if reader in line and line.startswith("|"))
        assert way in row


# Indexes are whole.


@pytest.mark.parametrize(
    ("index", "pattern"),
    [("docs/adr/README.md", "*.md"), ("docs/runbooks/README.md", "*.md"), ("docs/README.md", "*.md")],
)
def test_index_lists_every_page_beside_it(index: str, pattern: str) -> None:
    page = REPOSITORY / index
    expected = {path.name for path in page.parent.glob(pattern)} - {"README.md"}
    assert expected - set(links(read(page))) == set()


def test_decisions_are_numbered_dated_and_have_a_status() -> None:
    decisions = sorted(path for path in (REPOSITORY / "docs" / "adr").glob("*.md") if path.name != "README.md")
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        text = read(path)
        assert text.startswith(f"# {int(path.name[:4])}. "), name(path)
        assert re.search(r"^Date: \d{4}-\d\d-\d\d\. Status: (accepted|proposed|replaced by \S+)", text, re.M), name(
            path
        )


def runbooks_named() -> dict[str, set[str]]:
    """Runbook -> the sources that name it: catalogue, Terraform, functions, commands, kubernetes."""
    found: dict[str, set[str]] = {}
    for folder in ("catalog", "modules", "terraform", "lambda_src", "scripts"):
        for path in (REPOSITORY / folder).rglob("*"):
            if path.suffix not in {".tf", ".yaml", ".py"} or "tests" in path.parts or ".terraform" in path.parts:
                continue
            for runbook in re.findall(r"docs/runbooks/([\w-]+\.md)", read(path)):
                found.setdefault(runbook, set()).add(name(path))
    return found


def functions() -> set[str]:
    """The runbooks of functions: modules/function makes the path from the package's name."""
    packages = (REPOSITORY / "lambda_src").glob("*/handler.py")
    return {f"{path.parent.name.replace('_', '-')}.md" for path in packages}


def test_every_runbook_that_is_named_exists() -> None:
    named = runbooks_named()
    assert len(named) > 10
    assert not {runbook: by for runbook, by in named.items() if not (RUNBOOKS / runbook).exists()}


def test_every_alarm_names_its_runbook() -> None:
    alarms = yaml.safe_load(read(REPOSITORY / "catalog" / "alarms.yaml"))
    entries = [
        (key, entry)
        for section in alarms.values()
        if isinstance(section, dict)
        for key, entry in section.items()
        if isinstance(entry, dict) and "severity" in entry
    ]
    assert entries
    assert not [key for key, entry in entries if not (REPOSITORY / entry.get("runbook", "none")).is_file()]
    template = read(REPOSITORY / "modules" / "function" / "locals.tf")
    assert re.search(r"runbook\s+= .*docs/runbooks/", template)
    for path in (REPOSITORY / "modules").glob("*/**/*.tf"):
        for described in re.findall(r"alarm_description\s+= (.*)", read(path)):
            # On several lines, or another alarm's.
            elsewhere = described.startswith("join(") or described.endswith(".alarm_description")
            assert "Runbook: ${" in described or elsewhere, f"{name(path)}: {described}"


def alarms_of_functions() -> dict[str, set[str]]:
    """Function -> how the names of its alarms end (modules/function)."""
    heartbeats = yaml.safe_load(read(REPOSITORY / "catalog" / "alarms.yaml"))["functions"]["heartbeat_hours"]
    found = {}
    for path in (REPOSITORY / "lambda_src").glob("*/handler.py"):
        function = path.parent.name
        module = read(REPOSITORY / "modules" / "automation" / f"{function}.tf")
        metrics = re.search(r"failure_metrics\s*=\s*\{(.*?)\n  \}", module, re.S)
        assert metrics, function
        names = {"errors", "throttles", "dead-letters", *re.findall(r"^\s+(\w+)\s*=", metrics[1], re.M)}
        found[function] = names | ({"heartbeat"} if function in heartbeats else set())
    return found


def test_every_alarm_is_in_the_table_of_its_runbook() -> None:
    """Who is woken finds the alarm by its name."""
    alarms = yaml.safe_load(read(REPOSITORY / "catalog" / "alarms.yaml"))
    named = [
        (name, each["runbook"])
        for part in ("alarms", "composites")
        for name, each in alarms[part].items()
        if not each.get("silent")
    ]
    objectives = yaml.safe_load(read(REPOSITORY / "catalog" / "slos.yaml"))["slos"]
    named += [(f"slo-{name}", each["runbook"]) for name, each in objectives.items()]
    for function, endings in alarms_of_functions().items():
        named += [(f"-{ending}", f"docs/runbooks/{function.replace('_', '-')}.md") for ending in endings]
    assert len(named) > 70
    assert not [f"{runbook}: {alarm}" for alarm, runbook in named if alarm not in read(REPOSITORY / runbook)]


def test_every_runbook_is_named_by_what_leads_to_it() -> None:
    """By an alarm, a notice or a command; or, as a step of another, by a runbook. The index alone does not count."""
    known = set(runbooks_named()) | functions() | {Path(link).name for link in links(COMMANDS) if "runbooks/" in link}
    pages = [page for page in RUNBOOKS.glob("*.md") if page.name != "README.md"]
    steps = {page: set(links(read(page))) for page in pages}
    unnamed = [
        page.name
        for page in pages
        if page.name not in known.union(*(linked for other, linked in steps.items() if other != page))
    ]
    assert not unnamed


def test_tear_down_names_every_root_that_is_protected() -> None:
    protected = {
        path.parent.name
        for path in (REPOSITORY / "terraform").glob("*/*.tf")
        if re.search(r"deletion_protection\s*= var\.deletion_protection", read(path))
    }
    assert len(protected) > 4
    assert not [root for root in protected if root not in read(RUNBOOKS / "tear-down.md")]
