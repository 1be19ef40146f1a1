"""The mode in the event of a function that is called by schedules and by people: what is to be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class BadRequest(ValueError):
    """An event that makes no sense; the message says what to send."""


def read_mode(event: Any, modes: tuple[str, ...], default: str | None = None) -> str:
    """Which of ``modes`` the event asks for; ``default`` where it names none.

    Raises:
        BadRequest: none of them.
    """
    mode = event.get("mode", default) if isinstance(event, Mapping) else None
    if mode not in modes:
        raise BadRequest(f"mode is {mode!r}; send one of {', '.join(modes)}")
    return str(mode)
