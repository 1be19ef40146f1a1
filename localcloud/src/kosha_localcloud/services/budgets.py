"""AWS Budgets: budgets with their notifications and subscribers, stored. Nothing is spent, so nobody is ever told.

Documents: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Budgets.html
"""

from dataclasses import dataclass, field
from decimal import Decimal

from localstack.aws.api import RequestContext

from kosha_localcloud.services.identifiers import arn, now
from kosha_localcloud.services.operations import Document, ServiceTable, refuse
from kosha_localcloud.services.regional import Regional
from kosha_localcloud.services.tagging import from_pairs, keep_tags

table = ServiceTable("budgets", moto=False)
_FOREVER = "2087-06-15T00:00:00Z"
"""When a budget ends that names no end."""


@dataclass
class Kept:
    """A budget, each of its notifications with its subscribers, its tags."""

    budget: Document
    notifications: list[tuple[Document, list[Document]]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


_budgets: Regional[dict[str, Kept]] = Regional(dict)


def _all(context: RequestContext) -> dict[str, Kept]:
    """Budgets are of an account, whatever region a call is signed for."""
    return _budgets.at(context.account_id, "aws-global")


def _kept(context: RequestContext, name: str) -> Kept:
    found = _all(context).get(name)
    if found is None:
        raise refuse("NotFoundException", f"Unable to get budget: {name} - the budget doesn't exist.")
    return found


def _subscribers(context: RequestContext, request: Document) -> list[Document]:
    wanted = _comparable(request["Notification"])
    for notification, subscribers in _kept(context, request["BudgetName"]).notifications:
        if _comparable(notification) == wanted:
            return subscribers
    raise refuse("NotFoundException", "Unable to find the notification of this budget.")


def _comparable(notification: Document) -> Document:
    return {
        "ThresholdType": "PERCENTAGE",
        **{key: value for key, value in notification.items() if key != "NotificationState"},
        "Threshold": float(notification["Threshold"]),
    }


@table.stored("CreateBudget", "counts no cost")
def create_budget(context: RequestContext, request: Document) -> Document:
    budget = dict(request["Budget"])
    name = budget["BudgetName"]
    if name in _all(context):
        raise refuse("DuplicateRecordException", f"Error creating budget: {name} - the budget already exists.")
    budget.setdefault("TimePeriod", {"Start": now().replace(day=1), "End": _FOREVER})
    budget["LastUpdatedTime"] = now()
    limit = budget.get("BudgetLimit") or {"Unit": "USD"}
    budget["CalculatedSpend"] = {"ActualSpend": {"Amount": str(Decimal(0)), "Unit": limit["Unit"]}}
    kept = _all(context)[name] = Kept(budget)
    kept.tags.update(from_pairs(request.get("ResourceTags")))
    for each in request.get("NotificationsWithSubscribers") or []:
        kept.notifications.append((each["Notification"], list(each["Subscribers"])))
    return {}


@table.stored("DescribeBudget")
def describe_budget(context: RequestContext, request: Document) -> Document:
    return {"Budget": _kept(context, request["BudgetName"]).budget}


@table.stored("DescribeBudgets", "all on one page")
def describe_budgets(context: RequestContext, _request: Document) -> Document:
    return {"Budgets": [each.budget for each in _all(context).values()]}


@table.stored("UpdateBudget")
def update_budget(context: RequestContext, request: Document) -> Document:
    new = request["NewBudget"]
    _kept(context, new["BudgetName"]).budget.update({**new, "LastUpdatedTime": now()})
    return {}


@table.stored("DeleteBudget")
def delete_budget(context: RequestContext, request: Document) -> Document:
    _kept(context, request["BudgetName"])
    del _all(context)[request["BudgetName"]]
    return {}


@table.stored("CreateNotification", "nobody is told")
def create_notification(context: RequestContext, request: Document) -> Document:
    kept = _kept(context, request["BudgetName"])
    kept.notifications.append((request["Notification"], list(request["Subscribers"])))
    return {}


@table.stored("DescribeNotificationsForBudget")
def describe_notifications(context: RequestContext, request: Document) -> Document:
    found = _kept(context, request["BudgetName"]).notifications
    return {"Notifications": [{"NotificationState": "OK", **notification} for notification, _ in found]}


@table.stored("DeleteNotification")
def delete_notification(context: RequestContext, request: Document) -> Document:
    _subscribers(context, request)
    kept, wanted = _kept(context, request["BudgetName"]), _comparable(request["Notification"])
    kept.notifications = [each for each in kept.notifications if _comparable(each[0]) != wanted]
    return {}


@table.stored("DescribeSubscribersForNotification")
def describe_subscribers(context: RequestContext, request: Document) -> Document:
    return {"Subscribers": _subscribers(context, request)}


@table.stored("CreateSubscriber")
def create_subscriber(context: RequestContext, request: Document) -> Document:
    _subscribers(context, request).append(request["Subscriber"])
    return {}


@table.stored("DeleteSubscriber")
def delete_subscriber(context: RequestContext, request: Document) -> Document:
    subscribers = _subscribers(context, request)
    if request["Subscriber"] not in subscribers:
        raise refuse("NotFoundException", "Unable to find the subscriber of this notification.")
    subscribers.remove(request["Subscriber"])
    return {}


def _tags(context: RequestContext, resource: str) -> dict[str, str]:
    name = resource.rpartition(":budget/")[2]
    if resource != arn("budgets", "", context.account_id, f"budget/{name}"):
        raise refuse("NotFoundException", f"{resource} is no budget of this account.")
    return _kept(context, name).tags


keep_tags(table, _tags, "ResourceARN", "ResourceTags", "ResourceTagKeys", pairs=True)
