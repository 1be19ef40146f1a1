"""Draw the architecture from the code's own facts into docs/architecture.md: ``python -m scripts.architecture``.

Two pictures in Mermaid, which GitHub shows: who reads whose handoff, and how data and calls flow. What is drawn is read
from Terraform and the catalogue, so a root, a function, a schedule or a transfer that is new is in the picture, or the
test fails that compares them (tests/meta/test_architecture.py).
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from scripts.infrastructure.environments import BOOTSTRAP, RECOVERY, ROOTS
from scripts.infrastructure.order import handoffs_read, without_comments
from scripts.marks import put_between
from scripts.paths import CATALOG, MODULES, REPOSITORY
from scripts.talk import UserError, make_console, run_program

PAGE = REPOSITORY / "docs" / "architecture.md"
BEGIN, END = "<!-- made by make architecture -->", "<!-- end of what make architecture makes -->"
AUTOMATION = MODULES / "automation"
TOPICS = ("transfer", "data", "platform")


@dataclass(frozen=True)
class Function:
    """Of modules/automation: ``schedules`` are name -> expression, ``calls`` other functions."""

    name: str
    schedules: dict[str, str]
    on_transfer: bool
    on_logs: bool
    starts_transfers: bool
    topics: tuple[str, ...]
    calls: tuple[str, ...]
    instances: tuple[str, ...] = ()


def default_schedules() -> dict[str, str]:
    """Variable of modules/automation -> the expression it has by default."""
    text = without_comments(AUTOMATION / "variables.tf")
    blocks = re.split(r'^variable "', text, flags=re.M)[1:]
    return {
        block.split('"')[0]: match[1]
        for block in blocks
        if (match := re.search(r'default\s+= \{.*?expression\s+= "(.*?)"', block, re.S))
    }


def functions() -> list[Function]:
    """Every function, as Terraform calls it.

    Raises:
        UserError: a package of ``lambda_src`` is called nowhere in modules/automation.
    """
    schedules = default_schedules()
    found = []
    for package in sorted(path.parent.name for path in (REPOSITORY / "lambda_src").glob("*/handler.py")):
        path = AUTOMATION / f"{package}.tf"
        text = without_comments(path) if path.exists() else ""
        block = re.search(rf'^module "{package}" \{{\n(.*?)^\}}', text, re.M | re.S)
        if block is None:
            raise UserError(f'{path}: there is no module "{package}"; every function has one in a file of its name')
        text = block[1]
        listed = re.search(r"^  schedules\s+= \{(.*?)^  [a-z_]+\s+=", text, re.M | re.S)
        instances = ()
        if "for_each" in text:
            directories = yaml.safe_load((CATALOG / "shared-storage.yaml").read_text(encoding="utf-8"))["directories"]
            instances = tuple(sorted(name for name, each in directories.items() if each.get("cleaned")))
        found.append(
            Function(
                name=package,
                schedules=dict(_expressions(listed[1], schedules)) if listed else {},
                on_transfer="local.transfer_ended" in text,
                on_logs="log_filters" in text,
                starts_transfers="datasync:StartTaskExecution" in text,
                topics=tuple(topic for topic in TOPICS if _publishes(text, topic)),
                calls=tuple(sorted(set(re.findall(r"module\.(\w+)\.arn", text)) - {package})),
                instances=instances,
            )
        )
    return found


def _publishes(text: str, topic: str) -> bool:
    own = re.search(r'"sns:Publish"\]\s+resources\s+= (.*)', text)
    return f"publish_notices.{topic}" in text or bool(own and f"topic_arns.{topic}" in own[1])


def _expressions(text: str, defaults: dict[str, str]) -> Iterator[tuple[str, str]]:
    pattern = r"(?<!\w)(?!timezone\b)(\w+)\s+=\s+((?:merge\()?var\.\w+|\{ expression = \"[^\"]+\")"
    for name, value in re.findall(pattern, text):
        variable = re.search(r"var\.(\w+)", value)
        expression = defaults[variable[1]] if variable else value.split('"')[1]
        yield name, expression


def identifier(name: str) -> str:
    return re.sub(r"\W", "_", name)


def roots_picture() -> list[str]:
    """Who reads whose handoff."""
    lines = ["flowchart LR", f'  r{identifier(BOOTSTRAP)}["{BOOTSTRAP}<br/>buckets of the states"]']
    lines += [f'  r{identifier(root)}["{root}"]' for root in ROOTS]
    for root, read in handoffs_read().items():
        arrow = "-.->" if root == RECOVERY else "-->"
        lines += [f"  r{identifier(other)} {arrow} r{identifier(root)}" for other in read]
    return lines


def flow_picture() -> list[str]:
    """Data from the shared storage to the replica, and who calls which function."""
    transfers = yaml.safe_load((CATALOG / "shared-storage.yaml").read_text(encoding="utf-8"))["transfers"]
    lines = ["flowchart LR"]
    lines += ['  subgraph storage["shared storage (EFS)"]']
    lines += [f'    d{identifier(each["directory"])}["{each["directory"]}/"]' for each in transfers.values()]
    lines += ["  end", '  lake[("data lake (S3)")]', '  replica[("replica, recovery region")]']
    lines += ['  lake -->|"replication"| replica', "  replica --> lake"]
    for name, each in transfers.items():
        place = f"{each['lake_prefix']}/" if each["lake_prefix"] else "the folder of the class"
        label = f"{name}: every {each['every_minutes']} minutes, to {place}"
        lines.append(f'  d{identifier(each["directory"])} -->|"{label}"| lake')
    lines += [
        '  ended(["transfer ended (EventBridge)"])',
        "  storage -.-> ended",
        '  logs(["log lines (subscription filters)"])',
    ]
    lines += [f'  t{topic}[/"topic {topic}"/]' for topic in TOPICS]
    for each in functions():
        shown = f"{each.name}<br/>one each for {', '.join(each.instances)}" if each.instances else each.name
        lines.append(f'  f{each.name}["{shown}"]')
        if each.schedules:
            when = "<br/>".join(f"{name}: {expression}" for name, expression in each.schedules.items())
            lines.append(f'  s{each.name}(["{when}"]) --> f{each.name}')
        lines += [f"  ended --> f{each.name}"] if each.on_transfer else []
        lines += [f"  logs --> f{each.name}"] if each.on_logs else []
        lines += [f"  f{each.name} -.->|starts the transfers| storage"] if each.starts_transfers else []
        lines += [f"  f{each.name} --> t{topic}" for topic in each.topics]
        lines += [f"  f{each.name} -.->|calls| f{other}" for other in each.calls]
    return lines


def made() -> str:
    """What stands between the marks of the page."""
    parts = ["", "Who reads whose handoff (dotted: in the recovery region, from what lies there):", ""]
    parts += ["```mermaid", *roots_picture(), "```", ""]
    parts += [
        "What moves data, what calls which function (times are of India; an environment may set others), who is told:"
    ]
    parts += [""]
    parts += ["```mermaid", *flow_picture(), "```", ""]
    return "\n".join(parts)


def renewed(page: str) -> str:
    """The page with the pictures of now."""
    return put_between(page, BEGIN, END, made())


def main() -> int:
    argparse.ArgumentParser(prog="architecture", description=__doc__).parse_args()
    page = PAGE.read_text(encoding="utf-8")
    new = renewed(page)
    PAGE.write_text(new, encoding="utf-8")
    make_console().print(f"{PAGE}: {'as it was' if new == page else 'renewed'}", highlight=False)
    return 0


if __name__ == "__main__":
    run_program(main)
