"""What is missing on a machine is named, with what to do about it, and nothing is half-done."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.config import Config

from scripts.infrastructure import mirror, terraform
from scripts.infrastructure.environments import load_environment
from scripts.infrastructure.terraform import TerraformRoot, find_terraform
from scripts.infrastructure.workspace import Workspace
from scripts.localcloud import LocalCloud, local_cloud
from scripts.talk import UserError

REPOSITORY = Path(__file__).parents[3]
SETUP = REPOSITORY / "scripts" / "setup.sh"


def stand_in(folder: Path, name: str, text: str) -> Path:
    """A program called ``name`` that runs ``text``."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_python_of_another_version_is_named(tmp_path: Path) -> None:
    wrong = stand_in(tmp_path, "python-wrong", 'case "$1" in --version) echo Python 3.11.7;; *) exit 1;; esac')
    done = subprocess.run(
        [str(SETUP), "project"],
        env={**os.environ, "KOSHA_PYTHON": str(wrong)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "is not Python 3.13 (Python 3.11.7); name one that is, or unset it" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_environment_of_the_lock_is_refused() -> None:
    done = subprocess.run([str(SETUP), "everything"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "usage: scripts/setup.sh project|policy|reports|localcloud" in done.stderr


def test_missing_terraform_is_named_with_where_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("KOSHA_TERRAFORM", raising=False)
    with pytest.raises(UserError, match=r"Terraform 1\.11 or newer is needed and was not found; install it from https"):
        find_terraform()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ('echo \'{"terraform_version": "1.5.7"}\'', r"is Terraform 1\.5\.7; 1\.11 or newer is needed"),
        ("echo hello", r"does not answer 'version -json'"),
    ],
    ids=["old", "something else"],
)
def test_an_unfit_terraform_is_named(
    answer: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KOSHA_TERRAFORM", str(stand_in(tmp_path, "terraform", answer)))
    with pytest.raises(UserError, match=message):
        find_terraform()


def test_without_mirror_and_registry_both_ways_out_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(mirror.VARIABLE, raising=False)
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "absent"))
    monkeypatch.setattr(mirror, "standard_places", list)
    monkeypatch.setattr(terraform, "BUILD", tmp_path)
    # Nothing listens on this port: the registry cannot be reached, on any machine.
    for variable in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(REPOSITORY / "modules" / "network" / "versions.tf", root)
    workspace = Workspace("10-foundation", root, tmp_path / "data", tmp_path / "plan", None, {})
    with pytest.raises(UserError, match=r"no AWS provider: no mirror was found.*KOSHA_TERRAFORM_MIRROR"):
        TerraformRoot(load_environment("local"), workspace).init()


def test_a_port_that_is_no_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOSHA_LOCALCLOUD_PORT", "http")
    with pytest.raises(UserError, match="KOSHA_LOCALCLOUD_PORT=http is not a port number"):
        local_cloud()


def test_a_local_cloud_that_does_not_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no local cloud answers on http://127\.0\.0\.1:9; start it with: make up"):
        LocalCloud(9, tmp_path).instance_id()


def test_a_program_stops_with_one_message_and_no_trace() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.infrastructure", "plan", "--env", "staging"],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("error: there is no environment 'staging'")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "program", ["leftovers", "infrastructure plan", "sample_handoffs", "dead_letters list --env local"]
)
def test_a_program_that_needs_the_local_cloud_says_so_in_one_line(program: str, tmp_path: Path) -> None:
    name, *arguments = program.split()
    done = subprocess.run(
        [sys.executable, "-m", f"scripts.{name}", *arguments],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
        env={**os.environ, "KOSHA_LOCALCLOUD_PORT": "9", "KOSHA_LOCALCLOUD_DIR": str(tmp_path / "cloud")},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip() == "error: no local cloud answers on http://127.0.0.1:9; start it with: make up"


def test_a_local_cloud_that_dies_in_the_middle_is_one_message(tmp_path: Path) -> None:
    cloud = LocalCloud(9, tmp_path)
    with pytest.raises(UserError, match=r"http://127\.0\.0\.1:9 stopped answering.*start again with the same command"):
        cloud.control("POST", "clock/advance", {"seconds": 1})
    with pytest.raises(UserError, match="stopped answering"), cloud.expected_to_answer():
        cloud.client("s3", "ap-south-1", Config(retries={"total_max_attempts": 1})).list_buckets()


def test_a_busy_port_is_one_message_and_a_failure(tmp_path: Path) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "scripts.cloud", "reset"],
            cwd=REPOSITORY, capture_output=True, text=True, check=False,
            env={**os.environ, "KOSHA_LOCALCLOUD_PORT": str(port), "KOSHA_LOCALCLOUD_DIR": str(tmp_path / "cloud")},
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip().count("\n") == 0
    assert f"port {port} on 127.0.0.1 is used by another program; choose another" in done.stderr
