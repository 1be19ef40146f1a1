"""The pictures of the architecture are those of the code, and show what there is."""

import json
import re

import pytest

from scripts.architecture import END, PAGE, flow_picture, functions, renewed, roots_picture
from scripts.infrastructure.environments import ROOTS
from scripts.infrastructure.order import handoffs_read
from scripts.paths import REPOSITORY
from scripts.talk import UserError


def test_the_page_shows_what_there_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert renewed(page) == page, "run: make architecture"


def test_the_table_of_handoffs_has_the_fields_that_roots_publish() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for path in (REPOSITORY / "tests" / "data" / "handoffs").glob("*.json"):
        published = json.loads(path.read_text(encoding="utf-8"))
        (row,) = re.findall(rf"^\| `{path.stem}`.*", page, re.M)
        # In braces: the keys of a map.
        assert set(re.findall(r"`(\w+)`", re.sub(r"\{[^}]*\}", "", row))) - {path.stem} == set(published), path.stem


def test_every_root_but_the_first_reads_a_handoff_of_one_before_it() -> None:
    read = handoffs_read()
    assert list(read) == list(ROOTS)
    assert read["10-foundation"] == ()
    for root, others in read.items():
        assert root == "10-foundation" or others
        assert all(ROOTS.index(other) < ROOTS.index(root) for other in others)


def test_every_function_is_called_by_something_and_tells_somebody() -> None:
    found = functions()
    packages = {path.parent.name for path in (REPOSITORY / "lambda_src").glob("*/handler.py")}
    assert {each.name for each in found} == packages
    for each in found:
        assert each.schedules or each.on_transfer or each.on_logs, each.name
        assert each.topics, each.name
        assert all(re.fullmatch(r"(cron|rate)\(.+\)", expression) for expression in each.schedules.values())


def test_every_arrow_joins_two_things_that_are_drawn() -> None:
    text = "\n".join([*roots_picture(), *flow_picture()])
    drawn = set(re.findall(r"(?:^ +|subgraph )(\w+)[\[(]", text, re.M))
    arrows = re.findall(r"(\w+)(?:\(.*\))? (?:-->|-\.->)(?:\|[^|]*\|)? (\w+)$", text, re.M)
    assert len(arrows) > 40
    assert {end for arrow in arrows for end in arrow} <= drawn


def test_a_page_without_its_marks_is_refused() -> None:
    with pytest.raises(UserError, match="marks"):
        renewed(PAGE.read_text(encoding="utf-8").replace(END, ""))
