"""What ``make lake`` refuses, and names of people's files as they are."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest

from scripts import lake
from scripts.talk import UserError


@pytest.mark.parametrize(
    ("words", "said"), [(["--project", ""], "PROJECT="), (["--project", "p", "--newest", "0"], "1 or")]
)
def test_no_project_or_no_object_is_refused(monkeypatch: pytest.MonkeyPatch, words: list[str], said: str) -> None:
    monkeypatch.setattr(sys, "argv", ["lake", *words])
    with pytest.raises(UserError, match=said):
        lake.main()


def test_a_name_is_shown_to_the_letter(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shown = lake.Shown("results/p/[red]x[/y].txt", 1, datetime(2026, 1, 15, tzinfo=UTC), {}, "COMPLETED")
    monkeypatch.setattr(lake, "objects_of", lambda *_: [shown])
    monkeypatch.setattr(lake, "client", lambda *_: None)
    monkeypatch.setattr(lake, "read_handoff", lambda *_: {"lake_bucket": "lake"})
    monkeypatch.setattr(sys, "argv", ["lake", "--project", "p"])
    assert lake.main() == 0
    assert "results/p/[red]x[/y].txt" in capsys.readouterr().out
