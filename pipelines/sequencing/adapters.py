"""The adapters of a library, from the FASTA files that Trimmomatic comes with.

Such a file names the ends of both adapters ``Prefix.../1`` and ``Prefix.../2``, as they lie before the insert
(Trimmomatic's manual, "The Adapter Fasta"). A mate that reads through a short insert goes on with the other mate's
adapter, reversed and complemented.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

FOLDER = Path("/usr/share/trimmomatic")
_COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


def read_through(lines: Iterable[str]) -> tuple[str, str] | None:
    """What follows the insert in the first and in the second mate; None when the file names no such pair."""
    sequences: dict[str, str] = {}
    name = ""
    for line in map(str.strip, lines):
        if line.startswith(">"):
            name = line[1:]
            sequences[name] = ""
        else:
            sequences[name] = sequences.get(name, "") + line.upper()
    pairs = [
        (sequence, sequences[f"{name[:-1]}2"])
        for name, sequence in sequences.items()
        if name.startswith("Prefix") and name.endswith("/1") and f"{name[:-1]}2" in sequences
    ]
    if len(pairs) != 1:
        return None
    first, second = (sequence.translate(_COMPLEMENT)[::-1] for sequence in pairs[0])
    return second, first
