"""``make prove``: prints how many cases were looked at, or a counterexample; the report is .build/prove/report.json."""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence

from kosha_access.evaluation import decide
from rich.table import Table

from scripts.paths import BUILD
from scripts.plans import sample_plans
from scripts.prove.documents import from_plans
from scripts.prove.matrix import Matrix
from scripts.prove.oracle import ask, simulation
from scripts.prove.properties import PROPERTIES, Counterexample, Proof
from scripts.talk import make_console, run_program

SHOWN = 5
CHUNK = 500
CHANCE = 1000
OPINION = "both evaluators agree"
console = make_console()


def main() -> int:
    """0 when every property holds and both evaluators agree."""
    parser = argparse.ArgumentParser(description="Prove that the rendered policies give what the access matrix says.")
    parser.add_argument("--seed", type=int, default=1, help="which cases of chance the second evaluator is asked")
    seed = parser.parse_args().seed
    proof = Proof(from_plans(sample_plans()), Matrix())
    seconds: dict[str, float] = {}
    with console.status("proof") as status:
        for each in PROPERTIES:
            status.update(each.__name__.replace("_", " "))
            started = time.monotonic()
            each(proof)
            seconds[each.__name__] = round(time.monotonic() - started, 1)
        second_opinion(proof, seed, status.update)
    show(proof)
    report = BUILD / "prove" / "report.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(
        json.dumps(
            {
                "cases": proof.counts,
                "seconds": seconds,
                "seed": seed,
                "counterexamples": [vars(each) for each in proof.found],
                "unknown_policies": unknown(proof),
            },
            indent=2,
        ),
        encoding="utf-8",
    )
    return 1 if proof.found else 0


def second_opinion(proof: Proof, seed: int, progress: Callable[[str], None]) -> None:
    """Ask the simulator about every allowed case, every case next to one, and some of chance."""
    chosen = list(proof.asked) + random.Random(seed).sample(proof.others, min(CHANCE, len(proof.others)))  # noqa: S311
    for start in range(0, len(chosen), CHUNK):
        part = chosen[start : start + CHUNK]
        progress(f"second opinion: {start}/{len(chosen)}")
        for case, theirs in zip(part, ask(part), strict=True):
            ours = decide(*case)
            proof.count(OPINION)
            if (theirs == "Allowed") != ours.allowed:
                proof.fail(OPINION, f"simulator: {theirs}, ours: {ours.reason}\n{json.dumps(simulation(*case))}")


def unknown(proof: Proof) -> dict[str, int]:
    """Roles with policies that a plan does not show; tests/local/test_45_access.py has them as applied."""
    return {role.name: role.unknown for role in proof.documents.roles.values() if role.unknown}


def show(proof: Proof) -> None:
    """The table, and the first counterexamples of each property."""
    table = Table("what holds", "cases", "counterexamples")
    for name, count in proof.counts.items():
        failed = [each for each in proof.found if each.property == name]
        table.add_row(name, f"{count:,}", str(len(failed)) if failed else "none", style="red" if failed else None)
    console.print(table)
    console.print(f"{sum(proof.counts.values()):,} cases in all", highlight=False)
    hidden = sum(unknown(proof).values())
    console.print(
        f"{hidden} policies of functions are known after apply only; tests/local looks at them as applied",
        highlight=False,
    )
    for name in dict.fromkeys(each.property for each in proof.found):
        _show_failed(name, [each for each in proof.found if each.property == name])


def _show_failed(name: str, failed: Sequence[Counterexample]) -> None:
    console.print(f"[red]{name}: does not hold[/]")
    for each in failed[:SHOWN]:
        console.print(f"  {each.text}", markup=False, highlight=False)
    if len(failed) > SHOWN:
        console.print(f"  and {len(failed) - SHOWN} more", highlight=False)


if __name__ == "__main__":
    run_program(main)
