"""Run Terraform through python-terraform, with progress, a summary of the plan, and errors a person can act on.

python-terraform 0.10.1 renders the command lines. It is not asked to run them: its ``cmd`` collects all output before
it returns anything (its ``synchronous=False`` ends up as a flag on Terraform's command line), and an apply of minutes
must show where it is. ``destroy`` of that version sends ``-force``, which Terraform removed; ``apply -destroy`` is the
same.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from python_terraform import IsFlagged, Terraform

from scripts.children import end_with_parent
from scripts.handoff import advice_on
from scripts.infrastructure.environments import Environment
from scripts.infrastructure.mirror import cli_configuration
from scripts.infrastructure.workspace import Workspace
from scripts.localcloud import local_cloud
from scripts.paths import BUILD
from scripts.plan_values import without_keys
from scripts.talk import UserError

MINIMUM_TERRAFORM = (1, 11)
# The local cloud knows no request limits, and most of an apply is the provider waiting for things to settle. AWS gets
# Terraform's default.
LOCAL_PARALLELISM = 40
# An address without instance keys; a module may be called data.
DATA_SOURCE = re.compile(r"(?:module\.[^.]+\.)*data\.")
CHANGE_KINDS = ("create", "update", "replace", "delete")

Progress = Callable[[str, int, int], None]
"""Called with (address of the resource just read or done, how many, how many to do; 0 while they are read)."""


class TerraformFailure(UserError):
    """Terraform stopped with errors; the message holds its diagnostics."""


@dataclass
class PlanSummary:
    """What a plan would change: addresses by kind of change."""

    root: str
    changes: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in CHANGE_KINDS})

    @property
    def total(self) -> int:
        return sum(len(addresses) for addresses in self.changes.values())

    def count(self, kind: str) -> int:
        return len(self.changes[kind])


def find_terraform() -> str:
    """The Terraform program. Raises :class:`UserError` if there is none or it is too old."""
    minimum = ".".join(map(str, MINIMUM_TERRAFORM))
    program = os.environ.get("KOSHA_TERRAFORM") or shutil.which("terraform")
    if not program or not shutil.which(program):
        raise UserError(
            f"Terraform {minimum} or newer is needed and was not found; install it from "
            "https://developer.hashicorp.com/terraform/install or name it by KOSHA_TERRAFORM"
        )
    version_file = BUILD / "terraform" / "terraform.rc"
    answer = subprocess.run(
        [program, "version", "-json"],
        capture_output=True,
        check=False,
        env={**os.environ, "TF_CLI_CONFIG_FILE": str(cli_configuration(version_file))},
    )
    try:
        version = json.loads(answer.stdout)["terraform_version"]
    except (ValueError, KeyError) as error:
        raise UserError(f"{program} does not answer 'version -json': is it Terraform {minimum} or newer?") from error
    if tuple(int(part) for part in version.split("-")[0].split(".")[:2]) < MINIMUM_TERRAFORM:
        raise UserError(f"{program} is Terraform {version}; {minimum} or newer is needed")
    return program


def terraform_environment(data: Path) -> dict[str, str]:
    """The environment Terraform runs in; ``data`` is where it keeps providers and the backend's settings.

    Terraform and its AWS provider are Go programs that live for seconds. With the collector run at four times the live
    heap (GOGC, https://go.dev/doc/gc-guide) instead of twice, the tests of modules/automation take 70 s of CPU instead
    of 109 s, at the same peak of 0.65 GB.
    """
    return {
        "GOGC": "400",
        **os.environ,
        "TF_DATA_DIR": str(data),
        "TF_CLI_CONFIG_FILE": str(cli_configuration(BUILD / "terraform" / "terraform.rc")),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
    }


class TerraformRoot:
    """Terraform for one root of one environment."""

    def __init__(self, environment: Environment, workspace: Workspace) -> None:
        self.environment = environment
        self.workspace = workspace
        self._renderer = Terraform(working_dir=str(workspace.folder), terraform_bin_path=find_terraform())
        self._environ = terraform_environment(workspace.data) | workspace.environment

    def init(self) -> None:
        """Download or link the provider and set up the backend."""
        backend = self.workspace.backend_configuration
        done = self._run(
            "init", input=False, no_color=IsFlagged, backend_config=None if backend is None else str(backend),
            reconfigure=IsFlagged,
        )  # fmt: skip
        if done.returncode != 0:
            raise TerraformFailure(self._explain_init(done.stderr + done.stdout))

    def migrate_state(self) -> None:
        """Bring the state from where the last ``init`` left it into the backend of now."""
        done = self._run(
            "init", input=False, no_color=IsFlagged, backend_config=str(self.workspace.backend_configuration),
            migrate_state=IsFlagged, force_copy=IsFlagged,
        )  # fmt: skip
        if done.returncode != 0:
            raise TerraformFailure(self._explain_init(done.stderr + done.stdout))

    def plan(
        self, destroy: bool = False, progress: Progress | None = None, variables: Mapping[str, str] | None = None
    ) -> PlanSummary:
        """Plan and save the plan file. ``progress`` is called as resources are read; ``variables`` go before the
        environment's."""
        self.workspace.plan_file.parent.mkdir(parents=True, exist_ok=True)
        self.workspace.plan_file.unlink(missing_ok=True)
        options = self._options(variables, destroy=destroy, out=str(self.workspace.plan_file))
        try:
            return self._follow(self._stream("plan", **options), progress)
        except TerraformFailure:
            # Terraform saves what it got to of a plan that failed; that can be looked at and not applied.
            self.workspace.plan_file.unlink(missing_ok=True)
            raise

    def apply(
        self, destroy: bool = False, progress: Progress | None = None, variables: Mapping[str, str] | None = None
    ) -> PlanSummary:
        """Plan, and apply what was planned, in one process: reading the provider's schema costs each 8 s of CPU."""
        options = self._options(variables, destroy=destroy, auto_approve=IsFlagged, parallelism=self._parallelism)
        return self._follow(self._stream("apply", **options), progress)

    def apply_saved(self, progress: Progress | None = None) -> None:
        """Apply the saved plan."""
        plan = str(self.workspace.plan_file)
        self._follow(self._stream("apply", plan, input=False, parallelism=self._parallelism), progress)
        self.workspace.plan_file.unlink(missing_ok=True)

    @property
    def _parallelism(self) -> int | None:
        return LOCAL_PARALLELISM if self.environment.is_local else None

    def _options(self, variables: Mapping[str, str] | None, destroy: bool, **others: Any) -> dict[str, Any]:
        return {
            "input": False,
            "var_file": str(self.environment.variables_file),
            "lock_timeout": "60s",
            "var": [f"{name}={value}" for name, value in (variables or {}).items()],
            **({"destroy": IsFlagged} if destroy else {}),
            **others,
        }

    def _follow(self, events: Iterator[dict[str, Any]], progress: Progress | None) -> PlanSummary:
        """What the events say was planned; ``progress`` hears of what is read, and then of what is done."""
        summary = PlanSummary(self.workspace.root)
        read = done = 0
        for event in events:
            match event.get("type"):
                case "refresh_complete" if progress:
                    read += 1
                    progress(event["hook"]["resource"]["addr"], read, 0)
                case "planned_change":
                    change = event["change"]
                    kind = "delete" if change["action"] == "remove" else change["action"]
                    if kind in summary.changes:
                        summary.changes[kind].append(change["resource"]["addr"])
                case "apply_complete" if progress and event["hook"]["action"] != "read":
                    done += 1
                    progress(event["hook"]["resource"]["addr"], done, summary.total)
        return summary

    def show_plan(self) -> dict[str, Any]:
        """The saved plan as Terraform's JSON
        (https://developer.hashicorp.com/terraform/internals/json-format)."""
        done = self._run("show", str(self.workspace.plan_file), json=IsFlagged)
        if done.returncode != 0:
            raise TerraformFailure(done.stderr)
        plan: dict[str, Any] = json.loads(done.stdout)
        return plan

    def resources(self) -> list[str]:
        """Addresses of the managed resources in the state."""
        done = self._run("state list")
        if done.returncode != 0:
            if "No state file was found" in done.stderr:
                return []
            raise TerraformFailure(done.stderr)
        return [line for line in done.stdout.splitlines() if line and not DATA_SOURCE.match(without_keys(line))]

    def _command(self, name: str, *arguments: str, **options: Any) -> list[str]:
        command: list[str] = self._renderer.generate_cmd_string(name, *arguments, **options)
        return command

    def _run(self, name: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(name, *arguments, **options),
            cwd=self.workspace.folder, env=self._environ, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def _stream(self, name: str, *arguments: str, **options: Any) -> Iterator[dict[str, Any]]:
        """Run a command with ``-json`` and yield its events; raises with the diagnostics if it fails."""
        diagnostics: list[dict[str, Any]] = []
        noise: list[str] = []
        with subprocess.Popen(
            self._command(name, *arguments, json=IsFlagged, **options),
            cwd=self.workspace.folder, env=self._environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            preexec_fn=end_with_parent,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            for line in process.stdout:
                try:
                    event = json.loads(line)
                except ValueError:
                    noise.append(line)
                    continue
                if event.get("type") == "diagnostic" and event["diagnostic"]["severity"] == "error":
                    diagnostics.append(event["diagnostic"])
                yield event
        if process.returncode != 0:
            raise TerraformFailure(self._explain(diagnostics, "".join(noise)))

    def _explain(self, diagnostics: list[dict[str, Any]], noise: str) -> str:
        where = f"{self.workspace.root} ({self.environment.name})"
        if self.environment.is_local and local_cloud().status() is None:
            return f"{where}: {local_cloud().silence()}"
        lines = [f"{where}: Terraform stopped with {len(diagnostics) or 'an'} error(s)"]
        for diagnostic in diagnostics:
            source = diagnostic.get("range")
            place = f"\n    at {source['filename']}:{source['start']['line']}" if source else ""
            detail = diagnostic.get("detail", "").strip()
            lines.append(f"  - {diagnostic['summary']}{': ' + detail if detail else ''}{place}")
        return "\n".join(lines if diagnostics else [*lines, noise.strip()])

    def _explain_init(self, output: str) -> str:
        text = re.sub(r"[│╷╵]", "", output).strip()
        if "registry.terraform.io" in text and ("could not connect" in text.lower() or "failed to" in text.lower()):
            return (
                f"{self.workspace.root}: no AWS provider: no mirror was found on this machine and the registry "
                "cannot be reached. Give access to registry.terraform.io, or put a mirror (the folder that contains "
                "registry.terraform.io/) somewhere and set KOSHA_TERRAFORM_MIRROR to it."
            )
        if missing := re.search(r"S3 bucket \"([^\"]+)\" does not exist", text):
            return (
                f"{self.workspace.root}: the bucket of the states, {missing[1]}, is not there; "
                f"make bootstrap ENV={self.environment.name} makes it, once"
            )
        # From the error on, without what went well.
        reason = text[max(text.find("Error:"), 0) :].split("\nInitializing ")[0].strip().rstrip(".")
        return f"{self.workspace.root}: terraform init failed\n{reason}.{advice_on(text)}"
