"""Cost Explorer: anomaly monitors, their subscriptions and cost allocation tags, stored. There are no costs to look at.

Documents: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Cost_Explorer_Service.html
"""

from dataclasses import dataclass, field

from localstack.aws.api import RequestContext

from kosha_localcloud.services.identifiers import arn, hexadecimal, now
from kosha_localcloud.services.operations import Document, ServiceTable, refuse
from kosha_localcloud.services.regional import Regional
from kosha_localcloud.services.tagging import from_pairs, keep_tags

table = ServiceTable("ce", moto=False)


@dataclass
class Kept:
    """By ARN: monitors, subscriptions, tags of both; by key: the cost allocation tags somebody changed."""

    monitors: dict[str, Document] = field(default_factory=dict)
    subscriptions: dict[str, Document] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    allocation_tags: dict[str, Document] = field(default_factory=dict)


_kept: Regional[Kept] = Regional(Kept)


def _of(context: RequestContext) -> Kept:
    """Cost Explorer is of an account, whatever region a call is signed for."""
    return _kept.at(context.account_id, "aws-global")


def _new_arn(context: RequestContext, kind: str, request: Document) -> str:
    identifier = f"{hexadecimal(8)}-{hexadecimal(4)}-{hexadecimal(4)}-{hexadecimal(4)}-{hexadecimal(12)}"
    made = arn("ce", "", context.account_id, f"{kind}/{identifier}")
    _of(context).tags[made] = from_pairs(request.get("ResourceTags"))
    return made


def _monitor(context: RequestContext, resource: str) -> Document:
    found = _of(context).monitors.get(resource)
    if found is None:
        raise refuse("UnknownMonitorException", f"Anomaly Monitor {resource} was not found.")
    return found


def _subscription(context: RequestContext, resource: str) -> Document:
    found = _of(context).subscriptions.get(resource)
    if found is None:
        raise refuse("UnknownSubscriptionException", f"Anomaly Subscription {resource} was not found.")
    return found


@table.stored("CreateAnomalyMonitor", "finds nothing")
def create_anomaly_monitor(context: RequestContext, request: Document) -> Document:
    monitors = _of(context).monitors
    monitor = dict(request["AnomalyMonitor"])
    if monitor["MonitorType"] == "DIMENSIONAL" and any(
        each["MonitorType"] == "DIMENSIONAL" and each["MonitorDimension"] == monitor["MonitorDimension"]
        for each in monitors.values()
    ):
        # An account has one that looks at all services.
        raise refuse("ValidationException", "Limit exceeded on dimensional spend monitor creation")
    made = _new_arn(context, "anomalymonitor", request)
    today = now().date().isoformat()
    monitors[made] = {**monitor, "MonitorArn": made, "CreationDate": today, "LastUpdatedDate": today}
    return {"MonitorArn": made}


@table.stored("GetAnomalyMonitors", "all on one page")
def get_anomaly_monitors(context: RequestContext, request: Document) -> Document:
    asked = request.get("MonitorArnList")
    monitors = _of(context).monitors
    return {"AnomalyMonitors": [_monitor(context, each) for each in (asked or monitors)]}


@table.stored("UpdateAnomalyMonitor")
def update_anomaly_monitor(context: RequestContext, request: Document) -> Document:
    monitor = _monitor(context, request["MonitorArn"])
    if request.get("MonitorName"):
        monitor["MonitorName"] = request["MonitorName"]
    return {"MonitorArn": request["MonitorArn"]}


@table.stored("DeleteAnomalyMonitor")
def delete_anomaly_monitor(context: RequestContext, request: Document) -> Document:
    _monitor(context, request["MonitorArn"])
    del _of(context).monitors[request["MonitorArn"]]
    return {}


@table.stored("CreateAnomalySubscription", "nobody is told")
def create_anomaly_subscription(context: RequestContext, request: Document) -> Document:
    subscription = dict(request["AnomalySubscription"])
    _check(context, subscription)
    made = _new_arn(context, "anomalysubscription", request)
    _of(context).subscriptions[made] = {
        **subscription, "SubscriptionArn": made, "AccountId": context.account_id,
    }  # fmt: skip
    return {"SubscriptionArn": made}


def _check(context: RequestContext, subscription: Document) -> None:
    """What Cost Explorer refuses: monitors that are not there, and at once by e-mail or later to a topic."""
    for resource in subscription["MonitorArnList"]:
        _monitor(context, resource)
    kinds = {each["Type"] for each in subscription["Subscribers"]}
    wanted = {"SNS"} if subscription["Frequency"] == "IMMEDIATE" else {"EMAIL"}
    if kinds - wanted:
        raise refuse("ValidationException", f"Frequency {subscription['Frequency']} goes with {wanted.pop()} only")


@table.stored("GetAnomalySubscriptions", "all on one page")
def get_anomaly_subscriptions(context: RequestContext, request: Document) -> Document:
    asked = request.get("SubscriptionArnList")
    subscriptions = _of(context).subscriptions
    return {"AnomalySubscriptions": [_subscription(context, each) for each in (asked or subscriptions)]}


@table.stored("UpdateAnomalySubscription")
def update_anomaly_subscription(context: RequestContext, request: Document) -> Document:
    subscription = _subscription(context, request["SubscriptionArn"])
    changed = {key: value for key, value in request.items() if value is not None and key != "SubscriptionArn"}
    _check(context, {**subscription, **changed})
    subscription.update(changed)
    return {"SubscriptionArn": request["SubscriptionArn"]}


@table.stored("DeleteAnomalySubscription")
def delete_anomaly_subscription(context: RequestContext, request: Document) -> Document:
    _subscription(context, request["SubscriptionArn"])
    del _of(context).subscriptions[request["SubscriptionArn"]]
    return {}


@table.stored("UpdateCostAllocationTagsStatus", "knows every key; AWS only what has been on something billed for a day")
def update_cost_allocation_tags_status(context: RequestContext, request: Document) -> Document:
    for each in request["CostAllocationTagsStatus"]:
        _of(context).allocation_tags[each["TagKey"]] = {
            "TagKey": each["TagKey"],
            "Type": "UserDefined",
            "Status": each["Status"],
            "LastUpdatedDate": now().date().isoformat(),
        }
    return {"Errors": []}


@table.stored("ListCostAllocationTags", "those whose status was set")
def list_cost_allocation_tags(context: RequestContext, request: Document) -> Document:
    wanted = request.get("TagKeys")
    found = _of(context).allocation_tags.values()
    return {"CostAllocationTags": [each for each in found if wanted is None or each["TagKey"] in wanted]}


def _tags(context: RequestContext, resource: str) -> dict[str, str]:
    tags = _of(context).tags.get(resource)
    if tags is None:
        raise refuse("ResourceNotFoundException", f"{resource} was not found.")
    return tags


keep_tags(table, _tags, tags="ResourceTags", keys="ResourceTagKeys", pairs=True)
