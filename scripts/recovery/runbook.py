"""The steps of a runbook page, as people read them and as the drill runs them: there is one list, the page.

A step is a heading ``### <number>. <title>``, below it a line ``Takes <n> minutes.`` (expected on AWS), maybe
followed by ``Gives back: <target>, ...`` (of catalog/recovery.yaml), and one block of shell. The rest is for people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from scripts.talk import UserError

_HEADING = re.compile(r"^### (\d+)\. (.+)$", re.MULTILINE)
_MINUTES = re.compile(r"^Takes (\d+) minutes?\.", re.MULTILINE)
_GIVES_BACK = re.compile(r"Gives back: ([a-z_, ]+)\.")
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """One step; ``minutes`` of AWS's time, and the targets of catalog/recovery.yaml that can be used after it."""

    number: int
    title: str
    minutes: int
    command: str
    gives_back: tuple[str, ...]


def read_steps(page: Path) -> list[Step]:
    """The steps of a page in order. Raises :class:`UserError` naming a step that lacks its minutes or its command."""
    text = page.read_text(encoding="utf-8")
    headings = list(_HEADING.finditer(text))
    if not headings:
        raise UserError(f"{page}: there is no step in it (### 1. ...)")
    ends = [each.start() for each in headings[1:]]
    steps = []
    for expected, (heading, end) in enumerate(zip(headings, [*ends, len(text)], strict=True), start=1):
        body = re.split(r"^## ", text[heading.end() : end], maxsplit=1, flags=re.MULTILINE)[0]
        minutes, blocks = _MINUTES.search(body), _BLOCK.findall(body)
        if int(heading[1]) != expected or minutes is None or len(blocks) != 1:
            raise UserError(
                f"{page.name}, step {heading[1]} ({heading[2]}): a step has its number in order, a line "
                "'Takes <n> minutes.' and one block of shell"
            )
        given = _GIVES_BACK.search(body)
        targets = tuple(each.strip() for each in given[1].split(",")) if given else ()
        steps.append(Step(expected, heading[2], int(minutes[1]), blocks[0].strip(), targets))
    return steps
