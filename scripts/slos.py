"""Write the table of objectives in ``docs/slos.md`` from ``catalog/slos.yaml``: ``python -m scripts.slos``.

A test fails, and names this command, while the page says something else than the catalogue.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

import yaml

from scripts.marks import put_between
from scripts.paths import CATALOG, REPOSITORY
from scripts.talk import run_program

PAGE = REPOSITORY / "docs" / "slos.md"
BEGIN, END = "<!-- from catalog/slos.yaml: python -m scripts.slos -->", "<!-- end -->"


def main() -> int:
    argparse.ArgumentParser(prog="slos", description=__doc__).parse_args()
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


def page(text: str) -> str:
    """The page with the tables as the catalogue has them."""
    slos = yaml.safe_load((CATALOG / "slos.yaml").read_text(encoding="utf-8"))["slos"]
    return put_between(text, BEGIN, END, f"\n{'\n'.join(tables(slos))}\n")


def tables(slos: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """One table of promises, one of burn alarms."""
    yield "| objective | promise | good is | at least | so much may be bad in 28 days | runbook |"
    yield "|---|---|---|---|---|---|"
    for name, slo in slos.items():
        runbook = slo["runbook"].removeprefix("docs/")
        link = f"[{runbook.rpartition('/')[2]}]({runbook})"
        yield f"| `{name}` | {slo['means']} | {good(slo)} | {slo['objective']} % | {budget(slo)} | {link} |"
    yield ""
    yield "| alarm `<name>-slo-...` | long window | short window | rate | tells when |"
    yield "|---|---|---|---|---|"
    for name, slo in slos.items():
        for speed, burn in slo["burn"].items():
            windows = f"{length(burn['long'])} | {length(burn['short'])}"
            yield f"| `{name}-{speed}` | {windows} | {burn['rate']} | {when(slo, burn)} |"


def good(slo: Mapping[str, Any]) -> str:
    """What counts as good, in words."""
    if slo["counts"] == "events":
        return f"what `{slo['total']['name']}` counts and `{slo['bad']['name']}` does not"
    side, limit = next(iter(slo["bad"].items()))
    bound = "at most" if side == "above" else "at least"
    return f"{length(slo['period'] // 60)} with `{slo['metric']['name']}` {bound} {limit}"


def budget(slo: Mapping[str, Any]) -> str:
    """How much of the window may be bad."""
    share = (100 - slo["objective"]) / 100
    if slo["counts"] == "events":
        return f"{100 * share:g} of 100"
    hours = share * slo["window_days"] * 24
    return f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"


def when(slo: Mapping[str, Any], burn: Mapping[str, Any]) -> str:
    """When both windows are in alarm."""
    share = round((100 - slo["objective"]) / 100 * burn["rate"], 6)
    if slo["counts"] == "events":
        return f"more than {100 * share:g} % are bad in both windows"
    long, short = (burn[kind] * 60 // slo["period"] for kind in ("long", "short"))
    bad = [max(1, ceil(share * number)) for number in (long, short)]
    return f"{bad[0]} of {long} periods are bad, and {bad[1]} of the last {short}"


def length(minutes: int) -> str:
    """Minutes as people say them."""
    for size, unit in ((1440, "day"), (60, "hour")):
        if minutes % size == 0:
            number = minutes // size
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return f"{minutes} minutes"


if __name__ == "__main__":
    run_program(main)
