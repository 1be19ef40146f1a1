"""A function from the template, made in a copy of the repository, passes the checks that the functions here pass."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
import yaml

from scripts.new_function.__main__ import PLACES, check, written
from scripts.paths import REPOSITORY
from scripts.talk import UserError

NAME = "quota_watcher"
DESCRIPTION = "Tells when a directory is nearly full"
LINKED = (".venv", ".venvs")
ACTIONS = "test_every_action_declared_is_called_and_every_action_called_is_declared"


def run(copy: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git knows of the repository, or would, with the new function in it."""
    folder = tmp_path_factory.mktemp("repository")
    listed = run(REPOSITORY, "git", "ls-files", "--cached", "--others", "--exclude-standard")
    for name in listed.stdout.splitlines():
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, folder / name)
    for name in LINKED:
        (folder / name).symlink_to(REPOSITORY / name)
    run(folder, "git", "init", "--quiet")
    # As `make new-function` calls it.
    made = run(folder, ".venv/bin/python", "-m", "scripts.new_function", NAME, "--description", DESCRIPTION)
    assert made.returncode == 0, made.stderr
    assert f"new     lambda_src/{NAME}/domain.py" in made.stdout
    return folder


def test_its_own_tests_and_those_of_every_function_pass(copy: Path) -> None:
    """Its units, its handler on moto, the calls it makes against those it declares, the house's rules, the role and the
    settings that Terraform gives it, and the documents."""
    tests = (
        f"tests/unit/functions/test_{NAME}.py",
        f"tests/functional/functions/test_{NAME}.py",
        f"tests/functional/functions/test_actions_called.py::{ACTIONS}[{NAME}]",
        "tests/unit/functions/test_permissions.py",
        "tests/meta/test_functions_house.py",
        "tests/meta/test_function_permissions.py",
        "tests/meta/test_documents.py",
        "tests/meta/test_architecture.py",
    )
    done = run(copy, ".venv/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "skipped" not in done.stdout.splitlines()[-1]


def test_the_fast_static_checks_pass(copy: Path) -> None:
    """mypy, which `make lint` adds, takes half a minute of CPU in a tree that it has not seen before."""
    new = [path for path in written(NAME) if path.endswith(".py")]
    for command in (
        (".venv/bin/python", "-m", "ruff", "check", *new),
        (".venv/bin/python", "-m", "ruff", "format", "--check", *new),
        (".venv/bin/python", "-m", "scripts.check_catalog"),
        ("terraform", "fmt", "-check", "-recursive", "modules"),
    ):
        done = run(copy, *command)
        assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"


def test_its_archive_is_built(copy: Path) -> None:
    done = run(copy, ".venv/bin/python", "-m", "scripts.build_functions")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(copy / "dist" / "functions" / f"{NAME}.zip") as archive:
        assert f"{NAME}/handler.py" in archive.namelist()


def test_it_is_in_every_list(copy: Path) -> None:
    for place in PLACES:
        text = (copy / place.path).read_text(encoding="utf-8")
        assert NAME in text or NAME.replace("_", "-") in text, place.path
    heartbeats = yaml.safe_load((copy / "catalog" / "alarms.yaml").read_text())["functions"]["heartbeat_hours"]
    assert heartbeats[NAME] == 49


def test_no_terraform_test_counts_functions() -> None:
    """The roots' own tests are not run in the copy, and must hold with one function more."""
    tests = [path for folder in ("modules", "terraform") for path in (REPOSITORY / folder).glob("*/tests/*.tftest.hcl")]
    assert len(tests) > 20
    counting = re.compile(r"length\([^\n]*(?:function_arns|schedule_states)\) == \d")
    assert not [path for path in tests if counting.search(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("name", ["", "watcher", "Quota_Watcher", "quota-watcher", "quota_" * 6 + "watcher"])
def test_refuses_what_cannot_be_a_name(name: str) -> None:
    with pytest.raises(UserError, match=r"name of a function|characters"):
        check(name, DESCRIPTION)


@pytest.mark.parametrize("name", ["transfer_starter", "aws_lambda_powertools"])
def test_refuses_a_name_that_is_taken(name: str) -> None:
    with pytest.raises(UserError, match="is taken"):
        check(name, DESCRIPTION)


@pytest.mark.parametrize(
    "description", ["short", "Ends with a full stop.", 'Says "so" to people', "takes no capital letter"]
)
def test_refuses_what_does_not_describe(description: str) -> None:
    with pytest.raises(UserError, match="does not describe"):
        check(NAME, description)
