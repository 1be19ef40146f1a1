"""What the automations saved, from metrics as the functions write them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from scripts.cost.prices import GB, load_prices
from scripts.cost.saved import NAMESPACE, READ, Day, Saving, of_cleaning, of_instances, of_volumes, savings, table_of
from scripts.paths import REPOSITORY

TABLE = load_prices()
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def cloudwatch() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client(
            "cloudwatch", region_name="ap-south-1", aws_access_key_id="test", aws_secret_access_key="test"
        )


def put(cloudwatch: Any, metric: str, value: float, ago: timedelta, service: str) -> None:
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": [{"Name": "service", "Value": service}],
                "Timestamp": NOW - ago,
                "Value": value,
            }
        ],
    )


def near(usd: float) -> object:
    return pytest.approx(usd, rel=0.01)


def test_a_volume_is_saved_less_its_snapshot() -> None:
    #  100 GB for 365 days = 12 months x 0.0912, less 90 / 30.4167 = 2.959 months x 0.05
    assert of_volumes([Day(365, 100)], TABLE).usd == near(109.44 - 14.79)
    assert of_volumes([Day(365, 100)], TABLE).amount == 100


def test_hours_of_stopped_instances() -> None:
    #  200 hours x 2 processors x 0.0425
    assert of_instances([Day(10, 150), Day(0, 50)], TABLE).usd == near(17)


def test_what_was_cleaned_would_have_been_moved_down() -> None:
    #  1,000 GB for 23 days in Standard, 60 in IA, 10 in Archive, and twice moved:
    #  (23 x 0.33 + 60 x 0.0176 + 10 x 0.0088) / 30.4167 + 0.01 + 0.03 = 0.24954 + 0.03472 + 0.00289 + 0.04
    assert of_cleaning([Day(93, 1000 * GB)], TABLE).usd == near(327.15)
    #  10 days: Standard only
    assert of_cleaning([Day(10, 1000 * GB)], TABLE).usd == near(108.49)
    assert of_cleaning([], TABLE).usd == 0


def test_metrics_of_all_functions_are_read(cloudwatch: Any) -> None:
    put(cloudwatch, "GibibytesDeleted", 40, timedelta(days=30), "volume_reaper")
    put(cloudwatch, "GibibytesDeleted", 60, timedelta(days=60), "volume_reaper")
    put(cloudwatch, "InstanceHoursSaved", 12, timedelta(days=1), "instance_scheduler")
    put(cloudwatch, "BytesRemoved", 2 * GB, timedelta(days=8), "scratch_cleaner_scratch")
    put(cloudwatch, "BytesRemoved", 3 * GB, timedelta(days=8), "scratch_cleaner_published")
    found = {each.what: each for each in savings(cloudwatch, TABLE, NOW)}
    assert found["volumes reaped"].amount == 100
    assert found["test instances stopped"].amount == 12
    assert found["cleaned from the shared storage"].amount == near(5)
    assert all(each.usd > 0 for each in found.values())


def test_nothing_was_saved_yet(cloudwatch: Any) -> None:
    assert [each.amount for each in savings(cloudwatch, TABLE, NOW)] == [0, 0, 0]


def test_the_metrics_are_those_the_functions_write() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "lambda_src").rglob("*.py"))
    for metric, _ in READ:
        assert f'add_metric("{metric}"' in sources
    environment = Path(REPOSITORY / "modules" / "automation" / "functions.tf").read_text(encoding="utf-8")
    assert re.search(rf'POWERTOOLS_METRICS_NAMESPACE = "{NAMESPACE}"', environment)


def test_the_table_has_the_sum() -> None:
    table = table_of([Saving("a", 1, "GB", 2.5, "x"), Saving("b", 1, "GB", 3.5, "y")])
    assert list(table.columns[2].cells)[-1] == "6.00"
