"""The coverage page names what is there."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "coverage.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| [A-Z]\d", line)]


def test_every_row_names_a_command_or_a_test() -> None:
    bare = [row for row in ROWS if not re.search(r"`(make [a-z-]+|tests/\S+\.py)`", row.rsplit("|", 2)[1])]
    assert ROWS
    assert not bare


def test_the_tests_modules_and_checks_it_names_exist() -> None:
    named = re.findall(r"`?((?:tests|modules)/[\w./-]+)", PAGE)
    missing = [name for name in named if not (REPOSITORY / name.rstrip("`).,")).exists()]
    assert not missing
    checks = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "policy" / "checks").glob("*.py"))
    assert all(check in checks for check in re.findall(r"CKV_KOSHA_\d+", PAGE))


def test_no_requirement_stands_twice() -> None:
    identifiers = [row.split("|")[1].strip() for row in ROWS]
    assert len(identifiers) == len(set(identifiers))
