"""A drill in an account: what is refused before anything happens, and a day that is short enough."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest

from scripts.drill.__main__ import account_site
from scripts.drill.account import AccountSite
from scripts.drill.day import busy_day
from scripts.infrastructure.environments import load_environment
from scripts.recovery.standby import Standby
from scripts.talk import UserError


def site(hours: float) -> AccountSite:
    return AccountSite(Standby(load_environment("dev")), "pilot_light", length=timedelta(hours=hours))


@pytest.mark.parametrize("seed", range(5))
def test_a_day_is_shortened_as_a_whole(seed: int) -> None:
    day = busy_day(seed)
    short = site(hours=1).fit(day)
    assert short.lost_after <= timedelta(hours=1)
    assert [each.name for each in short.deeds] == [each.name for each in day.deeds if each.target != "volumes"]
    assert all(each.after < short.lost_after for each in short.deeds)
    assert [each.after for each in short.deeds] == sorted(each.after for each in short.deeds)


def test_a_day_that_is_short_stays_as_long_as_it_is() -> None:
    day = busy_day(1)
    assert site(hours=24).fit(day).lost_after == day.lost_after


@pytest.mark.parametrize(
    ("confirm", "has_storage", "message"),
    [("", True, "CONFIRM=kosha-dev"), ("kosha-prod", True, "CONFIRM=kosha-dev"), ("kosha-dev", False, "STORAGE is ")],
    ids=["nothing said", "another environment", "not mounted"],
)
def test_nothing_is_refused_to_anybody_before_it_is_said_where(
    tmp_path: Path, confirm: str, has_storage: bool, message: str
) -> None:
    if has_storage:
        (tmp_path / "published").mkdir()
    wanted = Mock(confirm=confirm, storage=tmp_path, recovery_storage=tmp_path, stage="pilot_light", hours=2)
    with pytest.raises(UserError, match=message):
        account_site(load_environment("dev"), wanted)
