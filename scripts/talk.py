"""How programs talk to people: one console, one way to stop with a clear message."""

from __future__ import annotations

import sys
from collections.abc import Callable

from rich.console import Console

EXIT_FAILURE = 1
EXIT_USAGE = 2


def make_console() -> Console:
    """A console for standard output; where that is no terminal (a log), lines are long rather than folded at 80."""
    return Console() if sys.stdout.isatty() else Console(width=150)


class UserError(Exception):
    """Something the person at the keyboard can mend: the message says what was wrong, where, and what to do."""


class AlreadySaidError(UserError):
    """A program that was called has said what is wrong: its message stands, and nothing is printed after it."""


def run_program(main: Callable[[], int]) -> None:
    """Run ``main`` and exit with its code; a :class:`UserError` becomes one message and exit code 1."""
    try:
        code = main()
    except AlreadySaidError:
        code = EXIT_FAILURE
    except UserError as error:
        Console(stderr=True).print(f"[bold red]error:[/] {error}", highlight=False, soft_wrap=True)
        code = EXIT_FAILURE
    except KeyboardInterrupt:
        Console(stderr=True).print("interrupted: run the same command again, it goes on from a clean state")
        code = 130
    sys.exit(code)
