"""Small ledgers, computed by hand with the arithmetic written out; the model must agree within 1 %.

A month is 730 hours, 30.4167 days. Prices are round and flat, so that every step can be checked on paper.
"""

from collections.abc import Iterator, Mapping

import pytest

from scripts.cost.infrastructure import Infrastructure
from scripts.cost.lake import Flow, Terms, lake_usages, requests_to_write
from scripts.cost.ledger import Group, Ledger, Usage, priced
from scripts.cost.lifecycle import KB, Rule, Transition
from scripts.cost.platform import compute_usages, operations_usages, shared_storage_usages
from scripts.cost.prices import DAYS, Overhead, Price, PriceTable, Side, Source, Tier, load_prices
from scripts.cost.workload import Counted, Overwritten, Workload, load_workload
from scripts.talk import UserError

ROUND = {
    "s3.storage.STANDARD": 0.025,
    "s3.storage.STANDARD_IA": 0.0125,
    "s3.storage.GLACIER": 0.004,
    "s3.storage.DEEP_ARCHIVE": 0.002,
    "s3.put": 0.005 / 1000,
    "s3.get": 0.0004 / 1000,
    "s3.tags": 0.01 / 10000,
    "s3.transition.STANDARD_IA": 0.01 / 1000,
    "s3.transition.GLACIER": 0.03 / 1000,
    "s3.transition.DEEP_ARCHIVE": 0.05 / 1000,
    "s3.retrieval.STANDARD_IA": 0.01,
    "s3.retrieval.GLACIER": 0.01,
    "s3.retrieval.DEEP_ARCHIVE": 0.02,
    "kms.request": 0.03 / 10000,
    "transfer.between_regions": 0.02,
    "s3.replication_time": 0.015,
    "efs.storage.standard": 0.30,
    "efs.storage.ia": 0.02,
    "efs.storage.archive": 0.01,
    "efs.read": 0.03,
    "efs.write": 0.06,
    "datasync.basic": 0.0125,
    "backup.efs": 0.05,
}
MINIMUM_DAYS = {"STANDARD_IA": 30, "GLACIER": 90, "DEEP_ARCHIVE": 180}
ONCE = Terms(replicated=False, tags_an_object=0, audits_a_month=0, keys_spare_percent=100, spread=0)
"""All at once on the first day, no replica, nothing but storage and requests."""


def round_prices() -> PriceTable:
    def price(name: str, usd: float, region: str) -> Price:
        storage_class = name.rsplit(".", 1)[-1]
        stored = name.startswith("s3.storage")
        archived = stored and storage_class in ("GLACIER", "DEEP_ARCHIVE")
        return Price(
            id=name, service="-", item=name, region=region, unit="GB", tiers=(Tier(start=0, usd=usd),),
            minimum_days=MINIMUM_DAYS.get(storage_class, 0) if stored else 0,
            minimum_kb=128 if stored and storage_class == "STANDARD_IA" else 0,
            overhead_kb=Overhead(storage_class=32, standard=8) if archived else Overhead(storage_class=0, standard=0),
            source="-", date="2026-11-27", verified=True,
        )  # fmt: skip

    regions = ("ap-south-1", "ap-south-2", "between")
    return PriceTable(
        as_of="2026-11-27",
        regions={"primary": "ap-south-1", "recovery": "ap-south-2"},
        sources={"-": Source(title="-", url="https://example.org", read="2026-11-27")},
        prices=tuple(price(name, usd, region) for name, usd in ROUND.items() for region in regions),
    )


def rule(*transitions: tuple[int, str], **more: int) -> Rule:
    moves = tuple(Transition(days=days, storage_class=storage_class) for days, storage_class in transitions)
    return Rule.model_validate({"transitions": moves, **more})


def lake(flow: Flow, kept: Rule, terms: Terms = ONCE) -> Ledger:
    both = {Side.PRIMARY: kept, Side.RECOVERY: kept}
    return priced(lake_usages([flow], {flow.data_class: both}, terms, round_prices()), round_prices())


def at_once(objects: float, gb: float, months: int) -> Flow:
    return Flow("reads", "FASTQ", gb, [objects] + [0.0] * (months - 1))


def by_what(ledger: Ledger) -> dict[str, float]:
    return ledger.by(lambda line: line.usage.what)


def near(usd: float) -> object:
    return pytest.approx(usd, rel=0.01)


def test_one_cohort_through_tiers_and_deleted_early() -> None:
    """100 objects of 10 GB; IA at day 30, GLACIER at day 90, hidden at day 100, deleted 20 days later: day 120."""
    ledger = by_what(
        lake(
            at_once(100, 10, 6),
            rule((30, "STANDARD_IA"), (90, "GLACIER"), expire_days=100, noncurrent_days=20),
        )
    )
    #  30 days / 30.4167 = 0.98630 months x 1,000 GB x 0.025  = 24.658; 8 KB each while in GLACIER are nothing
    assert ledger["reads in STANDARD"] == near(24.658)
    #  60 days / 30.4167 = 1.97260 months x 1,000 GB x 0.0125 = 24.658
    assert ledger["reads in STANDARD_IA"] == near(24.658)
    #  30 days / 30.4167 = 0.98630 months x 1,000 GB x 0.004  =  3.945
    assert ledger["reads in GLACIER"] == near(3.945)
    #  90 - 30 = 60 days that are billed all the same: 1.97260 x 1,000 x 0.004 = 7.890
    assert ledger["reads deleted or moved early"] == near(7.890)
    #  100 x 0.01 / 1,000 into IA and 100 x 0.03 / 1,000 into GLACIER = 0.004
    assert ledger["lifecycle"] == near(0.004)
    #  10 GB in parts of 64 MB: 160 and 2 around them, 162 x 100 x 0.005 / 1,000 = 0.081
    assert ledger["writing"] == near(0.081)
    #  100 x 0.005 / 1,000
    assert ledger["tagging"] == near(0.0005)
    assert sum(ledger.values()) == near(24.658 + 24.658 + 3.945 + 7.890 + 0.004 + 0.081 + 0.0005)


def test_the_charge_for_an_early_deletion_is_in_the_month_of_the_deletion() -> None:
    ledger = lake(at_once(100, 10, 6), rule((1, "GLACIER"), expire_days=40, noncurrent_days=10))
    #  deleted on day 50, in the second month
    assert {line.usage.month for line in ledger.lines if "early" in line.usage.what} == {1}


def test_a_replica_is_stored_again_and_moved_once() -> None:
    """1 object of 1,000 GB in STANDARD for one month, with a replica under the time control."""
    terms = Terms(tags_an_object=0, audits_a_month=0, keys_spare_percent=100, spread=0)
    groups = lake(at_once(1, 1000, 1), rule(), terms).by(lambda line: line.usage.group)
    assert groups[Group.LAKE] == near(1000 * 0.025)
    assert groups[Group.REPLICA] == near(1000 * 0.025)
    #  1,000 GB x (0.02 + 0.015)
    assert groups[Group.TRANSFER] == near(35)
    #  16,002 writes on each side, as many reads for the replica, and one that tags:
    #  (32,004 + 1) x 0.005 / 1,000 + 16,002 x 0.0004 / 1,000 = 0.16003 + 0.00640
    assert requests_to_write(1000, 0.0625) == 16002
    assert groups[Group.REQUESTS] == near(0.16643)


def test_without_the_time_control_only_the_transfer_is_billed() -> None:
    terms = Terms(replication_time=False, spread=0)
    assert lake(at_once(1, 1000, 1), rule(), terms).by(lambda line: line.usage.group)[Group.TRANSFER] == near(20)


def test_small_objects_stay_in_standard() -> None:
    """A million objects of 100 KB for 12 months: S3 does not move them."""
    ledger = by_what(lake(at_once(1_000_000, 100 * KB, 12), rule((30, "STANDARD_IA"), (90, "GLACIER"))))
    #  1,000,000 x 100 x 1,024 / 2^30 = 95.367 GB x 12 months x 0.025
    assert ledger["reads in STANDARD"] == near(95.367 * 12 * 0.025)
    assert "lifecycle" not in ledger


def test_small_objects_that_are_moved_all_the_same_are_billed_as_128_kb() -> None:
    """A million of 64 KB, with a filter that names a size: one month in STANDARD, eleven in IA."""
    moved = rule((30, "STANDARD_IA"), smallest_moved_kb=0)
    ledger = by_what(lake(at_once(1_000_000, 64 * KB, 12), moved))
    #  1,000,000 x 128 x 1,024 / 2^30 = 122.070 GB x (365 - 30) / 30.4167 = 11.0137 months x 0.0125
    assert ledger["reads in STANDARD_IA"] == near(122.070 * 11.0137 * 0.0125)


def test_an_archived_object_has_forty_kb_more() -> None:
    """A million of 200 KB into DEEP_ARCHIVE after a day, for 12 months."""
    ledger = by_what(lake(at_once(1_000_000, 200 * KB, 12), rule((1, "DEEP_ARCHIVE"))))
    #  1,000,000 x (200 + 32) KB = 221.252 GB x 364 / 30.4167 = 11.9671 months x 0.002
    assert ledger["reads in DEEP_ARCHIVE"] == near(221.252 * 11.9671 * 0.002)
    #  in STANDARD 190.735 GB for a day, then 8 KB each: 7.629 GB x 11.9671 months
    assert ledger["reads in STANDARD"] == near((190.735 / 30.4167 + 7.629 * 11.9671) * 0.025)
    #  1,000,000 x 0.05 / 1,000
    assert ledger["lifecycle"] == near(50)


def test_what_comes_in_over_a_month_is_there_for_half_of_it() -> None:
    """1,000 GB in the first month, evenly: 500 GB-months then, 1,000 in each month after."""
    terms = Terms(replicated=False, spread=DAYS)
    ledger = lake(Flow("reads", "FASTQ", 1.0, [1000.0, 0.0, 0.0]), rule(), terms)
    assert ledger.monthly(3, [Group.LAKE]) == [near(500 * 0.025), near(25), near(25)]


def test_what_is_overwritten_is_kept_as_noncurrent_and_written_again() -> None:
    """100 objects of 10 GB, a tenth overwritten after 15 days, the old version kept 20 days: 4 months."""
    terms = Terms(
        replicated=False, tags_an_object=0, audits_a_month=0, keys_spare_percent=100, spread=0,
        overwritten=Overwritten(percent=10, after_days=15),
    )  # fmt: skip
    ledger = by_what(lake(at_once(100, 10, 4), rule(noncurrent_days=20), terms))
    #  900 GB for 4 months; 100 GB until day 35 = 1.15068 months; 100 GB from day 15 on = 3.50685 months
    assert ledger["reads in STANDARD"] == near((900 * 4 + 100 * 1.15068 + 100 * 3.50685) * 0.025)
    #  110 objects x 162 requests x 0.005 / 1,000
    assert ledger["writing"] == near(0.0891)


def test_tags_audit_keys_and_reading_back() -> None:
    """1,000 objects of 0.05 GB for 2 months, in IA from day 30 on; read back: 10 % a month."""
    terms = Terms(
        replicated=False, tags_an_object=4, audits_a_month=30, keys_spare_percent=99, spread=0,
        read_back_percent_a_month=10,
    )  # fmt: skip
    ledger = by_what(lake(at_once(1000, 0.05, 2), rule((30, "STANDARD_IA")), terms))
    #  4,000 tags x 2 months x 0.01 / 10,000
    assert ledger["tags"] == near(0.008)
    #  1,000 x 30 x 2 x 0.0004 / 1,000
    assert ledger["audit"] == near(0.024)
    #  (1 write + 1 read) x 1,000 x 1 % x 0.03 / 10,000
    assert ledger["keys"] == near(0.00006)
    #  50 GB x 30.8333 days / 30.4167 = 1.01370 months x 10 % x 0.01
    assert ledger["read back"] == near(50 * 1.01370 * 0.1 * 0.01)


def test_the_tiers_of_standard() -> None:
    price = load_prices().get("s3.storage.STANDARD", Side.PRIMARY)
    #  51,200 x 0.025 + 460,800 x 0.024 + 88,000 x 0.023
    assert price.cost(600_000) == near(1280 + 11059.2 + 2024)


def test_lines_share_the_tiers_of_their_month() -> None:
    table = load_prices()
    standard = "s3.storage.STANDARD"
    halves = [Usage(Group.LAKE, what, standard, Side.PRIMARY, 0, 300_000) for what in ("FASTQ", "BAM")]
    lines = priced(halves, table).lines
    assert [line.usd for line in lines] == [near(14363.2 / 2)] * 2


@pytest.fixture
def small() -> Workload:
    """A month of one genome a day on the step-by-step toolchain, with round numbers."""
    workload = load_workload()
    chain = workload.toolchains["step_by_step"]
    storage = chain.shared_storage.model_copy(
        update={"written_gb": 200.0, "read_gb": 300.0, "left_gb": 100.0, "left_days": 10.0}
    )
    reads = chain.files["raw_sequence"][0].model_copy(update={"count": 1.0, "gb": 30.0})
    changed = chain.model_copy(
        update={"shared_storage": storage, "files": {"raw_sequence": (reads,)}, "processor_hours": 100.0}
    )
    return workload.model_copy(
        update={"months": 1, "genomes_a_day": 1.0, "growth_percent_a_year": 0.0, "toolchains": {"chain": changed}}
    )


def sums(usages: Iterator[Usage], table: PriceTable) -> Mapping[str, float]:
    return by_what(priced(usages, table))


def test_shared_storage_for_a_month(small: Workload) -> None:
    usages = shared_storage_usages(small, small.toolchains["chain"], Infrastructure(), {"raw_sequence": 7}, lake=True)
    ledger = sums(usages, round_prices())
    #  a genome a day leaves 100 GB for 10 days = 1,000 GB, and 30 GB for 7 + 7 / 2 days = 315 GB: 1,315 x 0.30
    assert ledger["what comes and goes"] == near(394.5)
    #  4,000 GB stand, none moved: x 0.30
    assert ledger["what stands, standard"] == near(1200)
    #  30.4167 genomes x 200 GB x 0.06, x 300 GB x 0.03, x 30 GB x 0.0125
    assert ledger["writing"] == near(365)
    assert ledger["reading"] == near(273.75)
    assert ledger["copied to the lake"] == near(11.406)


def test_copies_of_the_shared_storage(small: Workload) -> None:
    built = Infrastructure(shared_storage_replica=True, backup_days=35, tiered=True)
    usages = shared_storage_usages(small, small.toolchains["chain"], built, {"raw_sequence": 7}, lake=True)
    copies = [usage for usage in usages if usage.group is Group.SHARED_COPIES]
    ledger = sums(iter(copies), round_prices())
    assert ledger["what comes and goes"] == near(394.5)
    #  4,000 GB in Archive x 0.01
    assert ledger["what stands, archive"] == near(40)
    #  1,315 GB, and 200 GB a day for 35 days = 7,000 GB: 8,315 x 0.05 in both regions; 4,000 x 0.05 in both
    assert ledger["backups"] == near(831.5)
    assert ledger["backups of what stands"] == near(400)
    #  6,083 GB written x 0.02, for the replica and for the backups
    assert ledger["replica, moved"] == near(121.67)
    assert ledger["backups, moved"] == near(121.67)


def test_everything_on_efs_stays_there(small: Workload) -> None:
    two = small.model_copy(update={"months": 2})
    usages = [
        usage
        for usage in shared_storage_usages(two, two.toolchains["chain"], Infrastructure(), {}, lake=False)
        if usage.what == "what comes and goes"
    ]
    #  30 GB of 30.4167 genomes = 912.5 GB: half of it in the first month, one and a half in the second; 1,000 are left
    assert [usage.quantity for usage in usages] == [near(1456.25), near(2368.75)]


def test_compute_network_and_watching(small: Workload) -> None:
    built = Infrastructure(
        primary=Counted(nat_gateways=3, endpoint_zones=10, clusters=1, system_processors=6, keys=9, alarms=50),
        data_events=True,
    )
    chain = small.toolchains["chain"]
    table = load_prices()
    compute = sums(compute_usages(small, chain, built), table)
    #  30.4167 genomes x 100 hours x 0.0425; 730 x 0.10; 6 x 730 x 0.0505
    assert compute["nodes of the steps"] == near(129.27)
    assert compute["control planes"] == near(73)
    assert compute["system nodes"] == near(221.19)
    others = sums(operations_usages(small, chain, built, [1000.0]), table)
    #  3 x 730 x 0.056; 3 x 730 x 0.005; 10 x 730 x 0.013; 9 x 1; 50 x 0.10; 60 GB x 0.67
    assert others["NAT gateways"] == near(122.64)
    assert others["addresses of NAT gateways"] == near(10.95)
    assert others["interface endpoints"] == near(94.9)
    assert others["keys"] == near(9)
    assert others["alarms"] == near(5)
    assert others["logs taken in"] == near(40.2)
    #  1,000 objects x 12 x 0.10 / 100,000
    assert others["calls on objects"] == near(0.012)


def test_a_price_that_is_missing_is_named() -> None:
    with pytest.raises(UserError, match=r"no price 's3\.nothing' for ap-south-2: add the line"):
        load_prices().get("s3.nothing", Side.RECOVERY)
