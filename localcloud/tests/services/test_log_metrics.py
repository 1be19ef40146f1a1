"""What metric filters of CloudWatch Logs count. `test_alarms` has them at work."""

from __future__ import annotations

import json
from typing import Any

from kosha_localcloud.services.log_metrics import counted


def count(*lines: Any, **transformation: Any) -> list[tuple[float, dict[str, str]]]:
    """Value and dimensions of each datum, for lines with the event `ended`."""
    each = {"metricNamespace": "Kosha", "metricName": "Ended", "metricValue": "1"} | transformation
    wanted = {"filterPattern": '{ $.event = "ended" }', "metricTransformations": [each]}
    found = list(counted(wanted, [{"message": json.dumps(line)} for line in lines]))
    assert {namespace for namespace, _ in found} <= {"Kosha"}
    assert {datum["MetricName"] for _, datum in found} <= {"Ended"}
    return [
        (datum["Value"], {pair["Name"]: pair["Value"] for pair in datum.get("Dimensions", [])}) for _, datum in found
    ]


def test_each_line_that_matches_counts() -> None:
    assert count({"event": "ended"}, {"event": "begun"}, {"event": "ended"}) == [(1.0, {}), (1.0, {})]


def test_a_value_is_a_field_of_the_line_and_one_that_is_no_number_is_not_counted() -> None:
    lines = ({"event": "ended", "seconds": 12}, {"event": "ended"}, {"event": "ended", "seconds": "long"})
    assert count(*lines, metricValue="$.seconds") == [(12.0, {})]


def test_dimensions_are_fields_and_a_line_that_lacks_one_is_not_counted() -> None:
    lines = ({"event": "ended", "project": "lambda"}, {"event": "ended"}, {"event": "ended", "project": None})
    assert count(*lines, dimensions={"Project": "$.project"}) == [(1.0, {"Project": "lambda"})]


def test_the_default_value_stands_for_a_batch_without_a_match() -> None:
    assert count({"event": "begun"}, defaultValue=0) == [(0.0, {})]
    assert count({"event": "ended"}, defaultValue=0) == [(1.0, {})]
