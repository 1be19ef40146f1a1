"""Every function is complete: the same files, tests, an event sample, a runbook, and a place in Terraform."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FUNCTIONS = sorted(
    path.name
    for path in (REPOSITORY / "lambda_src").iterdir()
    if path.is_dir() and path.name != "common" and not path.name.startswith("__")
)


def test_there_are_functions() -> None:
    assert len(FUNCTIONS) >= 3


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("file", ["handler.py", "domain.py", "aws.py", "config.py", "permissions.py", "__init__.py"])
def test_function_has(function: str, file: str) -> None:
    assert (REPOSITORY / "lambda_src" / function / file).exists()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_has_tests_of_both_rings(function: str) -> None:
    assert list((REPOSITORY / "tests" / "unit" / "functions").rglob(f"*{function}*"))
    assert list((REPOSITORY / "tests" / "functional" / "functions").rglob(f"*{function}*"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_has_a_runbook_that_its_alarms_name(function: str) -> None:
    runbook = REPOSITORY / "docs" / "runbooks" / f"{function.replace('_', '-')}.md"
    text = runbook.read_text(encoding="utf-8")
    assert "Owner:" in text
    assert "Last review:" in text
    headings = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["Symptoms", "Diagnose", "Decide", "Act", "Verify", "Undo"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_is_deployed(function: str) -> None:
    module = REPOSITORY / "modules" / "automation"
    assert any(function in path.read_text(encoding="utf-8") for path in module.glob("*.tf"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_decisions_touch_neither_aws_nor_the_clock_nor_the_environment(function: str) -> None:
    text = (REPOSITORY / "lambda_src" / function / "domain.py").read_text(encoding="utf-8")
    for forbidden in ("boto3", "botocore", "os.environ", "datetime.now", "time.time", "import time"):
        assert forbidden not in text
