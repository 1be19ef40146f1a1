"""What a plan does not know yet is told apart from what nobody set."""

from typing import Any

from scripts.plan_values import KNOWN_AFTER_APPLY, fill_unknown


def plan(configured: list[str], unknown: dict[str, Any]) -> dict[str, Any]:
    address = 'module.alerts.aws_sns_topic.this["data"]'
    return {
        "configuration": {
            "root_module": {
                "module_calls": {
                    "alerts": {
                        "module": {
                            "resources": [
                                {"address": "aws_sns_topic.this", "expressions": {name: {} for name in configured}}
                            ]
                        }
                    }
                }
            }
        },
        "planned_values": {
            "root_module": {"child_modules": [{"resources": [{"address": address, "values": {"name": "data"}}]}]}
        },
        "resource_changes": [{"address": address, "change": {"after": {"name": "data"}, "after_unknown": unknown}}],
    }


def values(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["planned_values"]["root_module"]["child_modules"][0]["resources"][0]["values"]
    return found


def test_a_configured_value_that_is_not_known_yet_counts_as_set() -> None:
    document = plan(["name", "kms_master_key_id"], {"kms_master_key_id": True})
    assert fill_unknown(document) == 1
    assert values(document) == {"name": "data", "kms_master_key_id": KNOWN_AFTER_APPLY}
    assert document["resource_changes"][0]["change"]["after"]["kms_master_key_id"] == KNOWN_AFTER_APPLY


def test_a_value_that_nobody_configured_stays_unset() -> None:
    document = plan(["name"], {"kms_master_key_id": True, "arn": True})
    assert fill_unknown(document) == 0
    assert values(document) == {"name": "data"}


def test_a_known_value_is_left_alone() -> None:
    document = plan(["name"], {"name": False, "tags": {"a": True}})
    assert fill_unknown(document) == 0
    assert values(document) == {"name": "data"}
