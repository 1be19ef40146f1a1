"""Command line: ``python -m scripts.demo`` (``make demo``).

Starts from an empty local cloud every time, so that it can be stopped at any point and run again. The local cloud keeps
running afterwards, to be looked at; ``make down`` ends it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from threading import Event

from rich.table import Table
from rich.text import Text

from scripts.children import end_with_parent
from scripts.demo.dashboards import dashboards, write_dashboards
from scripts.demo.observe import LakeObject, Notice, notices, wait_until_settled
from scripts.demo.page import human_duration, human_size, write_page
from scripts.example_data import lay_out
from scripts.handoff import published_roots, read_handoff
from scripts.infrastructure import commands
from scripts.infrastructure.environments import Environment, load_environment
from scripts.infrastructure.terraform import find_terraform
from scripts.localcloud import LocalCloud, local_cloud
from scripts.paths import BUILD, REPOSITORY
from scripts.talk import AlreadySaidError, UserError, make_console, run_program

HALF_AN_HOUR = 1800
SETTLING_SECONDS = 90
STRAY_FILE = "raw-sequences/lambda-phage/reads from the new machine.fastq.gz"

console = make_console()
steps: list[tuple[str, float]] = []


@contextmanager
def step(title: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    console.rule(f"[bold]{title}", align="left")
    started = time.monotonic()
    yield
    steps.append((title, time.monotonic() - started))
    console.print(f"[green]done[/] in {human_duration(steps[-1][1])}", highlight=False)


def run_pipeline(storage: Path, samples: Path, nice: int = 0) -> None:
    """Run the sequencing pipeline on the shared storage. Raises :class:`AlreadySaidError` if it fails."""
    command = [sys.executable, "-m", "scripts.pipeline", "run", "--storage", str(storage), "--samples", str(samples)]

    def prepare() -> None:
        end_with_parent()
        os.nice(nice)

    done = subprocess.run(command, cwd=REPOSITORY, check=False, preexec_fn=prepare)
    if done.returncode != 0:
        raise AlreadySaidError(f"the pipeline ended with {done.returncode}")


def make_results(cloud: LocalCloud, environment: Environment, given_up: Event) -> Path:
    """Lay reads on the shared storage and run the pipeline, as soon as the storage is there; where it is.

    It takes what the apply leaves of the processors: that is mostly the provider waiting (docs/adr/0043).
    """
    while "20-storage" not in published_roots(environment):
        if given_up.wait(1):
            raise UserError("there is no shared storage: the apply has failed")
    started = time.monotonic()
    storage = cloud.shared_storage(read_handoff(environment, "20-storage")["file_system_id"])
    samples = lay_out(storage)
    console.print(f"The shared storage is there: real reads are laid on it, sample sheet {samples}", highlight=False)
    run_pipeline(storage, samples, nice=10)
    lay_stray_file(storage)
    steps.append(("Run the sequencing pipeline, beside the apply", time.monotonic() - started))
    return storage


def lay_stray_file(storage: Path) -> None:
    """A finished file whose name fits no class, as people do: it must come out unclassified, with a notice."""
    original = next((storage / "active").rglob("*.fastq.gz"))
    stray = storage / "published" / STRAY_FILE
    stray.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(original, stray)


def show(rows: list[LakeObject], messages: list[Notice]) -> None:
    """Print the table of objects and the notices."""
    table = Table(title="Objects in the data lake and their replicas")
    for column in ("object", "class", "project", "site"):
        table.add_column(column, overflow="fold")
    for column in ("size", "replica", "latency"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            Text(row.key),
            row.data_class,
            row.tags.get("project", ""),
            row.tags.get("site", ""),
            human_size(row.size),
            "[green]equal tags[/]" if row.is_settled else f"[yellow]{row.replication}[/]",
            "" if row.latency is None else human_duration(row.latency),
        )
    console.print(table)
    table = Table(title="Notices received")
    for column in ("time", "topic", "kind", "summary"):
        table.add_column(column, overflow="fold")
    for message in messages:
        table.add_row(message.time, message.topic, message.kind, Text(message.summary))
    console.print(table)


def main() -> int:
    cloud = local_cloud()
    with cloud.expected_to_answer():
        return run_demo(cloud)


def run_demo(cloud: LocalCloud) -> int:
    """The whole of it, step by step. Raises :class:`UserError` where a step cannot be done."""
    started = time.monotonic()
    environment = load_environment("local")
    find_terraform()  # what is missing is said before anything is started
    with step("Start the local cloud, empty"):
        cloud.command("reset")
    given_up = Event()
    with (
        step("Apply the platform with Terraform, and run the sequencing pipeline beside it"),
        ThreadPoolExecutor(1) as beside,
    ):
        making = beside.submit(make_results, cloud, environment, given_up)
        try:
            commands.apply(environment, None)
        except BaseException:
            given_up.set()
            raise
        storage = making.result()
    storage_handoff = read_handoff(environment, "20-storage")
    with step("Let half an hour of platform time pass: the transfer runs"):
        cloud.advance_clock(HALF_AN_HOUR)
    with step("Wait for tags and replicas"):
        rows = wait_until_settled(cloud, environment, storage, storage_handoff, SETTLING_SECONDS)
        messages = notices(cloud)
    show(rows, messages)
    page = write_page(
        BUILD / "demo" / "index.html",
        environment,
        rows,
        messages,
        steps,
        {**storage_handoff, "endpoint": cloud.endpoint},
    )
    write_dashboards(page.with_name("dashboards.html"), dashboards(cloud, environment))
    latencies = [row.latency for row in rows if row.latency is not None]
    classes = len({row.data_class for row in rows})
    console.print(
        f"\n[bold green]The platform works on this machine[/]: {len(rows)} objects of {classes} classes in the "
        f"lake and in {environment.recovery_region}, median latency {human_duration(median(latencies))} platform time, "
        f"{len(messages)} notices; {human_duration(time.monotonic() - started)} in all.",
        highlight=False,
    )
    console.print(
        f"Page: {page}\nThe local cloud still runs on {cloud.endpoint}; stop it with: make down", highlight=False
    )
    return 0


if __name__ == "__main__":
    run_program(main)
