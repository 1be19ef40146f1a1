"""Run the sequencing workflow (``make pipeline``).

    python -m scripts.pipeline run --storage DIR --samples SHEET [--config FILE] [--cores N] [--run-id ID]
                                 [--multiqc] [--profile NAME]

DIR is the root of the shared storage (active/, intermediate/, reference/, published/). With --profile eks the steps run
as Jobs of the Kubernetes cluster that this pod or KUBECONFIG belongs to (pipelines/kubernetes/README.md). Starting a
run again after it was interrupted goes on where it stopped. Exit codes: 0 all samples are published, 65 the data of a
sample are bad, 1 something else failed, 2 wrong usage (which includes the configuration and the sample sheet), 130
interrupted.
"""

from __future__ import annotations

import argparse
import os
import signal
import time
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pipelines.kubernetes.jobs import JobError
from pipelines.leases import lease
from pipelines.sequencing.adapters import FOLDER as ADAPTERS
from pipelines.sequencing.engine import (
    PROFILES,
    Ended,
    Place,
    Progress,
    RunInUse,
    end_leftovers,
    exclusive,
    execute,
    settle,
)
from pipelines.sequencing.inputs import InputError, read_config, read_samples
from pipelines.sequencing.run import RUN_ID, Run, name_of_run, read_object, to_json, write_atomically
from pipelines.sequencing.status import EXIT_BAD_DATA, State, Status, endings
from pipelines.sequencing.steps.multiqc import MultiqcError, find_multiqc
from pipelines.sequencing.steps.publish import plan, publish_page
from pipelines.sequencing.steps.reference import sha256_of
from pipelines.sequencing.steps.run_page import pages
from pipelines.sequencing.steps.versions import missing_tools
from scripts.talk import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_USAGE, run_program

TOOLCHAINS = ("classic", "fast")
_STATE_STYLE = {State.PUBLISHED: "green", State.STOPPED: "yellow", State.FAILED: "red"}


def make_run(storage: Path, sheet: Path, config_path: Path | None, run_id: str) -> Run:
    """The run that the arguments ask for; raises :class:`InputError` with everything that is wrong with them."""
    empty = [name for name, path in (("--samples", sheet), ("--storage", storage)) if path == Path()]
    if empty:
        raise InputError([f"{name} is empty: make pipeline SAMPLES=sheet.tsv STORAGE=folder" for name in empty])
    if not RUN_ID.fullmatch(run_id):
        raise InputError([f"--run-id {run_id!r}: use letters, digits, dots, hyphens and underscores, at most 64"])
    storage = storage.resolve()
    absent = [name for name in ("active", "reference") if not (storage / name).is_dir()]
    if absent:
        raise InputError(
            [f"--storage {storage}: there is no directory {' and no '.join(absent)} in it; is this the shared storage?"]
        )
    samples = read_samples(sheet)
    config = read_config(config_path or sheet.parent / "config.yaml")
    genome = storage / "reference" / config["reference"]
    if not genome.is_file():
        raise InputError([f"reference {config['reference']}: there is no file {genome}; put the genome there"])
    if lost := sorted(
        {n for s in samples for n in (s.truth, s.truth_regions) if n and not (storage / "reference" / n).is_file()}
    ):
        raise InputError([f"truth {name}: there is no file {storage / 'reference' / name}" for name in lost])
    name = genome.name.removesuffix(".gz").rpartition(".")[0]
    reference = {"name": name, "source": str(genome), "sha256": sha256_of(genome)}
    settings = {key: value for key, value in config.items() if key != "reference"}
    return Run(run_id, storage, reference, settings, tuple(samples))


class Display:
    """Shows progress: a live table on a terminal, one line for each finished step elsewhere."""

    def __init__(self, console: Console, run: Run) -> None:
        self.console = console
        self.run = run
        self.live = Live(console=console, refresh_per_second=4) if console.is_terminal else None
        self.started = time.monotonic()

    def __call__(self, progress: Progress, event: tuple[str, str, str]) -> None:
        what, sample, step = event
        if self.live is not None:
            self.live.update(self._table(progress))
        elif what != "started":
            word = "done" if what == "finished" else "FAILED"
            self.console.print(
                f"[{progress.finished}/{progress.total}] {sample or 'all samples'}: {step} {word}",
                highlight=False,
                markup=False,
            )

    def _table(self, progress: Progress) -> Table:
        seconds = int(time.monotonic() - self.started)
        table = Table(
            title=f"Run {self.run.id}: {progress.finished} of {progress.total} steps, {seconds} s", title_justify="left"
        )
        for heading in ("sample", "steps done", "now"):
            table.add_column(heading)
        for sample in ["", *self.run.ids]:
            now = ", ".join(step for owner, step in progress.running.values() if owner == sample)
            if progress.failures.get(sample):
                now = f"[red]{progress.failures[sample][0].rule} failed[/]"
            table.add_row(sample or "(all samples)", str(progress.done.get(sample, 0)), now)
        return table


def _show_result(console: Console, run: Run, statuses: list[Status]) -> None:
    table = Table(title=f"Run {run.id}", title_justify="left")
    for heading in ("sample", "state", "step", "why"):
        table.add_column(heading, overflow="fold")
    for status in statuses:
        style = _STATE_STYLE.get(status.state, "")
        why = Text("\n".join(status.reasons))
        table.add_row(status.sample, f"[{style}]{status.state}[/]" if style else str(status.state), status.step, why)
    console.print(table)
    for status in statuses:
        if status.state is State.PUBLISHED:
            report = next(planned.key for planned in plan(run, status.sample) if planned.key.endswith("_report.html"))
            console.print(f"report: {run.published / report}", highlight=False, soft_wrap=True)


def _exit_code(statuses: list[Status]) -> int:
    states = {status.state for status in statuses}
    if states == {State.PUBLISHED}:
        return 0
    return EXIT_BAD_DATA if states <= {State.PUBLISHED, State.STOPPED} else EXIT_FAILURE


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise Ended


def _place(arguments: argparse.Namespace, run: Run) -> Place:
    """Where the steps run; raises :class:`JobError` or :class:`InputError` with what is missing for it."""
    if not arguments.profile:
        if absent := missing_tools(run.is_fast):
            raise JobError(f"not on this machine: {', '.join(absent)}; run: make tools")
        if not (ADAPTERS / run.config["adapters"]).is_file():
            there = ", ".join(sorted(path.name for path in ADAPTERS.glob("*.fa")))
            raise InputError([f"adapters {run.config['adapters']}: there is no such file in {ADAPTERS}, but {there}"])
        return Place(arguments.cores)
    named = Path(arguments.profile)
    profile = named.resolve() if len(named.parts) > 1 else PROFILES / named
    if not (profile / "config.yaml").is_file():
        names = ", ".join(sorted(each.name for each in PROFILES.iterdir()))
        raise InputError([f"--profile {arguments.profile}: there is {names}, or a folder of yours with a config.yaml"])
    from pipelines.kubernetes import cluster  # a quarter of a second that runs on this machine do without

    cluster.check()
    return Place(profile=profile, cancel=lambda run: cluster.cancel_run(run.directory))


def run_pipeline(run: Run, place: Place, console: Console, with_multiqc: bool = False) -> int:
    """Execute a run and show what came of it; returns the exit code.

    ``result.json`` in the directory of the run says the same for programs.
    """
    with exclusive(run), lease(run.storage / "intermediate", run.id, run.id):
        if ended := end_leftovers(run):
            console.print(f"ended {ended} processes that an earlier start of this run had left")
        _forget_lost_indexes(run)
        write_atomically(run.directory / "run.json", to_json(run.document()))
        console.print(f"run {run.id}: {len(run.samples)} samples {place}, working in {run.directory}", soft_wrap=True)
        display = Display(console, run)
        if display.live is not None:
            with display.live:
                code, progress = execute(run, place, display)
        else:
            code, progress = execute(run, place, display)
        statuses = settle(run, progress)
        exit_code = _exit_code(statuses) or (EXIT_FAILURE if code else 0)
        document = {"run_id": run.id, "exit_code": exit_code, "samples": [asdict(status) for status in statuses]}
        before = read_object(run.directory / "result.json").get("samples", [])
        write_atomically(run.directory / "result.json", to_json(document))
        if place.profile is not None:  # in a pod, where the log is read by machines
            for line in endings(before, statuses):
                print(line, flush=True)
        _show_result(console, run, statuses)
        for page in pages(run, statuses, with_multiqc, has_news=progress.finished > 0):
            console.print(f"page of the run: {publish_page(run, page)}", highlight=False, soft_wrap=True)
    return exit_code


def _forget_lost_indexes(run: Run) -> None:
    """Indexes are shared and may have been cleaned away since; then the run makes them again."""
    for part in ("fasta", "bwa", "bowtie2"):
        if not (run.reference_directory / part).is_dir():
            (run.directory / "reference" / f"{part}.json").unlink(missing_ok=True)


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.pipeline", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("run", help="run the workflow, or go on with a run that was interrupted")
    start.add_argument("--storage", type=Path, required=True, help="the root of the shared storage")
    start.add_argument("--samples", type=Path, required=True, help="the sample sheet, TSV or CSV")
    start.add_argument("--config", type=Path, help="the configuration (default: config.yaml beside the sample sheet)")
    start.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="processor cores to use (default: all)")
    start.add_argument("--profile", help="where the steps run: eks, or a folder with a profile of Snakemake")
    start.add_argument("--run-id", help="the name of the run (default: after the folder of the sample sheet)")
    start.add_argument("--multiqc", action="store_true", help="publish the page of MultiQC as well")
    arguments = parser.parse_args(argv)
    if arguments.cores < 1:
        parser.error("--cores must be 1 or more")
    console = Console(stderr=False)
    complaints = Console(stderr=True)
    try:
        run = make_run(
            arguments.storage,
            arguments.samples,
            arguments.config,
            arguments.run_id or name_of_run(arguments.samples.resolve()),
        )
        place = _place(arguments, run)
    except InputError as error:
        for problem in error.problems:
            complaints.print(f"error: {problem}", style="red", highlight=False, markup=False, soft_wrap=True)
        return EXIT_USAGE
    except JobError as error:
        complaints.print(f"error: {error}", style="red", highlight=False, markup=False, soft_wrap=True)
        return EXIT_FAILURE
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if arguments.multiqc:
            find_multiqc()
        return run_pipeline(run, place, console, arguments.multiqc)
    except MultiqcError as error:
        complaints.print(f"error: {error}", style="red", highlight=False, markup=False, soft_wrap=True)
        return EXIT_FAILURE
    except RunInUse as error:
        complaints.print(
            f"error: run {run.id} is being worked on by {error}; wait, or use another --run-id (make pipeline: RUN=)",
            style="red",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        return EXIT_FAILURE
    except KeyboardInterrupt:
        complaints.print("interrupted; the same command goes on where it stopped")
        return EXIT_INTERRUPTED


if __name__ == "__main__":
    run_program(main)
