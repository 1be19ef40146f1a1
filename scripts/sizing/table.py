"""The tables of docs/sizing.md, between marks; the rest of the page is written by people."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.kubernetes.jobs import memory_request_mib
from scripts.marks import put_between
from scripts.pipeline import TOOLCHAINS
from scripts.sizing.measure import Step

DEFAULT_MB = 1000
"""What a rule that names no memory asks for on the cluster (profiles/eks)."""


def put_into(page: str, mark: str, text: str) -> str:
    """The page with a text between ``<!-- mark -->`` and ``<!-- end -->``."""
    return put_between(page, f"<!-- {mark} -->\n", "<!-- end -->", text)


def tables(steps: Sequence[Step]) -> str:
    """The tables of both toolchains."""
    return "".join(table(steps, toolchain) for toolchain in TOOLCHAINS)


def table(steps: Sequence[Step], toolchain: str) -> str:
    """One toolchain: for each step what it asks for, and at each depth its peak memory, wall and CPU seconds."""
    own = [step for step in steps if step.toolchain == toolchain]
    sizes = {step.depth: step.read_mib for step in own}
    lines = [
        f"## {toolchain.capitalize()}",
        "",
        "| step | threads | asks for, MiB | its pod, MiB | "
        + " | ".join(f"peak MiB at {depth:g}x ({size:.0f} MiB of FASTQ) | s | CPU s" for depth, size in sizes.items())
        + " |",
        "|---|" + "---:|" * (3 + 3 * len(sizes)),
    ]
    for name in dict.fromkeys(step.step for step in own):
        at = {step.depth: step for step in own if step.step == name}
        asked = max(step.asked_mib for step in at.values())
        pod = memory_request_mib(asked * 2**20 / 10**6 if asked else DEFAULT_MB)
        cells = [f"{s.memory_mib:.0f} | {s.seconds:.0f} | {s.cpu_seconds:.0f}" for s in (at[depth] for depth in sizes)]
        threads = max(step.threads for step in at.values())
        lines.append(f"| {name} | {threads} | {f'{asked:.0f}' if asked else '-'} | {pod} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", ""])
