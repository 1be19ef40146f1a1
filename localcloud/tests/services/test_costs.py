"""Budgets and Cost Explorer: what is stored can be read, and is gone when deleted."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ..conftest import RECOVERY, Cloud
from .conftest import unique

ACCOUNT = "000000000000"
EMAIL = {"SubscriptionType": "EMAIL", "Address": "operators@kosha.example"}


def notification(threshold: float, kind: str = "ACTUAL") -> dict[str, Any]:
    return {
        "NotificationType": kind,
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": threshold,
        "ThresholdType": "PERCENTAGE",
    }


def test_a_budget_has_its_notifications_and_is_of_the_account(cloud: Cloud) -> None:
    budgets, name = cloud.client("budgets"), unique("budget")
    budget = {
        "BudgetName": name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "100", "Unit": "USD"},
    }
    first = {"Notification": notification(80), "Subscribers": [EMAIL]}
    budgets.create_budget(
        AccountId=ACCOUNT,
        Budget=budget,
        NotificationsWithSubscribers=[first],
        ResourceTags=[{"Key": "a", "Value": "b"}],
    )
    budgets.create_notification(
        AccountId=ACCOUNT, BudgetName=name, Notification=notification(100, "FORECASTED"), Subscribers=[EMAIL]
    )
    asked = {"AccountId": ACCOUNT, "BudgetName": name}
    elsewhere = cloud.client("budgets", RECOVERY)
    assert elsewhere.describe_budget(**asked)["Budget"]["BudgetLimit"] == {"Amount": "100", "Unit": "USD"}
    found = budgets.describe_notifications_for_budget(**asked)["Notifications"]
    assert [(each["NotificationType"], each["Threshold"]) for each in found] == [("ACTUAL", 80), ("FORECASTED", 100)]
    told = budgets.describe_subscribers_for_notification(**asked, Notification=notification(80))["Subscribers"]
    assert told == [EMAIL]
    arn = f"arn:aws:budgets::{ACCOUNT}:budget/{name}"
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [{"Key": "a", "Value": "b"}]

    budgets.delete_notification(**asked, Notification=notification(80))
    assert len(budgets.describe_notifications_for_budget(**asked)["Notifications"]) == 1
    budgets.update_budget(AccountId=ACCOUNT, NewBudget={**budget, "BudgetLimit": {"Amount": "200", "Unit": "USD"}})
    assert budgets.describe_budget(**asked)["Budget"]["BudgetLimit"]["Amount"] == "200"
    with pytest.raises(ClientError, match="already exists"):
        budgets.create_budget(AccountId=ACCOUNT, Budget=budget)
    budgets.delete_budget(**asked)
    with pytest.raises(ClientError, match="doesn't exist"):
        budgets.describe_budget(**asked)


def test_a_monitor_and_its_subscription(cloud: Cloud) -> None:
    costs = cloud.client("ce")
    monitor = {"MonitorName": unique("monitor"), "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
    arn = costs.create_anomaly_monitor(AnomalyMonitor=monitor)["MonitorArn"]
    with pytest.raises(ClientError, match="Limit exceeded"):
        costs.create_anomaly_monitor(AnomalyMonitor=monitor)
    subscription: dict[str, Any] = {
        "SubscriptionName": unique("subscription"),
        "MonitorArnList": [arn],
        "Subscribers": [{"Type": "EMAIL", "Address": EMAIL["Address"]}],
        "Frequency": "DAILY",
        "ThresholdExpression": {
            "Dimensions": {
                "Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                "MatchOptions": ["GREATER_THAN_OR_EQUAL"],
                "Values": ["50"],
            }
        },
    }
    with pytest.raises(ClientError, match="SNS only"):
        costs.create_anomaly_subscription(AnomalySubscription={**subscription, "Frequency": "IMMEDIATE"})
    made = costs.create_anomaly_subscription(AnomalySubscription=subscription)["SubscriptionArn"]
    found = costs.get_anomaly_subscriptions(SubscriptionArnList=[made])["AnomalySubscriptions"]
    assert found[0]["ThresholdExpression"] == subscription["ThresholdExpression"]
    costs.update_anomaly_subscription(SubscriptionArn=made, Frequency="WEEKLY")
    assert costs.get_anomaly_subscriptions()["AnomalySubscriptions"][0]["Frequency"] == "WEEKLY"
    costs.tag_resource(ResourceArn=made, ResourceTags=[{"Key": "a", "Value": "b"}])
    assert costs.list_tags_for_resource(ResourceArn=made)["ResourceTags"] == [{"Key": "a", "Value": "b"}]
    costs.delete_anomaly_subscription(SubscriptionArn=made)
    costs.delete_anomaly_monitor(MonitorArn=arn)
    with pytest.raises(ClientError, match="was not found"):
        costs.get_anomaly_monitors(MonitorArnList=[arn])


def test_a_cost_allocation_tag_has_the_status_it_was_given(cloud: Cloud) -> None:
    costs, key = cloud.client("ce"), unique("tag")
    wanted = [{"TagKey": key, "Status": "Active"}]
    assert costs.update_cost_allocation_tags_status(CostAllocationTagsStatus=wanted)["Errors"] == []
    found = costs.list_cost_allocation_tags(TagKeys=[key])["CostAllocationTags"]
    assert [(each["TagKey"], each["Status"]) for each in found] == [(key, "Active")]
