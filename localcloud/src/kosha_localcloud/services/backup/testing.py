"""Restore testing plans and their selections, kept."""

from __future__ import annotations

import uuid

from localstack.aws.api import RequestContext

from kosha_localcloud.services.backup.state import found, place_of, table
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document, refuse

_KIND = "restore testing plan"
_DEFAULTS: Document = {"StartWindowHours": 24, "ScheduleExpressionTimezone": "Etc/UTC"}


@table.stored("CreateRestoreTestingPlan", "restores nothing")
def create_restore_testing_plan(context: RequestContext, request: Document) -> Document:
    place, wanted = place_of(context), request["RestoreTestingPlan"]
    name = wanted["RestoreTestingPlanName"]
    if name in place.state.testing_plans:
        raise refuse("AlreadyExistsException", f"There is a {_KIND} {name} already.")
    made = _DEFAULTS | wanted
    made |= {
        "RestoreTestingPlanArn": place.arn(f"restore-testing-plan:{name}-{uuid.uuid4()}"),
        "CreationTime": now(),
        "LastUpdateTime": now(),
    }
    # Given back by AWS whether or not it was given.
    made["RecoveryPointSelection"].setdefault("ExcludeVaults", [])
    place.state.testing_plans[name] = made
    place.state.testing_selections[name] = {}
    place.state.tags[made["RestoreTestingPlanArn"]] = dict(request.get("Tags") or {})
    return {each: made[each] for each in ("CreationTime", "RestoreTestingPlanArn", "RestoreTestingPlanName")}


@table.stored("GetRestoreTestingPlan")
def get_restore_testing_plan(context: RequestContext, request: Document) -> Document:
    return {
        "RestoreTestingPlan": found(place_of(context).state.testing_plans, request["RestoreTestingPlanName"], _KIND)
    }


@table.stored("UpdateRestoreTestingPlan")
def update_restore_testing_plan(context: RequestContext, request: Document) -> Document:
    kept = found(place_of(context).state.testing_plans, request["RestoreTestingPlanName"], _KIND)
    kept.update(request["RestoreTestingPlan"])
    kept["LastUpdateTime"] = now()
    names = ("CreationTime", "RestoreTestingPlanArn", "RestoreTestingPlanName")
    return {each: kept[each] for each in names} | {"UpdateTime": kept["LastUpdateTime"]}


@table.stored("DeleteRestoreTestingPlan", "refused while it has selections, as in AWS")
def delete_restore_testing_plan(context: RequestContext, request: Document) -> None:
    state, name = place_of(context).state, request["RestoreTestingPlanName"]
    kept = found(state.testing_plans, name, _KIND)
    if state.testing_selections.get(name):
        raise refuse("InvalidRequestException", f"{name} has selections: delete them first.")
    del state.testing_plans[name]
    state.tags.pop(kept["RestoreTestingPlanArn"], None)


@table.stored("ListRestoreTestingPlans")
def list_restore_testing_plans(context: RequestContext, _request: Document) -> Document:
    return {"RestoreTestingPlans": list(place_of(context).state.testing_plans.values())}


def _selections(context: RequestContext, request: Document) -> dict[str, Document]:
    state, name = place_of(context).state, request["RestoreTestingPlanName"]
    found(state.testing_plans, name, _KIND)
    return state.testing_selections[name]


@table.stored("CreateRestoreTestingSelection", "selects nothing")
def create_restore_testing_selection(context: RequestContext, request: Document) -> Document:
    selections, wanted = _selections(context, request), request["RestoreTestingSelection"]
    name = wanted["RestoreTestingSelectionName"]
    if name in selections:
        raise refuse("AlreadyExistsException", f"There is a restore testing selection {name} already.")
    plan = found(place_of(context).state.testing_plans, request["RestoreTestingPlanName"], _KIND)
    made = {"ProtectedResourceConditions": {}, "RestoreMetadataOverrides": {}, "ValidationWindowHours": 0} | wanted
    made |= {"RestoreTestingPlanName": request["RestoreTestingPlanName"], "CreationTime": now()}
    selections[name] = made
    return {
        "CreationTime": made["CreationTime"],
        "RestoreTestingPlanArn": plan["RestoreTestingPlanArn"],
        "RestoreTestingPlanName": plan["RestoreTestingPlanName"],
        "RestoreTestingSelectionName": name,
    }


@table.stored("GetRestoreTestingSelection")
def get_restore_testing_selection(context: RequestContext, request: Document) -> Document:
    name = request["RestoreTestingSelectionName"]
    return {"RestoreTestingSelection": found(_selections(context, request), name, "restore testing selection")}


@table.stored("UpdateRestoreTestingSelection")
def update_restore_testing_selection(context: RequestContext, request: Document) -> Document:
    name = request["RestoreTestingSelectionName"]
    kept = found(_selections(context, request), name, "restore testing selection")
    kept.update(request["RestoreTestingSelection"])
    plan = found(place_of(context).state.testing_plans, request["RestoreTestingPlanName"], _KIND)
    return {
        "CreationTime": kept["CreationTime"],
        "RestoreTestingPlanArn": plan["RestoreTestingPlanArn"],
        "RestoreTestingPlanName": plan["RestoreTestingPlanName"],
        "RestoreTestingSelectionName": name,
        "UpdateTime": now(),
    }


@table.stored("DeleteRestoreTestingSelection")
def delete_restore_testing_selection(context: RequestContext, request: Document) -> None:
    selections, name = _selections(context, request), request["RestoreTestingSelectionName"]
    found(selections, name, "restore testing selection")
    del selections[name]


@table.stored("ListRestoreTestingSelections")
def list_restore_testing_selections(context: RequestContext, request: Document) -> Document:
    return {"RestoreTestingSelections": list(_selections(context, request).values())}
