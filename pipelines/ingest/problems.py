"""What can go wrong with an ingestion, said in sentences."""

from __future__ import annotations


class IngestError(Exception):
    """The source, the network or the arguments do not allow it; ``problems`` holds one sentence for each fault."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class Refused(Exception):
    """A record or file of the source is not taken; the message says why. The others go on."""
