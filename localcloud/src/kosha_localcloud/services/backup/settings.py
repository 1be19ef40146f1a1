"""Settings of the account in a region, and tags."""

from __future__ import annotations

from localstack.aws.api import RequestContext

from kosha_localcloud.services.backup.state import place_of, table
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document, refuse
from kosha_localcloud.services.tagging import keep_tags


@table.stored("DescribeRegionSettings")
def describe_region_settings(context: RequestContext, _request: Document) -> Document:
    state = place_of(context).state
    return {
        "ResourceTypeOptInPreference": state.opt_in,
        "ResourceTypeManagementPreference": state.management,
    }


@table.stored("UpdateRegionSettings")
def update_region_settings(context: RequestContext, request: Document) -> None:
    state = place_of(context).state
    state.opt_in |= request.get("ResourceTypeOptInPreference") or {}
    state.management |= request.get("ResourceTypeManagementPreference") or {}


@table.stored("DescribeGlobalSettings")
def describe_global_settings(context: RequestContext, _request: Document) -> Document:
    return {"GlobalSettings": place_of(context).state.global_settings, "LastUpdateTime": now()}


@table.stored("UpdateGlobalSettings")
def update_global_settings(context: RequestContext, request: Document) -> None:
    place_of(context).state.global_settings |= request.get("GlobalSettings") or {}


def _tags(context: RequestContext, resource: str) -> dict[str, str]:
    tags = place_of(context).state.tags
    if resource not in tags:
        raise refuse("ResourceNotFoundException", f"There is no backup resource {resource}.", 404)
    return tags[resource]


keep_tags(table, _tags, keys="TagKeyList", listing="ListTags")
