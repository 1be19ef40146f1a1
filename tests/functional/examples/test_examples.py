"""The examples are accepted: by the wrapper, by the catalogue's rules, and by the roots whose values they set.

A root is planned with the example's values and with the answers that its own tests have for what it asks AWS.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import hcl2
import pytest

from scripts.check_catalog import DOCUMENTS
from scripts.check_catalog import main as check_catalog
from scripts.infrastructure import environments
from scripts.infrastructure.bootstrap import _bucket
from scripts.infrastructure.environments import BOOTSTRAP, RECOVERY, ROOTS, load_environment
from scripts.infrastructure.terraform import find_terraform
from scripts.paths import CATALOG, MODULES, REPOSITORY, TERRAFORM
from scripts.terraform_tests import environment as mocked

EXAMPLES = {"lab": REPOSITORY / "examples" / "smallest-site", "centre": REPOSITORY / "examples" / "full-pair"}
PLANNED = ("10-foundation", "20-storage", "30-cluster")


@pytest.fixture
def values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """terraform/environments after the copy that examples/README.md names."""
    for folder in EXAMPLES.values():
        for path in folder.glob("*.t*"):
            shutil.copy(path, tmp_path)
    monkeypatch.setattr(environments, "VALUES", tmp_path)
    return tmp_path


def declared(root: str) -> set[str]:
    text = "".join(path.read_text(encoding="utf-8") for path in (TERRAFORM / root).glob("*.tf"))
    return set(re.findall(r'^variable "(\w+)"', text, re.M))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_wrapper_takes_it(name: str, values: Path) -> None:
    environment = load_environment(name)
    assert environment.text("environment") == name
    assert environment.region != environment.recovery_region
    assert _bucket(environment) == f"{environment.prefix}-state-{environment.region}"
    with environment.backend_file(RECOVERY).open(encoding="utf-8") as file:
        assert f"{environment.prefix}-state-{environment.recovery_region}" in hcl2.load(file)["bucket"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_value_is_of_some_root(name: str, values: Path) -> None:
    known = {variable for root in (BOOTSTRAP, *ROOTS) for variable in declared(root)}
    assert set(load_environment(name).variables) - {"__comments__"} <= known


def test_the_smallest_site_s_catalogue_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(CATALOG, tmp_path / "catalog")
    changed = list((EXAMPLES["lab"] / "catalog").glob("*.yaml"))
    assert changed
    for path in changed:
        assert path.stem in DOCUMENTS
        shutil.copy(path, tmp_path / "catalog")
    monkeypatch.setattr("sys.argv", ["check_catalog", "--catalog", str(tmp_path / "catalog")])
    assert check_catalog() == 0


@pytest.mark.parametrize("root", PLANNED)
def test_a_root_can_be_planned_with_it(root: str, tmp_path: Path) -> None:
    for folder in (MODULES, CATALOG):
        (tmp_path / folder.name).symlink_to(folder, target_is_directory=True)
    copy = tmp_path / "terraform" / root
    (copy / "tests").mkdir(parents=True)
    for path in (TERRAFORM / root).glob("*.tf"):
        shutil.copy(path, copy)
    (tests,) = (TERRAFORM / root / "tests").glob("*.tftest.hcl")
    mocks = tests.read_text(encoding="utf-8").split('\nrun "')[0]
    parts = [re.sub(r"^variables \{\n.*?^\}\n", "", mocks, flags=re.M | re.S)]
    for name in EXAMPLES:
        values = (EXAMPLES[name] / f"{name}.tfvars").read_text(encoding="utf-8")
        parts.append(f'run "{name}" {{\n  command = plan\n  variables {{\n{values}  }}\n}}\n')
    (copy / "tests" / "examples.tftest.hcl").write_text("\n".join(parts), encoding="utf-8")
    terraform, given = find_terraform(), mocked(TERRAFORM / root)
    for command in (("init", "-backend=false", "-input=false"), ("test",)):
        done = subprocess.run(
            [terraform, *command, "-no-color"], cwd=copy, env=given, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert f"{len(EXAMPLES)} passed, 0 failed" in done.stdout
