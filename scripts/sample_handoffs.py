"""Write the handoffs of the applied local platform to ``tests/data/handoffs``.

The policy checks plan with these samples. Run this after a root publishes something new; ``tests/local`` fails, and
names this command, while a sample has another shape than the real document.
"""

from __future__ import annotations

import argparse
import json

from scripts.handoff import read_handoff
from scripts.infrastructure.environments import ROOTS, load_environment
from scripts.paths import SAMPLE_HANDOFFS
from scripts.talk import run_program


def main() -> int:
    argparse.ArgumentParser(prog="sample_handoffs", description=__doc__).parse_args()
    environment = load_environment("local")
    SAMPLE_HANDOFFS.mkdir(parents=True, exist_ok=True)
    for root in ROOTS:
        text = json.dumps(read_handoff(environment, root), indent=2, sort_keys=True)
        (SAMPLE_HANDOFFS / f"{root}.json").write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    run_program(main)
