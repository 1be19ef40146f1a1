"""plan, apply, destroy: the commands behind the make targets."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.status import Status
from rich.table import Table

from scripts import leftovers
from scripts.handoff import published_roots
from scripts.infrastructure.environments import BOOTSTRAP, RECOVERY, ROOTS, STAGES, Environment, select_roots
from scripts.infrastructure.terraform import CHANGE_KINDS, PlanSummary, Progress, TerraformRoot
from scripts.infrastructure.workspace import prepare
from scripts.localcloud import local_cloud
from scripts.talk import UserError, make_console

EXIT_CHANGES = 2
LISTED_CHANGES = 12
COLOURS = {"create": "green", "update": "yellow", "replace": "magenta", "delete": "red"}

console = make_console()


@contextmanager
def reporting(title: str) -> Iterator[Progress]:
    """Show progress: a live line on a terminal, otherwise a line every ten seconds."""
    last = time.monotonic()

    def text(address: str, done: int, total: int) -> str:
        return f"{title}: {done}{f'/{total}' if total else ''} {address}"

    if console.is_terminal:
        status = Status(title, console=console)
        with status:
            yield lambda address, done, total: status.update(text(address, done, total))
        return

    def report(address: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > 10:
            last = time.monotonic()
            console.print(f"  {text(address, done, total)}", highlight=False)

    yield report


def open_root(environment: Environment, root: str, plan_suffix: str = ".tfplan") -> TerraformRoot:
    """Make the root ready and initialise it."""
    workspace = prepare(environment, root)
    plan_file = workspace.plan_file.with_suffix(plan_suffix)
    terraform = TerraformRoot(environment, replace(workspace, plan_file=plan_file))
    terraform.init()
    return terraform


def plan(
    environment: Environment,
    root: str | None,
    detailed: bool = False,
    json_folder: Path | None = None,
    stage: str | None = None,
) -> int:
    """Plan the selected roots and save the plans; the standby in ``stage``, or the one its environment says.

    Returns 0, or with ``detailed`` 2 if there are changes. A root that reads the handoff of one not applied yet
    cannot be planned; the table says so. With ``json_folder`` the plans are for a program: they lie there as JSON, and
    nothing is printed of them.
    """
    summaries: list[PlanSummary] = []
    waiting: list[str] = []
    for name in staged_roots(root, stage):
        if root is None and _missing_handoff(environment, name):
            waiting.append(name)
            continue
        require_handoffs(environment, name)
        terraform = open_root(environment, name)
        with reporting(f"plan {name}") as progress:
            summaries.append(terraform.plan(progress=progress, variables=_stage_variable(name, stage)))
        if json_folder:
            json_folder.mkdir(parents=True, exist_ok=True)
            (json_folder / f"{name}.json").write_text(json.dumps(terraform.show_plan()), encoding="utf-8")
    if not json_folder:
        show_summary(environment, summaries, waiting)
    return EXIT_CHANGES if detailed and any(summary.total for summary in summaries) else 0


def apply(environment: Environment, root: str | None, stage: str | None = None) -> int:
    """Apply the selected roots in order; in production only plans that ``plan`` saved before, of the same ``stage``."""
    for name in staged_roots(root, stage):
        require_handoffs(environment, name)
        if environment.is_protected and not prepare(environment, name).plan_file.exists():
            wanted = f"ROOT={name}{f' STAGE={stage}' if stage else ''}"
            raise UserError(
                f"{name}: there is no saved plan for {environment.name}, and nothing is applied there that was not "
                f"planned and read first: make plan ENV={environment.name} {wanted}"
            )
        started = time.monotonic()
        terraform = open_root(environment, name)
        if environment.is_protected:
            total = 0
            require_stage(terraform, stage)
        else:
            with reporting(f"plan {name}") as progress:
                summary = terraform.plan(progress=progress, variables=_stage_variable(name, stage))
            total = summary.total
            if total == 0:
                console.print(f"{name}: nothing to change", highlight=False)
                terraform.workspace.plan_file.unlink(missing_ok=True)
                continue
        with reporting(f"apply {name}") as progress:
            terraform.apply(total, progress)
        console.print(
            f"{name}: applied {total or 'the saved plan'} in {time.monotonic() - started:.0f} s", highlight=False
        )
    return 0


def destroy(environment: Environment, root: str | None, confirm: str | None) -> int:
    """Destroy the selected roots in reverse order.

    Outside the local cloud ``confirm`` must name the environment's prefix. On it, what is left is counted; returns 1 if
    anything is.
    """
    if not environment.is_local and confirm != environment.prefix:
        raise UserError(
            f"destroying {environment.name} removes what holds data. If that is meant, read "
            f"docs/runbooks/tear-down.md and say so: make destroy ENV={environment.name} CONFIRM={environment.prefix}"
        )
    for name in reversed(select_roots(root)):
        # A file of its own: an interrupted destroy must not leave a plan that the next apply takes for the saved one.
        terraform = open_root(environment, name, ".destroy.tfplan")
        if not terraform.resources():
            console.print(f"{name}: nothing to destroy", highlight=False)
            continue
        started = time.monotonic()
        with reporting(f"plan the destruction of {name}") as progress:
            summary = terraform.plan(destroy=True, progress=progress)
        with reporting(f"destroy {name}") as progress:
            terraform.apply(summary.total, progress)
        console.print(f"{name}: destroyed {summary.total} in {time.monotonic() - started:.0f} s", highlight=False)
    if environment.is_local and root is None:
        return leftovers.report(local_cloud(), (environment.region, environment.recovery_region))
    return 0


def show_summary(environment: Environment, summaries: list[PlanSummary], waiting: list[str]) -> None:
    """Print what the plans would change as a table, and the addresses where they are few."""
    table = Table(title=f"Plan for {environment.name}")
    table.add_column("root")
    for kind in CHANGE_KINDS:
        table.add_column(kind, justify="right", style=COLOURS[kind])
    for summary in summaries:
        table.add_row(summary.root, *(str(summary.count(kind)) for kind in CHANGE_KINDS))
    for name in waiting:
        table.add_row(name, "waits for the root before it", "", "", "")
    console.print(table)
    for summary in summaries:
        for kind in CHANGE_KINDS:
            addresses = summary.changes[kind]
            for address in addresses[:LISTED_CHANGES]:
                console.print(f"  [{COLOURS[kind]}]{kind:8}[/] {summary.root} {address}", highlight=False)
            if len(addresses) > LISTED_CHANGES:
                console.print(
                    f"  [{COLOURS[kind]}]{kind:8}[/] {summary.root} ... and {len(addresses) - LISTED_CHANGES} more"
                )


def staged_roots(root: str | None, stage: str | None) -> tuple[str, ...]:
    """The selected roots. Raises :class:`UserError` for a stage that is none, or that is given for another root."""
    selected = select_roots(root)
    if stage and selected != (RECOVERY,):
        raise UserError(f"only {RECOVERY} has stages: give ROOT={RECOVERY} STAGE={stage}, or no STAGE")
    if stage and stage not in STAGES:
        raise UserError(f"there is no stage '{stage}'; choose one of: {', '.join(STAGES)}")
    return selected


def _stage_variable(root: str, stage: str | None) -> dict[str, str]:
    return {"recovery_stage": stage} if root == RECOVERY and stage else {}


def require_stage(terraform: TerraformRoot, stage: str | None) -> None:
    """Raise :class:`UserError` if the saved plan is of another stage than is asked for."""
    if stage and (planned := terraform.show_plan()["variables"]["recovery_stage"]["value"]) != stage:
        raise UserError(
            f"the saved plan is of the stage {planned}, not {stage}: make plan ROOT={RECOVERY} STAGE={stage}"
        )


def _missing_handoff(environment: Environment, root: str) -> str | None:
    """The root before ``root`` whose handoff is not published yet, if any."""
    if root == BOOTSTRAP:
        return None
    published = published_roots(environment, root)
    return next((name for name in ROOTS[: ROOTS.index(root)] if name not in published), None)


def require_handoffs(environment: Environment, root: str) -> None:
    """Raise :class:`UserError` naming the root that must be applied before ``root``, if there is one."""
    blocker = _missing_handoff(environment, root)
    if blocker:
        raise UserError(f"{root} reads what {blocker} publishes, and that is not applied yet: apply {blocker} first")
