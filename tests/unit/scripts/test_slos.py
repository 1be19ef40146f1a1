"""The page of the objectives says what the catalogue says."""

import pytest

from scripts.slos import BEGIN, END, PAGE, budget, good, length, page, when
from scripts.talk import UserError


def test_the_page_is_what_the_catalogue_says() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert BEGIN in text
    assert page(text) == text, "run: .venv/bin/python -m scripts.slos"


@pytest.mark.parametrize("text", [f"before\n{END}\nafter", f"before\n{BEGIN}\nafter", f"{BEGIN}{BEGIN}{END}"])
def test_nothing_of_a_page_is_lost_where_a_mark_is_missing_or_twice(text: str) -> None:
    with pytest.raises(UserError, match="no place for the text"):
        page(text)


PERIODS = {
    "counts": "periods",
    "period": 300,
    "objective": 99,
    "window_days": 28,
    "metric": {"name": "Lag"},
    "bad": {"above": 60},
}


def test_periods_in_words() -> None:
    assert good(PERIODS) == "5 minutes with `Lag` at most 60"
    assert budget(PERIODS) == "6.7 hours"
    assert when(PERIODS, {"long": 60, "short": 5, "rate": 14.4}) == "2 of 12 periods are bad, and 1 of the last 1"


def test_events_in_words() -> None:
    events = {"counts": "events", "objective": 95, "bad": {"name": "Failed"}, "total": {"name": "Ended"}}
    assert good(events) == "what `Ended` counts and `Failed` does not"
    assert budget(events) == "5 of 100"
    assert when(events, {"long": 60, "short": 5, "rate": 14.4}) == "more than 72 % are bad in both windows"


def test_minutes_in_words() -> None:
    assert [length(minutes) for minutes in (5, 60, 120, 1440, 4320)] == [
        "5 minutes",
        "1 hour",
        "2 hours",
        "1 day",
        "3 days",
    ]
