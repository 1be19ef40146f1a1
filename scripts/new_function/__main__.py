"""Command line: ``python -m scripts.new_function NAME --description TEXT`` (``make new-function``).

Writes the files of ``templates/`` and the function's place in the lists there are. All is made in memory first:
where a list is not found, or the name is taken, nothing is written.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scripts.infrastructure.terraform import find_terraform, terraform_environment
from scripts.paths import BUILD, REPOSITORY
from scripts.talk import UserError, make_console, run_program

TEMPLATES = Path(__file__).parent / "templates"
# Joined to <organisation>-<environment>-recovery, a name may have 51 characters (modules/function).
LONGEST_NAME = 30
DESCRIPTION = "Says what is too large"

PACKAGE = ("__init__", "handler", "config", "domain", "aws", "permissions", "messages", "runner")
FILES = {f"package/{file}.py.j2": f"lambda_src/{{name}}/{file}.py" for file in PACKAGE} | {
    "module.tf.j2": "modules/automation/{name}.tf",
    "archive.zip.j2": "modules/automation/tests/functions/{name}.zip",
    "tests/unit.py.j2": "tests/unit/functions/test_{name}.py",
    "tests/functional.py.j2": "tests/functional/functions/test_{name}.py",
    "runbook.md.j2": "docs/runbooks/{kebab}.md",
}
"""Template -> the file that is made of it."""


@dataclass(frozen=True)
class Place:
    """A list that names every function: ``line`` goes before the one place where ``before`` matches."""

    path: str
    before: str
    line: str


PLACES = (
    Place("modules/automation/outputs.tf", r"    \},\n(?=.*\.arn \},)", "      {name} = module.{name}.arn\n"),
    Place(
        "modules/automation/outputs.tf",
        r"    \},\n(?=.*\.schedule_states \},)",
        "      {name} = module.{name}.schedule_states\n",
    ),
    Place(
        "modules/automation/log_alerter.tf",
        r"        \},\n(?=.*\.log_group_name \},)",
        "          {name} = module.{name}.log_group_name\n",
    ),
    # Twice its schedule, and an hour.
    Place("catalog/alarms.yaml", r"(?<=\n)\n(?=# metric )", "    {name}: 49\n"),
    Place("docs/architecture.md", r"\nThey share `lambda_src/common/`", "| `{name}` | every morning | {does} |\n"),
    Place("docs/runbooks/README.md", r"\| \*\*Loss\*\*", "| a notice of {kebab} | [{kebab}]({kebab}.md) |\n"),
)
AUTOMATION = "modules/automation"
HANDOFF = "tests/data/handoffs/40-automation.json"

LEFT = """\
It passes all tests as it is. Left to decide, in lambda_src/{name}:
  domain.py   what it decides; a thing with units and a limit is only an example
  aws.py      what it looks at; each action also in permissions.py and in {module}
and elsewhere:
  {module}
              when it is called (now daily at 07:00 in India), LIMIT, timeout; where environments differ, variables of
              the module and of the roots 40-automation and 90-recovery
  {runbook}
              what people do about a finding
  docs/failures.md, docs/coverage.md, tests/local
              what can go wrong, which requirement it serves, that it works when it is deployed
"""

console = make_console()


def check(name: str, description: str) -> None:
    """Raises :class:`UserError` for a name that is taken or cannot be one, or a description that is no sentence."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", name):
        raise UserError(
            f"'{name}' is no name of a function: give two words or more joined by _, e.g. NAME=quota_watcher"
        )
    if len(name) > LONGEST_NAME:
        raise UserError(f"'{name}' has {len(name)} characters: names made from it take {LONGEST_NAME} at most")
    taken = [path for path in written(name) if (REPOSITORY / path).exists()]
    if taken or (REPOSITORY / "lambda_src" / name).exists() or importlib.util.find_spec(name):
        raise UserError(f"'{name}' is taken ({', '.join(taken) or 'a Python package'}): choose another name")
    # What modules/function takes; and quotes would end texts of Terraform and Python.
    if not re.fullmatch(r"[A-Z][^\"\\$%{}\n|]{9,150}", description) or description.endswith("."):
        raise UserError(
            f"'{description}' does not describe a function: one sentence of 10 to 150 characters that begins with a "
            "capital letter and has no full stop, quote, $, %, brace or bar, "
            'e.g. DESCRIPTION="Tells when a directory is nearly full"'
        )


def words(name: str, description: str) -> dict[str, str]:
    """What templates and lists are filled with."""
    kebab = name.replace("_", "-")
    return {
        "name": name,
        "kebab": kebab,
        "description": description,
        "does": description[0].lower() + description[1:],
        "today": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def written(name: str) -> list[str]:
    """The files that are new, as paths in the repository."""
    return [path.format(name=name, kebab=name.replace("_", "-")) for path in FILES.values()]


def render(name: str, description: str) -> dict[str, str]:
    """Path -> content of every file that is new or changed.

    Raises:
        UserError: a list is not where it was; the message names the file.
    """
    filled = words(name, description)
    # What is made is code, not HTML.
    templates = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701
    made = {path.format(**filled): templates.get_template(template).render(filled) for template, path in FILES.items()}
    for place in PLACES:
        text = made.get(place.path) or (REPOSITORY / place.path).read_text(encoding="utf-8")
        found = list(re.finditer(place.before, text))
        if len(found) != 1:
            raise UserError(
                f"{place.path}: the list of functions was looked for before {place.before!r} and found {len(found)} "
                f"times; mend PLACES in {Path(__file__).relative_to(REPOSITORY)}"
            )
        made[place.path] = text[: found[0].start()] + place.line.format(**filled) + text[found[0].start() :]
    handoff = json.loads((REPOSITORY / HANDOFF).read_text(encoding="utf-8"))
    arns: dict[str, str] = handoff["function_arns"]
    pattern = arns["transfer_starter"]
    arns[name] = pattern.replace("transfer-starter", filled["kebab"])
    made[HANDOFF] = json.dumps(handoff, indent=2, sort_keys=True) + "\n"
    return made


def make(name: str, description: str) -> list[str]:
    """Write the function; returns the paths, new files first."""
    check(name, description)
    made = render(name, description)
    for path, content in made.items():
        target = REPOSITORY / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    python = [path for path in made if path.endswith(".py")]
    ruff = [sys.executable, "-m", "ruff"]
    for command in (
        [*ruff, "check", "--quiet", "--select", "I", "--fix", *python],
        [*ruff, "format", "--quiet", *python],
        [find_terraform(), "fmt", AUTOMATION],
        [sys.executable, "-m", "scripts.architecture"],
    ):
        subprocess.run(command, cwd=REPOSITORY, env=terraform_environment(BUILD), check=True, capture_output=True)
    return list(made)


def main() -> int:
    parser = argparse.ArgumentParser(prog="new_function", description=__doc__)
    parser.add_argument("name", help="name of the package, e.g. quota_watcher")
    parser.add_argument("--description", default="", help="what it does, one sentence without a full stop")
    arguments = parser.parse_args()
    if not arguments.name:
        raise UserError('name the function: make new-function NAME=quota_watcher DESCRIPTION="Tells when ..."')
    name: str = arguments.name
    paths = make(name, arguments.description or DESCRIPTION)
    new = set(written(name))
    for path in paths:
        console.print(f"{'new    ' if path in new else 'changed'} {path}", highlight=False)
    module, runbook = f"modules/automation/{name}.tf", f"docs/runbooks/{name.replace('_', '-')}.md"
    console.print("\n" + LEFT.format(name=name, module=module, runbook=runbook), highlight=False, soft_wrap=True)
    console.print("Try it: make lint test-unit test-plan", highlight=False)
    return 0


if __name__ == "__main__":
    run_program(main)
