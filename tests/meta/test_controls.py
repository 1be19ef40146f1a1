"""The control map names what there is: files, resources, runs and targets are looked for by `make lint`, tests here."""

from scripts.evidence.controls import load
from scripts.paths import REPOSITORY
from tests.meta.named_tests import is_test

CONTROLS = load()


def test_every_source_has_controls_and_there_are_many() -> None:
    assert {control.source for control in CONTROLS.controls} == set(CONTROLS.sources)
    assert len(CONTROLS.controls) >= 60


def test_every_owner_answers_for_something() -> None:
    assert {control.owner for control in CONTROLS.controls} == set(CONTROLS.owners)


def test_every_test_that_is_named_is_there() -> None:
    named = [name for name in CONTROLS.checks("pytest") if (REPOSITORY / name.split("::")[0]).exists()]
    assert named
    assert not is_test(f"{named[0]}_on_the_moon")
    assert [name for name in named if not is_test(name)] == []
