"""scripts/install_tools.sh against stand-ins for apt: what it installs, and what it says where it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.paths import REPOSITORY

SCRIPT = REPOSITORY / "scripts" / "install_tools.sh"
NEEDED = ("bash", "cat", "cp", "dirname", "env", "ls", "mkdir", "mktemp", "rm", "touch")


@dataclass(frozen=True)
class Machine:
    """A PATH of its own with stand-ins; every call of them is a line of ``calls``."""

    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    def add(self, name: str, body: str = "") -> None:
        path = self.bin / name
        path.write_text(f'#!/bin/bash\necho "{name} $*" >>"{self.folder}/calls"\n{body}\n', encoding="utf-8")
        path.chmod(0o755)

    def packages(self, text: str) -> None:
        (self.folder / "packages.txt").write_text(text, encoding="utf-8")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": str(self.bin),
            "KOSHA_DEBIAN_PACKAGES": str(self.folder / "packages.txt"),
            "KOSHA_EXAMPLES": str(self.folder / "examples"),
        }
        return subprocess.run(
            [SCRIPT, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    @property
    def calls(self) -> str:
        path = self.folder / "calls"
        return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A Debian machine, as root, on which bwa is missing and apt can bring it."""
    made = Machine(tmp_path)
    made.bin.mkdir()
    for name in NEEDED:
        real = shutil.which(name)
        assert real
        (made.bin / name).symlink_to(real)
    made.packages("# a comment\n\ninstall bwa bwa\n")
    made.add("id", "echo 0")
    made.add("apt-cache")
    made.add("apt-get", f'case "$*" in *" install "*) cp -P "{made.bin}/id" "{made.bin}/bwa" ;; esac')
    return made


def test_does_nothing_when_all_is_there(machine: Machine) -> None:
    machine.add("bwa")
    done = machine.run()
    assert (done.returncode, done.stdout) == (0, "tools: all 1 packages are there\n")
    assert "apt" not in machine.calls


def test_installs_what_is_missing_without_fetching_package_lists_needlessly(machine: Machine) -> None:
    done = machine.run()
    assert done.returncode == 0, done.stderr
    assert "tools: installing bwa" in done.stdout
    assert "--no-install-recommends bwa" in machine.calls
    assert " update" not in machine.calls


def test_fetches_package_lists_when_apt_does_not_know_the_package(machine: Machine) -> None:
    machine.add("apt-cache", "exit 100")
    assert machine.run().returncode == 0
    assert machine.calls.index(" update") < machine.calls.index(" install ")


def test_tries_again_with_fresh_lists_when_the_installation_fails(machine: Machine) -> None:
    machine.add(
        "apt-get",
        f'case "$*" in\n*update*) touch "{machine.folder}/fresh" ;;\n'
        f'*" install "*) [[ -e "{machine.folder}/fresh" ]] || exit 100;'
        f' cp -P "{machine.bin}/id" "{machine.bin}/bwa" ;;\nesac',
    )
    assert machine.run().returncode == 0
    assert machine.calls.count(" install ") == 2


def test_unpacks_example_packages_without_installing_them(machine: Machine) -> None:
    machine.packages("unpack some-examples usr/share/some/reads.fq\n")
    machine.add("apt-get", "touch some-examples_1_all.deb")
    machine.add("dpkg-deb", 'mkdir -p "$3/usr/share/some"; echo reads >"$3/usr/share/some/reads.fq"')
    done = machine.run()
    assert done.returncode == 0, done.stderr
    assert (machine.folder / "examples/usr/share/some/reads.fq").read_text(encoding="utf-8") == "reads\n"
    assert [path.name for path in (machine.folder / "examples").iterdir()] == ["usr"]
    assert " install " not in machine.calls
    assert machine.run().stdout == "tools: all 1 packages are there\n"


def test_uses_sudo_when_it_is_not_root(machine: Machine) -> None:
    machine.add("id", "echo 1000")
    machine.add("sudo", '[[ $1 == -n ]] && exit 0; "$@"')
    assert machine.run().returncode == 0
    assert "sudo env DEBIAN_FRONTEND=noninteractive apt-get" in machine.calls


def test_names_what_is_missing_and_the_command_when_it_may_not_install(machine: Machine) -> None:
    machine.add("id", "echo 1000")
    done = machine.run()
    assert done.returncode == 1
    assert "missing: bwa" in done.stderr
    assert "apt-get install --no-install-recommends bwa" in done.stderr
    assert " install " not in machine.calls


def test_names_what_is_missing_on_a_machine_without_apt(machine: Machine) -> None:
    (machine.bin / "apt-get").unlink()
    done = machine.run()
    assert done.returncode == 1
    assert "missing: bwa" in done.stderr
    assert "this machine has no apt-get" in done.stderr


def test_fails_when_apt_fails_and_says_so(machine: Machine) -> None:
    machine.add("apt-get", 'case "$*" in *" install "*) exit 100 ;; esac')
    done = machine.run()
    assert done.returncode == 1
    assert "could not install bwa" in done.stderr


def test_fails_when_apt_says_yes_but_the_command_is_not_there(machine: Machine) -> None:
    machine.add("apt-get")
    done = machine.run()
    assert done.returncode == 1
    assert "still missing after the installation: bwa" in done.stderr


def test_check_only_says_what_is_missing(machine: Machine) -> None:
    done = machine.run("--check")
    assert done.returncode == 1
    assert "missing: bwa" in done.stderr
    assert "run: make tools" in done.stderr
    assert "apt" not in machine.calls


def test_refuses_an_unknown_option_and_an_unknown_kind(machine: Machine) -> None:
    assert machine.run("--now").returncode == 2
    machine.packages("fetch bwa bwa\n")
    done = machine.run()
    assert done.returncode == 1
    assert "the first word must be install or unpack" in done.stderr


def test_the_list_names_every_tool_that_the_workflow_calls() -> None:
    lines = (REPOSITORY / "scripts" / "debian-packages.txt").read_text(encoding="utf-8").splitlines()
    packages = {line.split()[1] for line in lines if line and not line.startswith("#")}
    assert {"bwa", "bowtie2", "samtools", "fastqc", "trimmomatic", "picard-tools", "bowtie2-examples"} <= packages
    assert os.access(SCRIPT, os.X_OK)
