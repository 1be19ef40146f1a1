"""No rule of the platform moves or deletes what is not paid for yet, shown on single objects; a bad rule is found."""

import re
from dataclasses import replace

import pytest
import yaml

from scripts.cost.infrastructure import SAMPLE, read_plan
from scripts.cost.lifecycle import DATA_CLASSES, rules_of
from scripts.cost.objects import BucketRule, Result, bucket_rules, require_no_charge, rule_of, simulate
from scripts.cost.prices import Side
from scripts.talk import UserError

MONTHS = 60
CLASSES = yaml.safe_load(DATA_CLASSES.read_text(encoding="utf-8"))["classes"]
PREFIXES = [each["prefix"] for each in CLASSES.values()]
PLANNED = {bucket: rules for bucket, rules in bucket_rules(read_plan(SAMPLE)).items() if "-lake-" in bucket}
LAKE, REPLICA = "kosha-prod-lake-ap-south-1", "kosha-prod-lake-ap-south-2"


def run(rules: dict[str, tuple[BucketRule, ...]], objects: int = 4000) -> Result:
    return simulate(rules, PREFIXES, objects, MONTHS, seed=1)


def one(rule: BucketRule, objects: int = 2000) -> Result:
    return simulate({"bucket": (rule,)}, ["reads"], objects, MONTHS, seed=1)


def test_the_saved_plan_has_the_rules_of_the_catalogue() -> None:
    for bucket, side in ((LAKE, Side.PRIMARY), (REPLICA, Side.RECOVERY)):
        planned = {rule.prefix: rule for rule in PLANNED[bucket] if rule.prefix}
        for name, sides in rules_of({"classes": CLASSES}).items():
            assert f"{CLASSES[name]['prefix']}/" in planned, f"{SAMPLE} lacks {name}: make cost-plan"
            kept = sides[side]
            assert planned[f"{CLASSES[name]['prefix']}/"] == BucketRule(
                prefix=f"{CLASSES[name]['prefix']}/",
                moves=tuple((each.days, each.storage_class) for each in kept.transitions),
                noncurrent_days=kept.noncurrent_days,
                expire_days=kept.expire_days,
            )


def test_no_rule_of_the_platform_causes_a_charge() -> None:
    result = run(PLANNED)
    require_no_charge(result)
    # Not because nothing happened.
    assert {"STANDARD_IA", "GLACIER_IR", "DEEP_ARCHIVE"} <= result.moves.keys()
    assert result.deletions > 100
    assert sum(result.standing.values()) + result.deletions > 2 * result.objects


def planted(bucket: str, prefix: str, **changes: object) -> dict[str, tuple[BucketRule, ...]]:
    """The platform's rules with one of them changed."""
    rules = tuple(replace(rule, **changes) if rule.prefix == prefix else rule for rule in PLANNED[bucket])  # type: ignore[arg-type]
    assert rules != PLANNED[bucket]
    return {**PLANNED, bucket: rules}


PLANTED = {
    "moved on too soon": (
        planted(LAKE, "raw-sequences/", moves=((30, "GLACIER_IR"), (60, "DEEP_ARCHIVE"))),
        f"{LAKE}: raw-sequences/ moves to DEEP_ARCHIVE after 30 days in GLACIER_IR, of which 90",
    ),
    "old versions kept too short": (
        planted(LAKE, "aligned-reads/", noncurrent_days=30),
        f"{LAKE}: aligned-reads/ is deleted after ",
    ),
    "only in the replica": (
        planted(REPLICA, "raw-sequences/", noncurrent_days=60),
        f"{REPLICA}: raw-sequences/ is deleted after ",
    ),
    "expires too soon": (
        planted(REPLICA, "variant-calls/", expire_days=95, noncurrent_days=10),
        f"{REPLICA}: variant-calls/ is deleted after 15 days in STANDARD_IA, of which 30",
    ),
    "old versions moved and deleted": (
        planted(LAKE, "snapshots/", noncurrent_moves=((10, "DEEP_ARCHIVE"),), noncurrent_days=100),
        "days in DEEP_ARCHIVE, of which 180",
    ),
}


@pytest.mark.parametrize(("rules", "said"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_rule_is_found(rules: dict[str, tuple[BucketRule, ...]], said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)):
        require_no_charge(run(rules))


def test_what_is_small_is_not_moved_and_what_is_noncurrent_neither() -> None:
    result = one(BucketRule("", moves=((200, "GLACIER"),), noncurrent_days=1))
    # Of 2 ** 10 to 2 ** 35 bytes 7 of 25 powers are below 128 KB; some are overwritten before day 200, some come late.
    assert 0 < result.moves["GLACIER"] < 2000 * 18 / 25
    assert one(BucketRule("other/", moves=((1, "GLACIER"),))).moves == {}


def test_what_stays_exactly_as_long_as_it_is_billed_is_not_charged() -> None:
    kept = BucketRule("", moves=((30, "STANDARD_IA"), (60, "GLACIER"), (150, "DEEP_ARCHIVE")), noncurrent_days=180)
    assert not one(kept).charges
    assert one(replace(kept, moves=((30, "STANDARD_IA"), (59, "GLACIER")))).charges
    assert one(replace(kept, noncurrent_days=150)).charges


def test_a_rule_is_read_as_terraform_writes_it() -> None:
    block = {
        "id": "x",
        "status": "Enabled",
        "filter": [{"prefix": "reads/"}],
        "transition": [{"days": 90, "storage_class": "GLACIER"}, {"days": 30, "storage_class": "STANDARD_IA"}],
        "noncurrent_version_expiration": [{"noncurrent_days": 7}],
        "expiration": [{"days": 0, "expired_object_delete_marker": True}],
    }
    assert rule_of(block) == BucketRule("reads/", ((30, "STANDARD_IA"), (90, "GLACIER")), (), 7, None)
