"""The corpus of faults is sound: every one can still be written, and every area has some."""

import re

import pytest

from scripts.mutants import AREAS, CORPUS, Mutant, load_mutants
from scripts.paths import REPOSITORY

MUTANTS = load_mutants(REPOSITORY / CORPUS)


def test_there_are_enough_in_every_area() -> None:
    assert len(MUTANTS) >= 45
    assert {mutant.area for mutant in MUTANTS} == set(AREAS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_mutant_can_be_written(mutant: Mutant) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", mutant.id)
    assert re.fullmatch(r"[A-Za-z].{30,}\.", mutant.wrong), "wrong is a sentence: what is wrong, and why it matters"
    assert re.fullmatch(r"(modules|terraform)/[a-z0-9-]+/([a-z-]+/)?[a-z0-9_-]+\.tf", mutant.file)
    assert mutant.new != mutant.old
    assert (REPOSITORY / mutant.file).read_text(encoding="utf-8").count(mutant.old) == 1
