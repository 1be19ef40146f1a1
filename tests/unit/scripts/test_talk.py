"""A program that cannot do what it is asked for says so in one message, whatever stands in it."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.talk import AlreadySaidError, UserError, run_program


def ends_with(main: Callable[[], int]) -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        run_program(main)
    return ended.value.code


def fails_with(error: Exception) -> Callable[[], int]:
    def main() -> int:
        raise error

    return main


@pytest.mark.parametrize("text", ["there is no '[/x]'", "there is no '[red]'", "module.a[each.key]", "a\\[b]"])
def test_a_message_is_printed_to_the_letter(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ends_with(fails_with(UserError(text))) == 1
    assert capsys.readouterr().err == f"error: {text}\n"


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()

    def main() -> int:
        (tmp_path / "file" / "page").mkdir(parents=True)
        return 0

    assert ends_with(main) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {tmp_path / 'file'}")
    assert "cannot be used: Not a directory; free it or name another place" in said


def test_a_full_disk_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert ends_with(fails_with(OSError(errno.ENOSPC, "No space left on device"))) == 1
    assert "cannot be used: No space left on device" in capsys.readouterr().err


def test_what_the_programs_fault_is_keeps_its_traceback() -> None:
    with pytest.raises(FileNotFoundError):
        run_program(fails_with(FileNotFoundError(errno.ENOENT, "No such file or directory", "x")))


def test_what_another_program_has_said_is_not_said_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert ends_with(fails_with(AlreadySaidError("no"))) == 1
    assert capsys.readouterr().err == ""
