"""Which instances are stopped and started, over days, nights and holidays."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.environment import MissingSetting
from instance_scheduler.config import Config
from instance_scheduler.domain import (
    BUSY_UNTIL,
    MARK,
    PROTECT,
    RUN_UNTIL,
    SCHEDULE,
    Action,
    Instance,
    Problem,
    Reason,
    Rules,
    Spare,
    Start,
    Stop,
    Unmark,
    decide,
    is_ours,
    saved,
    to_measure,
)
from instance_scheduler.hours import BadHours, Hours, read_holidays, read_hours

KOLKATA = ZoneInfo("Asia/Kolkata")
HOUR = timedelta(hours=1)
OFFICE = Hours(frozenset(range(5)), time(8), time(20), KOLKATA)
NIGHT = Hours(frozenset({4}), time(20), time(2), KOLKATA)
# The last Friday of the year 2026, and the Monday after it.
FRIDAY, MONDAY = (12, 25), (12, 28)


def at(month: int, day: int, hour: int, minute: int = 0, year: int = 2026) -> datetime:
    """A moment of Indian time."""
    return datetime(year, month, day, hour, minute, tzinfo=KOLKATA).astimezone(UTC)


NOW = at(*FRIDAY, 21)
RULES = Rules(
    schedules={"office-hours": OFFICE, "friday-night": NIGHT, "mornings": replace(OFFICE, start=True)},
    holidays=frozenset({"2026-12-29", "08-15"}),
    override=4 * HOUR,
    busy_percent=5,
    window=timedelta(minutes=30),
)


def instance(state: str = "running", schedule: str = "office-hours", **more: Any) -> Instance:
    """An instance that has run since the morning; ``tags`` are added to its schedule's."""
    tags = {SCHEDULE: schedule} | more.pop("tags", {})
    return Instance("i-1", state, more.pop("launched_at", at(*FRIDAY, 9)), tags, **more)


def due(*instances: Instance, use: float | None = 1.0, now: datetime = NOW) -> list[Action]:
    return decide(instances, {each.id: use for each in instances}, RULES, now)


# Hours ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        (at(*FRIDAY, 7, 59), False),
        (at(*FRIDAY, 8), True),
        (at(*FRIDAY, 19, 59), True),
        (at(*FRIDAY, 20), False),
        (at(12, 26, 12), False),  # Saturday
        (at(*MONDAY, 8), True),
    ],
)
def test_hours_hold_from_their_begin_until_their_end_on_their_weekdays(moment: datetime, holds: bool) -> None:
    assert OFFICE.hold(moment, frozenset()) == holds


def test_the_weekday_is_that_of_the_timezone() -> None:
    """At 08:00 on a Monday in India it is 02:30 in London, and Sunday in New York."""
    assert OFFICE.hold(datetime(2026, 12, 28, 2, 30, tzinfo=UTC), frozenset())
    assert not replace(OFFICE, timezone=ZoneInfo("America/New_York")).hold(at(*MONDAY, 8), frozenset())


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        (at(12, 25, 19, 59), False),
        (at(12, 25, 20), True),
        (at(12, 25, 23, 59), True),
        (at(12, 26, 0), True),
        (at(12, 26, 1, 59), True),
        (at(12, 26, 2), False),
        (at(12, 25, 1), False),  # Thursday's night has no hours
    ],
)
def test_hours_past_midnight_belong_to_the_day_of_their_begin(moment: datetime, holds: bool) -> None:
    assert NIGHT.hold(moment, frozenset()) == holds


def test_hours_go_past_the_ends_of_months_and_years() -> None:
    daily = Hours(frozenset(range(7)), time(22), time(6), KOLKATA)
    for night in (at(12, 31, 23), at(1, 1, 5, year=2027), at(2, 28, 23), at(3, 1, 5), at(2, 29, 5, year=2028)):
        assert daily.hold(night, frozenset())
    assert not daily.hold(at(1, 1, 6, year=2027), frozenset())


def test_a_whole_day_ends_where_the_next_begins() -> None:
    always = read_hours(
        "always", {"weekdays": ["thu", "fri"], "begin": "00:00", "end": "24:00", "timezone": "Asia/Kolkata"}
    )
    assert all(always.hold(at(12, 24, hour, 30), frozenset()) for hour in range(24))
    assert always.hold(at(12, 25, 0), frozenset())
    assert not always.hold(at(12, 26, 0), frozenset())


def test_a_holiday_has_no_hours_and_is_the_day_of_their_begin() -> None:
    assert not OFFICE.hold(at(*MONDAY, 12), frozenset({"2026-12-28"}))
    assert not OFFICE.hold(at(*MONDAY, 12), frozenset({"12-28"}))
    assert OFFICE.hold(at(*MONDAY, 12), frozenset({"2025-12-28"}))
    assert not NIGHT.hold(at(12, 26, 1), frozenset({"12-25"}))
    assert NIGHT.hold(at(12, 26, 1), frozenset({"12-26"}))


def test_daylight_saving_time_moves_hours_with_the_clocks_on_the_wall() -> None:
    """London puts its clocks forward on 29 March 2026 at 01:00: 08:00 is then 07:00 UTC."""
    london = Hours(frozenset(range(7)), time(8), time(20), ZoneInfo("Europe/London"))
    assert not london.hold(datetime(2026, 3, 28, 7, tzinfo=UTC), frozenset())
    assert london.hold(datetime(2026, 3, 29, 7, tzinfo=UTC), frozenset())
    # A night with the hour from 01:00 to 02:00 twice lasts an hour longer.
    night = Hours(frozenset(range(7)), time(22), time(6), ZoneInfo("Europe/London"))
    inside = sum(night.hold(datetime(2026, 10, 24, 20, tzinfo=UTC) + n * HOUR / 4, frozenset()) for n in range(64))
    assert inside == 9 * 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weekdays": ["friday"]}, "weekdays is .*give a list of mon, tue"),
        ({"weekdays": []}, "weekdays is"),
        ({"begin": "8:00"}, "begin is '8:00': give hours and minutes"),
        ({"begin": "24:00"}, "begin is '24:00'"),
        ({"end": "25:00"}, "end is '25:00'"),
        ({"begin": "20:00"}, "begin and end are both '20:00'"),
        ({"timezone": "India"}, "timezone is 'India': give an IANA name"),
        ({"timezone": None}, "timezone is None"),
        ({"start": "yes"}, "start is 'yes': give true or false"),
    ],
)
def test_hours_that_make_no_sense_are_refused_with_what_to_give(change: dict[str, Any], message: str) -> None:
    document = {"weekdays": ["mon"], "begin": "08:00", "end": "20:00", "timezone": "Asia/Kolkata"}
    read_hours("office-hours", document)
    with pytest.raises(BadHours, match=message):
        read_hours("office-hours", document | change)


@pytest.mark.parametrize("day", ["2026-02-30", "15-08", "8-15", 815, "tomorrow"])
def test_a_holiday_that_is_no_day_is_refused(day: Any) -> None:
    with pytest.raises(BadHours, match="is no day"):
        read_holidays(["02-29", day])


# Stopping -------------------------------------------------------------------------------------------------------------


def test_an_idle_instance_is_stopped_after_its_hours_and_not_in_them() -> None:
    assert due(instance()) == [Stop(instance())]
    assert due(instance(), now=at(*FRIDAY, 19, 59)) == []
    assert due(instance(), now=at(12, 29, 12)) == [Stop(instance())]  # a holiday


def test_an_instance_without_the_tag_is_nobodys_business() -> None:
    assert due(Instance("i-1", "running", at(*FRIDAY, 9), {"Name": "production"})) == []


@pytest.mark.parametrize("state", ["pending", "stopping", "shutting-down", "terminated", "stopped"])
def test_an_instance_that_does_not_run_is_not_stopped(state: str) -> None:
    assert due(instance(state)) == []


@pytest.mark.parametrize("value", ["true", "TRUE", "keep", "1"])
def test_a_protected_instance_is_spared(value: str) -> None:
    assert due(instance(tags={PROTECT: value})) == [Spare(instance(tags={PROTECT: value}), Reason.PROTECTED)]


def test_a_protection_that_says_false_is_none() -> None:
    assert isinstance(due(instance(tags={PROTECT: "False"}))[0], Stop)


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (instance(tags={"aws:autoscaling:groupName": "workers"}), Reason.MANAGED),
        (instance(tags={"kubernetes.io/cluster/kosha": "owned"}), Reason.MANAGED),
        (instance(tags={"karpenter.sh/nodepool": "spot"}), Reason.MANAGED),
        (instance(tags={"aws:eks:cluster-name": "kosha"}), Reason.MANAGED),
        (instance(is_managed=True), Reason.MANAGED),
        (instance(is_spot=True), Reason.SPOT),
        (instance(has_ebs_root=False), Reason.INSTANCE_STORE),
    ],
)
def test_what_others_manage_or_nobody_can_stop_is_never_touched(one: Instance, reason: Reason) -> None:
    assert due(one) == [Spare(one, reason)]
    assert due(replace(one, state="stopped", tags={**one.tags, MARK: NOW.isoformat()}), now=at(*MONDAY, 9)) == []


def test_a_lease_spares_until_it_ends() -> None:
    leased = instance(tags={BUSY_UNTIL: "2026-12-25T22:00:00+05:30"})
    assert due(leased) == [Spare(leased, Reason.LEASE, at(*FRIDAY, 22))]
    assert due(leased, now=at(*FRIDAY, 22)) == [Stop(leased)]


def test_an_instance_started_by_hand_outside_of_its_hours_runs_for_the_hours_of_the_setting() -> None:
    one = instance(launched_at=at(*FRIDAY, 20, 30))
    assert due(one) == [Spare(one, Reason.OVERRIDE, at(12, 26, 0, 30))]
    assert due(one, now=at(12, 26, 0, 30)) == [Stop(one)]


def test_an_override_by_tag_lasts_until_the_moment_it_states() -> None:
    one = instance(tags={RUN_UNTIL: "2026-12-27T09:00:00+05:30"})
    assert due(one) == [Spare(one, Reason.OVERRIDE, at(12, 27, 9))]
    assert due(one, now=at(12, 27, 9)) == [Stop(one)]


def test_what_was_started_just_before_the_end_gets_a_window_to_show_what_it_does() -> None:
    one = instance(launched_at=at(*FRIDAY, 19, 55))
    assert due(one, now=at(*FRIDAY, 20)) == [Spare(one, Reason.JUST_STARTED, at(*FRIDAY, 20, 25))]
    assert due(one, now=at(*FRIDAY, 20, 25)) == [Stop(one)]


def test_a_busy_instance_is_spared_and_one_below_the_threshold_is_not() -> None:
    assert due(instance(), use=5.0) == [Spare(instance(), Reason.BUSY)]
    assert due(instance(), use=4.9) == [Stop(instance())]


def test_while_nobody_knows_how_busy_it_is_it_runs_on_and_people_are_told() -> None:
    (action,) = due(instance(), use=None)
    assert isinstance(action, Problem)
    assert action.code == "UseUnknown"


@pytest.mark.parametrize(
    ("tags", "code", "text"),
    [
        (
            {SCHEDULE: "ofice-hours"},
            "UnknownSchedule",
            "'ofice-hours': give one of friday-night, mornings, office-hours",
        ),
        ({BUSY_UNTIL: "tonight"}, "UnreadableTag", "kosha:busy-until is 'tonight': give a moment"),
        ({RUN_UNTIL: ""}, "UnreadableTag", "kosha:run-until is ''"),
    ],
)
def test_a_tag_that_cannot_be_understood_stops_nothing_and_says_what_to_write(
    tags: dict[str, str], code: str, text: str
) -> None:
    (action,) = due(instance(tags=tags))
    assert isinstance(action, Problem)
    assert action.code == code
    assert text in action.text


def test_only_instances_that_nothing_else_spares_are_measured() -> None:
    free = instance()
    others = [
        instance(tags={PROTECT: "true"}),
        instance(tags={BUSY_UNTIL: "2026-12-26T00:00:00+05:30"}),
        instance("stopped"),
    ]
    assert to_measure([free, *others], RULES, NOW) == [free]
    assert to_measure([free], RULES, at(*FRIDAY, 12)) == []


# Starting -------------------------------------------------------------------------------------------------------------

STOPPED = instance(
    "stopped", "mornings", stopped_at=NOW + timedelta(seconds=2), tags={MARK: NOW.isoformat(timespec="seconds")}
)


def test_what_we_stopped_is_started_when_its_hours_begin_and_only_then() -> None:
    assert due(STOPPED) == []
    assert due(STOPPED, now=at(*MONDAY, 7, 59)) == []
    assert due(STOPPED, now=at(*MONDAY, 8)) == [Start(STOPPED)]
    assert due(STOPPED, now=at(12, 29, 8)) == []  # a holiday


def test_nothing_is_started_where_the_hours_do_not_say_so() -> None:
    assert due(replace(STOPPED, tags={**STOPPED.tags, SCHEDULE: "office-hours"}), now=at(*MONDAY, 8)) == []


def test_what_somebody_else_stopped_stays_stopped() -> None:
    assert due(instance("stopped", "mornings"), now=at(*MONDAY, 8)) == []
    later = replace(STOPPED, stopped_at=NOW + HOUR)  # started by hand and stopped again between two looks
    assert due(later, now=at(*MONDAY, 8)) == [Unmark(later)]


def test_a_mark_that_cannot_be_read_starts_nothing() -> None:
    garbled = replace(STOPPED, tags={**STOPPED.tags, MARK: "yesterday"})
    assert due(garbled, now=at(*MONDAY, 8)) == [Unmark(garbled)]
    assert saved(garbled, NOW) == timedelta(0)


def test_a_mark_is_believed_where_ec2_does_not_say_when_it_was_stopped() -> None:
    assert is_ours(replace(STOPPED, stopped_at=None))


def test_an_instance_that_runs_again_loses_its_mark_and_its_hours_are_counted() -> None:
    again = replace(STOPPED, state="running", launched_at=at(*MONDAY, 9))
    assert due(again, now=at(*MONDAY, 9, 15)) == [Unmark(again)]
    assert saved(again, again.launched_at) == 60 * HOUR
    assert due(again, now=at(*MONDAY, 21)) == [Unmark(again), Stop(again)]


# Whatever happens -----------------------------------------------------------------------------------------------------

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))
TIMES = st.times().map(lambda each: each.replace(second=0, microsecond=0))
ZONES = st.sampled_from([ZoneInfo(name) for name in ("Asia/Kolkata", "Europe/London", "America/New_York", "UTC")])
HOURS = st.builds(
    Hours,
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    begin=TIMES,
    end=TIMES,
    timezone=ZONES,
    start=st.booleans(),
)
MOMENT_TEXTS = st.one_of(MOMENTS.map(datetime.isoformat), st.sampled_from(["", "tonight", "2026-13-01"]))
TAGS = st.fixed_dictionaries(
    {},
    optional={
        SCHEDULE: st.sampled_from(["a", "b", "unknown"]),
        PROTECT: st.sampled_from(["true", "false", ""]),
        BUSY_UNTIL: MOMENT_TEXTS,
        RUN_UNTIL: MOMENT_TEXTS,
        MARK: MOMENT_TEXTS,
        "aws:autoscaling:groupName": st.just("group"),
    },
)
STATES = st.sampled_from(["pending", "running", "stopping", "stopped", "shutting-down", "terminated"])


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Instance], dict[str, float | None], Rules, datetime]:
    """Instances of any kind at any moment, under any rules."""
    now = draw(MOMENTS)
    near = st.timedeltas(-timedelta(days=3), timedelta(hours=1)).map(lambda past: now + past)
    found = [
        Instance(f"i-{number}", draw(STATES), draw(near), draw(TAGS), draw(st.none() | near), draw(st.booleans()))
        for number in range(draw(st.integers(0, 4)))
    ]
    rules = Rules(
        schedules={"a": draw(HOURS), "b": draw(HOURS)},
        holidays=draw(st.frozensets(st.one_of(MOMENTS.map(lambda day: f"{day:%Y-%m-%d}"), st.just("01-26")))),
        override=4 * HOUR,
        busy_percent=5,
        window=timedelta(minutes=30),
    )
    use = {each.id: draw(st.none() | st.floats(0, 100)) for each in found}
    return found, use, rules, now


def applied(instances: Iterable[Instance], actions: Iterable[Action], now: datetime) -> list[Instance]:
    """The instances after what was decided is done."""
    known = {each.id: each for each in instances}
    for action in actions:
        one = known[action.instance.id]
        without = {name: value for name, value in one.tags.items() if name != MARK}
        match action:
            case Stop():
                known[one.id] = replace(one, state="stopped", stopped_at=now, tags=without | {MARK: now.isoformat()})
            case Start():
                known[one.id] = replace(one, state="running", launched_at=now, tags=without)
            case Unmark():
                known[one.id] = replace(one, tags=without)
    return list(known.values())


def changes(actions: Iterable[Action]) -> list[Action]:
    return [each for each in actions if isinstance(each, Stop | Start | Unmark)]


@given(situations())
def test_deciding_again_after_what_was_decided_is_done_changes_nothing(
    situation: tuple[list[Instance], Mapping[str, float | None], Rules, datetime],
) -> None:
    found, use, rules, now = situation
    after = applied(found, decide(found, use, rules, now), now)
    assert changes(decide(after, use, rules, now)) == []


@given(situations())
def test_only_what_runs_outside_of_its_hours_and_is_nobody_elses_is_stopped(
    situation: tuple[list[Instance], Mapping[str, float | None], Rules, datetime],
) -> None:
    found, use, rules, now = situation
    for action in decide(found, use, rules, now):
        one = action.instance
        if isinstance(action, Stop):
            assert one.state == "running"
            assert not one.is_spot
            assert one.tags.get(PROTECT, "") in ("", "false")
            assert not rules.schedules[one.tags[SCHEDULE]].hold(now, rules.holidays)
            assert use[one.id] is not None
        if isinstance(action, Start):
            assert one.state == "stopped"
            assert MARK in one.tags


@given(HOURS, MOMENTS)
def test_hours_hold_for_less_than_a_day_at_a_time_on_each_of_their_days(hours: Hours, moment: datetime) -> None:
    """Total for any moment; and in any week they hold at some time unless daylight saving time swallows them."""
    week = [moment + n * HOUR / 4 for n in range(7 * 24 * 4)]
    held = sum(hours.hold(each, frozenset()) for each in week)
    assert 0 <= held <= len(hours.weekdays) * (24 * 4 + 4)


# Settings -------------------------------------------------------------------------------------------------------------

SETTINGS = {
    "ENVIRONMENT": "test",
    "PLATFORM_TOPIC_ARN": "arn:aws:sns:ap-south-1:111122223333:kosha-test-platform",
    "REPORTS_BUCKET": "reports",
    "SCHEDULES": json.dumps(
        {"office-hours": {"weekdays": ["mon"], "begin": "08:00", "end": "20:00", "timezone": "Asia/Kolkata"}}
    ),
    "HOLIDAYS": '["01-26"]',
}


def test_settings_are_read_from_the_environment() -> None:
    rules = Config.from_environment(SETTINGS).rules
    assert rules.schedules == {"office-hours": replace(OFFICE, weekdays=frozenset({0}))}
    assert (rules.holidays, rules.override, rules.busy_percent) == ({"01-26"}, 4 * HOUR, 5)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SCHEDULES", "", "SCHEDULES is not set"),
        ("SCHEDULES", "08:00", "SCHEDULES is not JSON"),
        ("SCHEDULES", "{}", "SCHEDULES holds no hours"),
        ("SCHEDULES", '{"a": 1}', "a is no object"),
        ("HOLIDAYS", '["monday"]', "'monday' is no day"),
        ("HOLIDAYS", '"01-26"', "give a list"),
        ("OVERRIDE_HOURS", "-1", "OVERRIDE_HOURS is '-1'"),
    ],
)
def test_a_setting_that_makes_no_sense_ends_the_cold_start_with_its_name(name: str, value: str, message: str) -> None:
    with pytest.raises(MissingSetting, match=message):
        Config.from_environment(SETTINGS | {name: value})
