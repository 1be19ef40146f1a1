"""plan, apply, destroy: the commands behind the make targets."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from rich.table import Table

from scripts import leftovers
from scripts.handoff import published_roots
from scripts.infrastructure.environments import BOOTSTRAP, RECOVERY, STAGES, Environment, select_roots
from scripts.infrastructure.order import always, at_once, handoffs_read, room
from scripts.infrastructure.terraform import CHANGE_KINDS, PlanSummary, Progress, TerraformRoot
from scripts.infrastructure.workspace import prepare
from scripts.localcloud import local_cloud
from scripts.talk import UserError, make_console

EXIT_CHANGES = 2
LISTED_CHANGES = 12
COLOURS = {"create": "green", "update": "yellow", "replace": "magenta", "delete": "red"}

console = make_console()
# The copies of roots on the local cloud share links, and the mirror's configuration is one file.
opening = Lock()


@contextmanager
def reporting(title: str) -> Iterator[Progress]:
    """Show progress: a live line on a terminal, one for each block under way; otherwise a line every ten seconds."""
    last = time.monotonic()

    def text(address: str, done: int, total: int) -> str:
        return f"{title}: {done}{f'/{total}' if total else ''} {address}"

    if console.is_terminal:
        with console.status(title) as status:
            yield lambda address, done, total: status.update(text(address, done, total))
        return

    def report(address: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > 10:
            last = time.monotonic()
            console.print(f"  {text(address, done, total)}", highlight=False)

    yield report


def open_root(environment: Environment, root: str) -> TerraformRoot:
    """Make the root ready and initialise it."""
    with opening:
        terraform = TerraformRoot(environment, prepare(environment, root))
        terraform.init()
    return terraform


def plan(
    environment: Environment,
    root: str | None,
    detailed: bool = False,
    json_folder: Path | None = None,
    stage: str | None = None,
) -> int:
    """Plan the selected roots and save the plans; the standby in ``stage``, or the one its environment says. On the
    local cloud several are planned at once.

    Returns 0, or with ``detailed`` 2 if there are changes. A root that reads the handoff of one not applied yet
    cannot be planned; the table says so. With ``json_folder`` the plans are for a program: they lie there as JSON, and
    nothing is printed of them.
    """
    roots = staged_roots(root, stage)
    waiting = [name for name in roots if root is None and _missing_handoff(environment, name)]
    planned: dict[str, PlanSummary] = {}

    def work(name: str) -> None:
        require_handoffs(environment, name)
        terraform = open_root(environment, name)
        with reporting(f"plan {name}") as progress:
            planned[name] = terraform.plan(progress=progress, variables=_stage_variable(name, stage))
        if json_folder:
            json_folder.mkdir(parents=True, exist_ok=True)
            (json_folder / f"{name}.json").write_text(json.dumps(terraform.show_plan()), encoding="utf-8")

    most = room() if environment.is_local else 1
    at_once((name for name in roots if name not in waiting), always, work, most)
    if not json_folder:
        show_summary(environment, [planned[name] for name in roots if name in planned], waiting)
    return EXIT_CHANGES if detailed and any(summary.total for summary in planned.values()) else 0


def apply(environment: Environment, root: str | None, stage: str | None = None) -> int:
    """Apply the selected roots in order; in production only plans that ``plan`` saved before, of the same ``stage``.

    On the local cloud, where most of an apply is the provider waiting, a root begins as soon as what it reads is
    published: several are under way at once.
    """
    roots = staged_roots(root, stage)
    if not environment.is_local or len(roots) == 1:
        for name in roots:
            _apply_root(environment, name, stage)
        return 0
    before = {name: published_roots(environment, name) for name in roots}

    def may_start(name: str, done: set[str]) -> bool:
        # What was published before this run says nothing of what this run makes of it.
        missing = set(handoffs_read()[name]) - done
        return not missing or (missing.isdisjoint(before[name]) and missing <= published_roots(environment, name))

    at_once(roots, may_start, lambda name: _apply_root(environment, name, stage), room())
    return 0


def _apply_root(environment: Environment, root: str, stage: str | None) -> None:
    require_handoffs(environment, root)
    if environment.is_protected and not prepare(environment, root).plan_file.exists():
        wanted = f"ROOT={root}{f' STAGE={stage}' if stage else ''}"
        raise UserError(
            f"{root}: there is no saved plan for {environment.name}, and nothing is applied there that was not "
            f"planned and read first: make plan ENV={environment.name} {wanted}"
        )
    started = time.monotonic()
    terraform = open_root(environment, root)
    if environment.is_protected:
        require_stage(terraform, stage)
        with reporting(f"apply {root}") as progress:
            terraform.apply_saved(progress)
        what = "the saved plan"
    else:
        with reporting(f"apply {root}") as progress:
            total = terraform.apply(progress=progress, variables=_stage_variable(root, stage)).total
        if total == 0:
            console.print(f"{root}: nothing to change", highlight=False)
            return
        what = str(total)
    console.print(f"{root}: applied {what} in {time.monotonic() - started:.0f} s", highlight=False)


def destroy(environment: Environment, root: str | None, confirm: str | None) -> int:
    """Destroy the selected roots in reverse order, on the local cloud several at once.

    Outside the local cloud ``confirm`` must name the environment's prefix. On it, what is left is counted; returns 1 if
    anything is.
    """
    if not environment.is_local and confirm != environment.prefix:
        raise UserError(
            f"destroying {environment.name} removes what holds data. If that is meant, read "
            f"docs/runbooks/tear-down.md and say so: make destroy ENV={environment.name} CONFIRM={environment.prefix}"
        )
    roots = select_roots(root)[::-1]
    if not environment.is_local:
        for name in roots:
            _destroy_root(environment, name)
        return 0

    def may_start(name: str, done: set[str]) -> bool:
        return all(name not in handoffs_read()[reader] for reader in roots if reader not in done)

    at_once(roots, may_start, lambda name: _destroy_root(environment, name), room())
    if root is None:
        return leftovers.report(local_cloud(), (environment.region, environment.recovery_region))
    return 0


def _destroy_root(environment: Environment, root: str) -> None:
    terraform = open_root(environment, root)
    if not terraform.resources():
        console.print(f"{root}: nothing to destroy", highlight=False)
        return
    started = time.monotonic()
    with reporting(f"destroy {root}") as progress:
        summary = terraform.apply(destroy=True, progress=progress)
    console.print(f"{root}: destroyed {summary.total} in {time.monotonic() - started:.0f} s", highlight=False)


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
            f"the saved plan is of the stage {planned}, not {stage}: "
            f"make plan ENV={terraform.environment.name} ROOT={RECOVERY} STAGE={stage}"
        )


def _missing_handoff(environment: Environment, root: str) -> str | None:
    """The first root that ``root`` reads whose handoff is not published yet, if any."""
    read = () if root == BOOTSTRAP else handoffs_read()[root]
    published = published_roots(environment, root) if read else set()
    return next((name for name in read if name not in published), None)


def require_handoffs(environment: Environment, root: str) -> None:
    """Raise :class:`UserError` naming the root that must be applied before ``root``, if there is one."""
    blocker = _missing_handoff(environment, root)
    if blocker:
        raise UserError(f"{root} reads what {blocker} publishes, and that is not applied yet: apply {blocker} first")
