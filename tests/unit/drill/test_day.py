"""A busy day of chance."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from common.catalogue import load
from common.classification import Classification, classify
from scripts.drill.day import EARLIEST, LATEST, SHARES, busy_day


@pytest.mark.parametrize("seed", range(20))
def test_what_a_day_is(seed: int) -> None:
    day = busy_day(seed)
    assert day == busy_day(seed)
    assert EARLIEST <= day.lost_after <= LATEST
    assert all(timedelta() <= deed.after < day.lost_after for deed in day.deeds)
    assert all(earlier.after <= later.after for earlier, later in pairwise(day.deeds))
    assert 0 < day.lake_lag < 15 * 60
    assert 0 < day.storage_lag < 15 * 60


def test_days_differ_and_have_all_kinds_of_deeds() -> None:
    days = [busy_day(seed) for seed in range(20)]
    assert len({day.lost_after for day in days}) == len(days)
    assert {deed.target for day in days for deed in day.deeds} == set(SHARES)


def test_something_can_be_lost_on_every_day() -> None:
    for day in map(busy_day, range(20)):
        late = [deed.target for deed in day.deeds if day.lost_after - deed.after < timedelta(hours=1)]
        assert len(late) >= 8
        assert len(set(late)) >= 3


def test_what_goes_to_the_lake_is_named_as_the_catalogue_wants() -> None:
    catalogue = load()
    names = [deed.name for seed in range(5) for deed in busy_day(seed).deeds if deed.target == "lake"]
    assert names
    assert all(isinstance(classify(name, catalogue), Classification) for name in names)
