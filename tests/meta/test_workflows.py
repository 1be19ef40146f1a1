"""Workflows run what is named by its commit, with no rights but to read, and type the targets of .ci/run."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
WORKFLOWS = sorted(path for path in (REPOSITORY / ".github").rglob("*.y*ml"))
# A key `uses`, as it stands in a list or in a mapping, in either style; comments are not keys.
USES = re.compile(r"""^[^#\n]*?(?:^|[\s{,-])["']?uses["']?\s*:\s*(?P<rest>.*)$""", re.M)
# An action or a reusable workflow of a repository at a commit, and its version for people and for updates.
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+){0,2}")
# An action of this repository is of its own commit.
OWN = re.compile(r"\./[\w./-]+")


def unpinned(text: str) -> list[str]:
    """What follows each `uses:` that does not name a commit and a version."""
    rests = [match["rest"].strip() for match in USES.finditer(text)]
    return [rest for rest in rests if not (PINNED.fullmatch(rest) or OWN.fullmatch(rest))]


def values_of(key: str, node: Any) -> Iterator[Any]:
    """The values of a key anywhere in a document."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            yield from values_of(key, value)
    elif isinstance(node, list):
        for each in node:
            yield from values_of(key, each)


def load(path: Path) -> dict[Any, Any]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def test_there_are_workflows() -> None:
    assert WORKFLOWS


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit(workflow: Path) -> None:
    text = workflow.read_text(encoding="utf-8")
    assert not unpinned(text)
    # As many as YAML knows of: none is written in a way the expression above does not see.
    assert len(USES.findall(text)) == len(list(values_of("uses", load(workflow))))


@pytest.mark.parametrize(
    "line",
    [
        "- uses: actions/checkout@v4",
        "- uses: actions/checkout@main # v4.2.2",
        "- uses: actions/checkout",
        "- uses: actions/checkout@11bd719 # v4.2.2",
        "- uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683",
        "  uses: docker://alpine:3.20",
        "- {uses: actions/checkout@v4}",
        '- "uses": "actions/checkout@v4"',
    ],
)
def test_what_is_not_pinned_is_refused(line: str) -> None:
    assert unpinned(f"steps:\n  {line}\n")


@pytest.mark.parametrize(
    "line",
    [
        "- uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2",
        "  uses: owner/repository/.github/workflows/build.yml@11bd71901bbe5b1630ceea73d27597364c9af683 # v1",
        "- uses: ./.github/actions/setup",
        "# uses: actions/checkout@v4",
    ],
)
def test_what_is_pinned_passes(line: str) -> None:
    assert not unpinned(f"steps:\n  {line}\n")


# What a job takes beside reading the repository: a token to exchange at AWS, a place for findings.
MORE = {"plan.yml": {"id-token": "write"}, "code-scanning.yml": {"security-events": "write"}}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read(workflow: Path) -> None:
    document = load(workflow)
    assert document["permissions"] == {"contents": "read"}
    more = [{"contents": "read"} | MORE[workflow.name]] if workflow.name in MORE else []
    assert list(values_of("permissions", document)) == [{"contents": "read"}, *more], "no job takes more"
    assert "secrets." not in workflow.read_text(encoding="utf-8")


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_step_is_one_make_target(workflow: Path) -> None:
    steps = list(values_of("run", load(workflow)))
    assert steps
    target = re.compile(r"make [a-z-]+( [A-Z]+=(\w+|\$\{\{ (vars\.[A-Z_]+|github\.run_number) \}\}))*")
    assert [step for step in steps if not target.fullmatch(step)] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_no_workflow_runs_a_stranger_s_code_with_rights(workflow: Path) -> None:
    """`pull_request_target` and `workflow_run` run with the rights of the repository, on what a fork sends."""
    assert not {"pull_request_target", "workflow_run"} & set(load(workflow)[True])


def test_the_plan_waits_for_the_reviewers_that_its_role_asks_for() -> None:
    """The environment of the job is the one in the trust of modules/planning-role."""
    job = load(REPOSITORY / ".github" / "workflows" / "plan.yml")["jobs"]["plan"]
    variables = (REPOSITORY / "modules" / "planning-role" / "variables.tf").read_text(encoding="utf-8")
    assert re.search(rf'variable "github_environment" {{.*?default     = "{job["environment"]}"', variables, re.S)
    assert "head.repo.full_name == github.repository" in job["if"]


def test_ci_types_the_targets_of_ci_run_in_their_order() -> None:
    text = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    together, *typed = re.findall(r"^ *(make [^|\n]*?)(?: \|\|.*)?$", text, re.M)
    document = load(REPOSITORY / ".github" / "workflows" / "ci.yml")
    assert together == "make setup functions tools", "what both halves need, which each job makes for itself"
    assert len(typed) > 5
    assert list(values_of("run", document)) == typed
    # YAML 1.1 reads the key `on` as true.
    assert set(document[True]) == {"push", "pull_request"}


def test_every_hook_is_a_program_of_this_repository() -> None:
    """Nothing is fetched for a commit, and a hook checks what `make lint` or a test checks, too."""
    (own,) = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert own["repo"] == "local"
    lint = (REPOSITORY / "scripts" / "lint.py").read_text(encoding="utf-8")
    for hook in own["hooks"]:
        assert hook["language"] == "system"
        program, *arguments = hook["entry"].split()
        assert program == "terraform" or (REPOSITORY / program).exists(), hook["id"]
        if arguments[:2] == ["-m", "pytest"]:
            assert (REPOSITORY / arguments[-1]).exists()
        else:
            known = arguments[1] if arguments[:1] == ["-m"] else Path(program).name
            assert f'"{known}"' in lint or known == "terraform", hook["id"]
        assert {"files", "types", "types_or"} & set(hook), "a hook that looks at everything is not fast"
