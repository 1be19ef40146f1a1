"""How programs talk to people: one console, one way to stop with a clear message."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable

from rich.console import Console
from rich.markup import escape

EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

# What is wrong with a place that a program writes to, rather than with the program.
UNUSABLE_PLACE = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST}
)


def make_console() -> Console:
    """A console for standard output; where that is no terminal (a log), lines are long rather than folded at 80."""
    return Console() if sys.stdout.isatty() else Console(width=150)


class UserError(Exception):
    """Something the person at the keyboard can mend: the message says what was wrong, where, and what to do."""


class AlreadySaidError(UserError):
    """A program that was called has said what is wrong: its message stands, and nothing is printed after it."""


def run_program(main: Callable[[], int]) -> None:
    """Run ``main`` and exit with its code; a :class:`UserError` becomes one message and exit code 1.

    So does a file or folder that cannot be read or written: it is refused, full, or no folder.
    """
    try:
        code = main()
    except AlreadySaidError:
        code = EXIT_FAILURE
    except UserError as error:
        code = _complain(str(error))
    except OSError as error:
        if error.errno not in UNUSABLE_PLACE:
            raise
        place = error.filename or "what is written to"  # a full disk names no file
        code = _complain(f"{place} cannot be used: {error.strerror}; free it or name another place")
    except KeyboardInterrupt:
        Console(stderr=True).print("interrupted: run the same command again, it goes on from a clean state")
        code = EXIT_INTERRUPTED
    sys.exit(code)


def _complain(message: str) -> int:
    Console(stderr=True).print(f"[bold red]error:[/] {escape(message)}", highlight=False, soft_wrap=True)
    return EXIT_FAILURE
