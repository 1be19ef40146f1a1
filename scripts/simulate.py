"""Operates the platform for months of virtual time, with faults, and looks whether every promise holds.

``make simulate MONTHS=1 SEED=7`` tells what happened day by day and writes, below ``.build/simulation/<seed>/``:
``timeline.jsonl`` (everything that happened), ``summary.json``, ``report.html`` (the picture). When a promise is
broken it leaves out of the history what is not needed and writes the rest to ``replay.json``;
``python -m scripts.simulate --replay <that file>`` lives through it again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from scripts.children import end_with_parent
from scripts.paths import BUILD, REPOSITORY
from scripts.talk import EXIT_FAILURE, UserError, make_console, run_program

sys.path.insert(0, str(REPOSITORY / "lambda_src"))

from tests.simulation import history, picture
from tests.simulation.history import Told
from tests.simulation.operations import SPECS, Operation

PLACE = BUILD / "simulation"
DAYS_SHOWN = 62
console = make_console()


@dataclass(frozen=True)
class Result:
    """What one seed came to, small enough to hand from process to process."""

    seed: int
    seconds: float
    problem: str
    step: int | None
    folder: Path
    summary: Mapping[str, Any]
    days: Sequence[Mapping[str, Any]]
    operations: int


def main() -> int:
    """Run what the command line asks for."""
    arguments = _arguments()
    if arguments.replay:
        return _show([_replay(Path(arguments.replay))])
    if arguments.months <= 0 or arguments.seeds < 1 or arguments.jobs < 1:
        raise UserError("MONTHS must be above zero, SEEDS and --jobs at least one, e.g. make simulate MONTHS=1 SEED=7")
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    if len(seeds) == 1:
        return _show([_with_progress(arguments.seed, arguments.months)])
    return _show(_many(seeds, arguments.months, arguments.jobs))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.simulate", description=__doc__.splitlines()[0])
    parser.add_argument("--months", type=float, default=1.0, help="virtual months of 30 days (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="the history; the same seed is the same history")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, from --seed on (default: 1)")
    parser.add_argument("--jobs", type=int, default=2, help="processes at once (default: 2)")
    parser.add_argument("--replay", metavar="FILE", help="live through a replay.json again")
    return parser.parse_args()


def _with_progress(seed: int, months: float) -> Result:
    operations, minutes = history.make(seed, months)
    with _progress() as progress:
        bar = progress.add_task(f"seed {seed}", total=minutes // history.DAY)
        return _live(seed, operations, minutes, lambda minute: progress.update(bar, completed=minute // history.DAY))


def _many(seeds: Sequence[int], months: float, jobs: int) -> list[Result]:
    found = []
    with _progress() as progress, ProcessPoolExecutor(jobs, initializer=end_with_parent) as pool:
        bar = progress.add_task("seeds", total=len(seeds))
        waiting = [pool.submit(live_seed, seed, months) for seed in seeds]
        for each in as_completed(waiting):
            result = each.result()
            found.append(result)
            verdict = "[red]broken[/]" if result.problem else "[green]holds[/]"
            progress.console.print(f"seed {result.seed}: {verdict} after {result.seconds:.1f} s")
            progress.advance(bar)
    return sorted(found, key=lambda each: each.seed)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


def live_seed(seed: int, months: float) -> Result:
    """One seed in a process of its own."""
    return _live(seed, *history.make(seed, months))


def _live(
    seed: int, operations: Sequence[Operation], minutes: int, progress: Callable[[int], None] | None = None
) -> Result:
    begun = time.monotonic()
    told = history.run(operations, minutes, keep_timeline=True, progress=progress)
    folder = PLACE / str(seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "replay.json").unlink(missing_ok=True)
    if told.violation is not None:
        shrunk = history.shrink(told)
        document = {
            "seed": seed,
            "minutes": min(minutes, shrunk.minutes),
            "problem": shrunk.problem,
            "operations": [each.to_json() for each in shrunk.operations],
        }
        (folder / "replay.json").write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
    return _write(seed, told, folder, time.monotonic() - begun)


def _replay(file: Path) -> Result:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        operations = [Operation.from_json(each) for each in document["operations"]]
        seed, minutes = int(document["seed"]), int(document["minutes"])
        unknown = {each.name for each in operations} - set(SPECS)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{file} is no replay file: {error}. make simulate writes one when a promise is broken"
        ) from error
    if unknown:
        raise UserError(f"{file} has operations this version does not know: {', '.join(sorted(unknown))}")
    begun = time.monotonic()
    told = history.run(operations, minutes, keep_timeline=True)
    folder = PLACE / f"{seed}-replay"
    folder.mkdir(parents=True, exist_ok=True)
    for each in operations:
        console.print(f"minute {each.minute:>7}  {each.name}  {dict(each.arguments)}", highlight=False)
    return _write(seed, told, folder, time.monotonic() - begun)


def _write(seed: int, told: Told, folder: Path, seconds: float) -> Result:
    simulation = told.simulation
    assert simulation is not None
    with (folder / "timeline.jsonl").open("w", encoding="utf-8") as file:
        for entry in simulation.entries:
            line = {"at": entry.at.isoformat(), "lane": entry.lane, "what": entry.what, "detail": entry.detail}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    summary = {"seed": seed, "seconds": round(seconds, 2), "problem": told.problem, **told.summary}
    (folder / "summary.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False), encoding="utf-8")
    (folder / "report.html").write_text(picture.page(told, seed), encoding="utf-8")
    return Result(seed, seconds, told.problem, told.step, folder, summary, _days(told), len(told.operations))


def _days(told: Told) -> list[Mapping[str, Any]]:
    """What happened day by day."""
    simulation = told.simulation
    assert simulation is not None
    by_day: dict[int, Counter[str]] = defaultdict(Counter)
    words: dict[int, Counter[str]] = defaultdict(Counter)
    for entry in simulation.entries:
        day = (entry.at - simulation.begin).days
        by_day[day][entry.lane] += 1
        if entry.lane == "faults":
            words[day][entry.what] += 1
        if entry.lane == "transfers" and entry.what == "ERROR":
            by_day[day]["transfers failed"] += 1
    last = {(moment - simulation.begin).days: (objects, untagged) for moment, objects, untagged in simulation.samples}
    return [
        {
            "day": day,
            "counts": dict(by_day[day]),
            "faults": ", ".join(f"{name} x{count}" if count > 1 else name for name, count in words[day].items()),
            "objects": last[day][0],
            "untagged": last[day][1],
        }
        for day in sorted(last)
    ]


def _show(results: Sequence[Result]) -> int:
    if len(results) == 1:
        _show_days(results[0])
    table = Table(title="Simulated operation", title_justify="left")
    for column in ("seed", "days", "operations", "faults", "transfers", "objects", "untagged", "seconds", "invariants"):
        table.add_column(column, justify="left" if column == "invariants" else "right")
    for each in results:
        counts = each.summary["counts"]
        table.add_row(
            str(each.seed),
            f"{each.summary['days']:.0f}",
            str(each.operations),
            str(sum(each.summary["faults"].values())),
            str(sum(count for name, count in counts.items() if name.startswith("transfer "))),
            str(each.summary["objects"]),
            str(each.summary["untagged"]),
            f"{each.seconds:.1f}",
            "[red]broken[/]" if each.problem else "[green]all hold[/]",
        )
    console.print(table)
    broken = [each for each in results if each.problem]
    for each in broken:
        console.print(
            f"[bold red]seed {each.seed}, step {each.step}:[/] {each.problem}", highlight=False, soft_wrap=True
        )
        replay = each.folder / "replay.json"
        if replay.is_file():
            console.print(f"  again: .venv/bin/python -m scripts.simulate --replay {_short(replay)}", soft_wrap=True)
    console.print(f"timelines, summaries and pictures: {_short(PLACE)}/<seed>/report.html", soft_wrap=True)
    return EXIT_FAILURE if broken else 0


def _show_days(result: Result) -> None:
    table = Table(title=f"Seed {result.seed}, day by day", title_justify="left")
    for column in ("day", "files", "transfers", "failed", "failed runs", "notices", "deletions", "objects", "untagged"):
        table.add_column(column, justify="right")
    table.add_column("faults")
    for day in result.days[:DAYS_SHOWN]:
        counts = day["counts"]
        table.add_row(
            str(day["day"]),
            *(str(counts.get(lane, 0)) for lane in ("files", "transfers", "transfers failed", "failures", "notices")),
            str(counts.get("deletions", 0)),
            str(day["objects"]),
            str(day["untagged"]),
            day["faults"],
        )
    console.print(table)
    if len(result.days) > DAYS_SHOWN:
        console.print(f"{len(result.days) - DAYS_SHOWN} more days are in {_short(result.folder)}/timeline.jsonl")


def _short(path: Path) -> Path:
    return path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path


if __name__ == "__main__":
    run_program(main)
