"""Every static check of the repository (``make lint``): runs all, prints what failed, exits non-zero if any did."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from scripts.infrastructure.terraform import find_terraform, terraform_environment
from scripts.paths import BUILD, REPOSITORY, TERRAFORM
from scripts.talk import make_console, run_program

BIN = Path(sys.executable).parent
PROJECT_FOLDERS = ("access", "scripts", "benchmarks", "lambda_src", "pipelines", "policy", "tests")
console = make_console()


def shell_scripts() -> list[str]:
    """Files git knows, or would, whose first line names a shell."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    found = []
    for name in listed:
        path = REPOSITORY / name
        if path.is_file():
            with path.open("rb") as file:
                first = file.readline(80)
            if first.startswith(b"#!") and first.rstrip().endswith((b"bash", b"sh")):
                found.append(name)
    return found


def checks() -> list[tuple[str, list[str], Path]]:
    """(name, command, folder) of every check."""
    terraform = find_terraform()
    listed: list[tuple[str, list[str], Path]] = [
        ("ruff check", [str(BIN / "ruff"), "check", "."], REPOSITORY),
        ("ruff format", [str(BIN / "ruff"), "format", "--check", "."], REPOSITORY),
        ("mypy project", [str(BIN / "mypy"), *PROJECT_FOLDERS], REPOSITORY),
        ("mypy local cloud", [str(BIN / "mypy"), "localcloud"], REPOSITORY),
        ("shellcheck", [str(BIN / "shellcheck"), *shell_scripts()], REPOSITORY),
        ("catalogue", [sys.executable, "-m", "scripts.check_catalog"], REPOSITORY),
        ("control map", [sys.executable, "-m", "scripts.evidence", "check"], REPOSITORY),
        ("terraform fmt", [terraform, "fmt", "-check", "-recursive", "-diff"], REPOSITORY),
    ]
    for root in sorted(path for path in TERRAFORM.glob("[0-9]*") if path.is_dir()):
        listed += [
            (f"terraform init {root.name}", [terraform, "init", "-backend=false", "-input=false", "-no-color"], root),
            (f"terraform validate {root.name}", [terraform, "validate", "-no-color"], root),
        ]
    return listed


def main() -> int:
    failed = []
    for name, command, folder in checks():
        started = time.monotonic()
        done = subprocess.run(
            command,
            cwd=folder,
            env=terraform_environment(BUILD / "terraform" / "lint" / folder.name),
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - started
        if done.returncode == 0:
            if not name.startswith("terraform init"):
                console.print(f"[green]ok[/]     {name} ({seconds:.0f} s)", highlight=False)
            continue
        failed.append(name)
        console.print(f"[red]failed[/] {name} ({seconds:.0f} s)", highlight=False)
        console.print(done.stdout + done.stderr, markup=False, highlight=False)
    if failed:
        console.print(f"[red]lint: {len(failed)} failed: {', '.join(failed)}[/]")
    return 1 if failed else 0


if __name__ == "__main__":
    run_program(main)
