"""Pages of which a part is written by a program, between two marks; the rest is written by people."""

from __future__ import annotations

from scripts.talk import UserError


def put_between(page: str, begin: str, end: str, text: str) -> str:
    """The page with ``text`` between the marks. Raises :class:`UserError` where they are not in it, ``begin`` once."""
    before, *rest = page.split(begin)
    if len(rest) != 1 or end not in rest[0]:
        raise UserError(f"the page has no place for the text: the marks '{begin.strip()}', once, and '{end}' after it")
    return f"{before}{begin}{text}{end}{rest[0].partition(end)[2]}"
