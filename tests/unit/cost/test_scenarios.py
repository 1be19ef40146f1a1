"""The scenarios of the repository's own files: what docs/cost.md says of them, and what must hold of them."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from scripts.cost import __main__ as program
from scripts.cost.infrastructure import SAMPLE, count, read_plan
from scripts.cost.ledger import Group
from scripts.cost.lifecycle import DATA_CLASSES
from scripts.cost.prices import Side, load_prices
from scripts.cost.scenarios import FAST, Forecast, Inputs, Variation, forecasts, ratios, usages, variations
from scripts.cost.table import TARGET, dollars, unverified, verdict
from scripts.cost.workload import load_workload
from scripts.paths import REPOSITORY

PAGE = (REPOSITORY / "docs" / "cost.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    classes = yaml.safe_load(DATA_CLASSES.read_text(encoding="utf-8"))
    return Inputs(load_workload(), load_prices(), classes, count(read_plan(SAMPLE)))


@pytest.fixture(scope="module")
def found(inputs: Inputs) -> dict[str, Forecast]:
    return forecasts(inputs)


@pytest.fixture(scope="module")
def varied(inputs: Inputs) -> dict[str, Variation]:
    return {each.title: each for each in variations(inputs)}


def test_the_page_has_the_sums_of_today(found: dict[str, Forecast]) -> None:
    """Else copy them from make cost."""
    for each in found.values():
        for usd in (each.lake, each.storage, each.total):
            assert not usd or dollars(usd) in PAGE, f"docs/cost.md lacks {dollars(usd)} of {each.name}"
    copies = found[FAST].ledger.total([Group.SHARED_COPIES])
    assert f"{dollars(copies)} USD against {dollars(found[FAST].lake)}" in PAGE


def test_the_page_has_the_ratios_of_today(varied: dict[str, Variation]) -> None:
    for title in (
        "as the files say it",
        "between regions $0.086 a GB",
        "replicas read at once for good",
        "the same, and between regions $0.086 a GB",
        "replicas in Deep Archive from the second day: 12 hours to read in a disaster",
    ):
        assert f"{varied[title].lake_ratio:.3f}" in PAGE, title


def test_of_another_scenario_than_the_case_study_no_target_is_said(found: dict[str, Forecast]) -> None:
    """The smallest site compares Kosha fast with Kosha classic (examples/smallest-site/catalog/workload.yaml)."""
    said = verdict(found, "kosha_classic", [])
    assert "of what the lake of 'Kosha classic' costs" in said
    assert "target" not in said


def test_the_verdict_says_whether_the_target_is_met_and_what_would_turn_it(
    found: dict[str, Forecast], varied: dict[str, Variation]
) -> None:
    said, _, turned = verdict(found, "case_study", list(varied.values())).partition(": ")[2].partition(". ")
    is_met = found[FAST].lake / found["case_study"].lake <= TARGET
    assert said == ("met" if is_met else "not met")
    assert {title for title, each in varied.items() if title in turned} == {
        title for title, each in varied.items() if (each.lake_ratio <= TARGET) != is_met
    }


def test_no_forecast_of_kosha_pays_for_leaving_early(found: dict[str, Forecast]) -> None:
    assert not [line for each in found.values() for line in each.ledger.lines if "early" in line.usage.what]


def test_no_replica_is_read_later_than_the_lake(found: dict[str, Forecast]) -> None:
    lakes = [each.hours_to_read for each in found.values() if each.scenario.lake]
    assert lakes
    assert all(hours[Side.RECOVERY] <= hours[Side.PRIMARY] for hours in lakes)


def test_an_assumption_moves_the_ratio_the_way_it_should(inputs: Inputs, varied: dict[str, Variation]) -> None:
    base = varied["as the files say it"]
    assert (base.lake_ratio, base.storage_ratio) == ratios(inputs)
    assert varied["CRAM takes 0.3 of the BAM"].lake_ratio < base.lake_ratio
    assert varied["CRAM takes 0.5 of the BAM, not 0.4"].lake_ratio > base.lake_ratio
    assert varied["IA and archive classes -20 %"].lake_ratio < base.lake_ratio
    assert varied["IA and archive classes +20 %"].lake_ratio > base.lake_ratio
    assert varied["between regions $0.086 a GB"].lake_ratio > base.lake_ratio


def test_the_replication_s_time_control_is_billed_where_the_plan_has_it(inputs: Inputs) -> None:
    without = replace(inputs, infrastructure=inputs.infrastructure.model_copy(update={"replication_time": False}))
    assert ratios(without)[0] < ratios(inputs)[0]


@pytest.mark.parametrize("name", ["everything_on_efs", "case_study", FAST])
def test_twice_of_what_comes_in_is_twice_of_every_volume_and_of_nothing_else(inputs: Inputs, name: str) -> None:
    workload = inputs.workload.model_copy(update={"months": 6})
    others = {key: each.model_copy(update={"a_day": 2 * each.a_day}) for key, each in workload.others.items()}
    twice = workload.model_copy(update={"genomes_a_day": 2 * workload.genomes_a_day, "others": others})
    scenario = workload.scenarios[name]
    pairs = zip(
        usages(scenario, replace(inputs, workload=workload)),
        usages(scenario, replace(inputs, workload=twice)),
        strict=True,
    )
    kinds = set()
    for one, other in pairs:
        assert other.quantity == pytest.approx(one.quantity * (2 if one.by_volume else 1)), one.what
        kinds.add(one.by_volume)
    assert kinds == {True, False}


def test_unverified_prices_are_listed_by_what_rests_on_them(found: dict[str, Forecast]) -> None:
    listed = unverified(found)
    assert not [price for price, _ in listed if price.verified]
    assert [usd for _, usd in listed] == sorted((usd for _, usd in listed), reverse=True)
    assert {"s3.storage.GLACIER_IR", "transfer.between_regions", "efs.storage.standard"} <= {p.id for p, _ in listed}
    whole = found[FAST].total
    read = sum(line.usd for line in found[FAST].ledger.lines if line.price.verified)
    assert sum(usd for _, usd in listed) + read == pytest.approx(whole)


def test_make_cost_says_what_each_scenario_costs(
    found: dict[str, Forecast],
    varied: dict[str, Variation],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of what it computes, what it makes of it: the same was computed above."""
    monkeypatch.setattr(program, "forecasts", lambda _: found)
    monkeypatch.setattr(program, "variations", lambda _: list(varied.values()))
    monkeypatch.setattr("sys.argv", ["cost", "forecast", "--page", str(tmp_path / "index.html")])
    assert program.main() == 0
    assert "Kosha fast takes 0." in capsys.readouterr().out
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Prices that are not verified" in page
    assert page.count('<svg class="chart"') == 2
