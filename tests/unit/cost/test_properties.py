"""What must hold of the model whatever the numbers are."""

from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scripts.cost.lake import Flow, Terms, lake_usages
from scripts.cost.ledger import Group, Ledger, Usage, priced
from scripts.cost.lifecycle import FOREVER, KB, Rule, Transition, stages
from scripts.cost.prices import DAYS, PriceTable, Side, load_prices
from scripts.cost.workload import Overwritten

MONTHS = 12
WATERFALL = ("STANDARD_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")


def flat(table: PriceTable) -> PriceTable:
    """Without the tiers of STANDARD, which make twice as much a little less than twice as dear."""
    return table.replaced("s3.storage.STANDARD", 0.025)


TABLE = flat(load_prices())

sizes = st.floats(min_value=KB, max_value=100)
counts = st.lists(st.floats(min_value=0, max_value=1e6), min_size=MONTHS, max_size=MONTHS)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    classes = [each for each in WATERFALL if draw(st.booleans())]
    days = sorted(draw(st.lists(st.integers(1, 400), min_size=len(classes), max_size=len(classes), unique=True)))
    expire = draw(st.none() | st.integers(1, 800))
    return Rule(
        transitions=tuple(Transition(days=day, storage_class=each) for day, each in zip(days, classes, strict=True)),
        noncurrent_days=draw(st.none() | st.integers(1, 400)),
        expire_days=expire,
    )


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    return Terms(
        replicated=draw(st.booleans()),
        replication_time=draw(st.booleans()),
        overwritten=Overwritten(percent=draw(st.floats(0, 100)), after_days=draw(st.floats(0.5, 300))),
        read_back_percent_a_month=draw(st.floats(0, 100)),
        spread=draw(st.sampled_from([0.0, DAYS])),
    )


def used(gb: float, number: list[float], rule: Rule, kept: Terms) -> list[Usage]:
    both = {Side.PRIMARY: rule, Side.RECOVERY: rule}
    return list(lake_usages([Flow("reads", "FASTQ", gb, number)], {"reads": both}, kept, TABLE))


def ledger(gb: float, number: list[float], rule: Rule, kept: Terms) -> Ledger:
    return priced(used(gb, number, rule, kept), TABLE)


@given(gb=sizes, number=counts, rule=rules(), kept=terms())
@settings(max_examples=40)
def test_nothing_is_negative_and_the_lines_are_the_sum(gb: float, number: list[float], rule: Rule, kept: Terms) -> None:
    made = ledger(gb, number, rule, kept)
    assert all(line.usd >= -1e-9 for line in made.lines)
    whole = made.total()
    for parts in (
        [line.usd for line in made.lines],
        made.by(lambda line: line.usage.group).values(),
        made.monthly(MONTHS),
    ):
        assert abs(sum(parts) - whole) <= 1e-6 * max(whole, 1)
    assert abs(sum(made.total([group]) for group in Group) - whole) <= 1e-6 * max(whole, 1)


@given(gb=sizes, number=counts, rule=rules(), kept=terms())
@settings(max_examples=40)
def test_twice_the_files_are_twice_of_every_volume(gb: float, number: list[float], rule: Rule, kept: Terms) -> None:
    once = used(gb, number, rule, kept)
    twice = used(gb, [2 * each for each in number], rule, kept)
    assert len(once) == len(twice)
    for one, other in zip(once, twice, strict=True):
        assert one.by_volume
        assert abs(other.quantity - 2 * one.quantity) <= 1e-6 * max(abs(one.quantity), 1e-6)


@given(gb=sizes, number=counts, rule=rules(), kept=terms(), more=st.integers(1, 400))
@settings(max_examples=40)
def test_who_keeps_longer_stores_more(gb: float, number: list[float], rule: Rule, kept: Terms, more: int) -> None:
    """Of what is stored, not of what is paid: deleting early is charged."""
    assume(rule.noncurrent_days is not None)
    longer = rule.model_copy(update={"noncurrent_days": (rule.noncurrent_days or 0) + more})
    if rule.expire_days is not None:
        longer = longer.model_copy(update={"expire_days": rule.expire_days + more})
    assert stored(used(gb, number, longer, kept)) >= stored(used(gb, number, rule, kept)) - 1e-6


def stored(usages: list[Usage]) -> float:
    return sum(usage.quantity for usage in usages if usage.what == "tags")


@given(gb=sizes, rule=rules(), gone=st.none() | st.floats(0.5, 900))
def test_an_object_is_always_in_one_class(gb: float, rule: Rule, gone: float | None) -> None:
    life = stages(rule, gb, gone)
    assert life[0].storage_class == "STANDARD"
    assert life[0].begin == 0
    assert all(before.end == after.begin for before, after in pairwise(life))
    assert all(stage.days > 0 for stage in life)
    hidden = min(gone if gone is not None else FOREVER, rule.expire_days if rule.expire_days is not None else FOREVER)
    assert life[-1].end == hidden + (rule.noncurrent_days if rule.noncurrent_days is not None else FOREVER)
