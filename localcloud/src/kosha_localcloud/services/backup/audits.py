"""Frameworks and report plans of AWS Backup Audit Manager, kept."""

from __future__ import annotations

import uuid

from localstack.aws.api import RequestContext

from kosha_localcloud.services.backup.state import found, place_of, table
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document, refuse


def _new(documents: dict[str, Document], name: str, kind: str) -> None:
    if name in documents:
        raise refuse("AlreadyExistsException", f"There is a {kind} {name} already.")


@table.stored("CreateFramework", "no control is looked at")
def create_framework(context: RequestContext, request: Document) -> Document:
    place, name = place_of(context), request["FrameworkName"]
    _new(place.state.frameworks, name, "framework")
    made = {
        "FrameworkName": name,
        "FrameworkArn": place.arn(f"framework:{name}-{uuid.uuid4()}"),
        "FrameworkDescription": request.get("FrameworkDescription", ""),
        "FrameworkControls": request["FrameworkControls"],
        "CreationTime": now(),
        "DeploymentStatus": "COMPLETED",
        "FrameworkStatus": "ACTIVE",
        "IdempotencyToken": request.get("IdempotencyToken", ""),
    }
    place.state.frameworks[name] = made
    place.state.tags[made["FrameworkArn"]] = dict(request.get("FrameworkTags") or {})
    return {"FrameworkName": name, "FrameworkArn": made["FrameworkArn"]}


@table.stored("DescribeFramework")
def describe_framework(context: RequestContext, request: Document) -> Document:
    return found(place_of(context).state.frameworks, request["FrameworkName"], "framework")


@table.stored("UpdateFramework")
def update_framework(context: RequestContext, request: Document) -> Document:
    kept = found(place_of(context).state.frameworks, request["FrameworkName"], "framework")
    kept.update({name: request[name] for name in ("FrameworkDescription", "FrameworkControls") if name in request})
    return {name: kept[name] for name in ("FrameworkName", "FrameworkArn", "CreationTime")}


@table.stored("DeleteFramework")
def delete_framework(context: RequestContext, request: Document) -> None:
    state = place_of(context).state
    kept = found(state.frameworks, request["FrameworkName"], "framework")
    del state.frameworks[request["FrameworkName"]]
    state.tags.pop(kept["FrameworkArn"], None)


@table.stored("ListFrameworks")
def list_frameworks(context: RequestContext, _request: Document) -> Document:
    kept = place_of(context).state.frameworks.values()
    return {"Frameworks": [each | {"NumberOfControls": len(each["FrameworkControls"])} for each in kept]}


@table.stored("CreateReportPlan", "no report is written")
def create_report_plan(context: RequestContext, request: Document) -> Document:
    place, name = place_of(context), request["ReportPlanName"]
    _new(place.state.report_plans, name, "report plan")
    made = {
        "ReportPlanName": name,
        "ReportPlanArn": place.arn(f"report-plan:{name}-{uuid.uuid4()}"),
        "ReportPlanDescription": request.get("ReportPlanDescription", ""),
        "ReportDeliveryChannel": request["ReportDeliveryChannel"],
        "ReportSetting": request["ReportSetting"],
        "CreationTime": now(),
        "DeploymentStatus": "COMPLETED",
    }
    place.state.report_plans[name] = made
    place.state.tags[made["ReportPlanArn"]] = dict(request.get("ReportPlanTags") or {})
    return {name: made[name] for name in ("ReportPlanName", "ReportPlanArn", "CreationTime")}


@table.stored("DescribeReportPlan")
def describe_report_plan(context: RequestContext, request: Document) -> Document:
    return {"ReportPlan": found(place_of(context).state.report_plans, request["ReportPlanName"], "report plan")}


@table.stored("UpdateReportPlan")
def update_report_plan(context: RequestContext, request: Document) -> Document:
    kept = found(place_of(context).state.report_plans, request["ReportPlanName"], "report plan")
    changed = ("ReportPlanDescription", "ReportDeliveryChannel", "ReportSetting")
    kept.update({name: request[name] for name in changed if name in request})
    return {name: kept[name] for name in ("ReportPlanName", "ReportPlanArn", "CreationTime")}


@table.stored("DeleteReportPlan")
def delete_report_plan(context: RequestContext, request: Document) -> None:
    state = place_of(context).state
    kept = found(state.report_plans, request["ReportPlanName"], "report plan")
    del state.report_plans[request["ReportPlanName"]]
    state.tags.pop(kept["ReportPlanArn"], None)


@table.stored("ListReportPlans")
def list_report_plans(context: RequestContext, _request: Document) -> Document:
    return {"ReportPlans": list(place_of(context).state.report_plans.values())}
