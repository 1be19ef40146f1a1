"""Access entries and their policies."""

import uuid

from localstack.aws.api import RequestContext

from kosha_localcloud.services.eks.catalog import ACCESS_POLICIES
from kosha_localcloud.services.eks.state import check_new, cluster_of, not_found, resource_arn, table
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document, refuse


@table.stored("CreateAccessEntry", "nobody is authenticated by it")
def create_access_entry(context: RequestContext, request: Document) -> Document:
    cluster = cluster_of(context, request["clusterName"])
    principal = request["principalArn"]
    if cluster.document["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        raise refuse(
            "InvalidRequestException",
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP]",
        )
    check_new(cluster.access_entries, "The specified access entry resource", principal)
    kind, _, name = principal.rpartition(":")[2].partition("/")
    document: Document = {
        "clusterName": request["clusterName"],
        "principalArn": principal,
        "kubernetesGroups": request.get("kubernetesGroups") or [],
        "accessEntryArn": resource_arn(
            context, f"access-entry/{request['clusterName']}/{kind}/{context.account_id}/{name}/{uuid.uuid4()}"
        ),
        "createdAt": now(),
        "modifiedAt": now(),
        "tags": request.get("tags") or {},
        "username": request.get("username") or _username(context, principal, request.get("type", "STANDARD")),
        "type": request.get("type", "STANDARD"),
    }
    cluster.access_entries[principal] = document
    cluster.access_policies[principal] = {}
    return {"accessEntry": document}


def _username(context: RequestContext, principal: str, kind: str) -> str:
    """https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html lists the usernames EKS gives."""
    if kind.startswith("EC2"):
        return "system:node:{{EC2PrivateDNSName}}"
    name = principal.rpartition("/")[2]
    if ":role/" in principal:
        return f"arn:aws:sts::{context.account_id}:assumed-role/{name}/{{{{SessionName}}}}"
    return principal


@table.stored("DescribeAccessEntry")
def describe_access_entry(context: RequestContext, request: Document) -> Document:
    return {"accessEntry": _access_entry(context, request)}


def _access_entry(context: RequestContext, request: Document) -> Document:
    entries = cluster_of(context, request["clusterName"]).access_entries
    if request["principalArn"] not in entries:
        raise not_found(f"access entry found for principal: {request['principalArn']}")
    return entries[request["principalArn"]]


@table.stored("ListAccessEntries")
def list_access_entries(context: RequestContext, request: Document) -> Document:
    cluster = cluster_of(context, request["clusterName"])
    wanted = request.get("associatedPolicyArn")
    return {
        "accessEntries": [
            principal
            for principal in cluster.access_entries
            if wanted is None or wanted in cluster.access_policies[principal]
        ]
    }


@table.stored("UpdateAccessEntry")
def update_access_entry(context: RequestContext, request: Document) -> Document:
    document = _access_entry(context, request)
    for key in ("kubernetesGroups", "username"):
        if key in request:
            document[key] = request[key]
    document["modifiedAt"] = now()
    return {"accessEntry": document}


@table.stored("DeleteAccessEntry")
def delete_access_entry(context: RequestContext, request: Document) -> None:
    _access_entry(context, request)
    cluster = cluster_of(context, request["clusterName"])
    del cluster.access_entries[request["principalArn"]]
    del cluster.access_policies[request["principalArn"]]


@table.stored("AssociateAccessPolicy")
def associate_access_policy(context: RequestContext, request: Document) -> Document:
    _access_entry(context, request)
    policy = request["policyArn"]
    if policy.rpartition("/")[2] not in ACCESS_POLICIES:
        raise refuse("InvalidParameterException", f"{policy} is no access policy; list them with ListAccessPolicies.")
    document = {"policyArn": policy, "accessScope": request["accessScope"], "associatedAt": now(), "modifiedAt": now()}
    cluster_of(context, request["clusterName"]).access_policies[request["principalArn"]][policy] = document
    return {
        "clusterName": request["clusterName"],
        "principalArn": request["principalArn"],
        "associatedAccessPolicy": document,
    }


@table.stored("DisassociateAccessPolicy")
def disassociate_access_policy(context: RequestContext, request: Document) -> None:
    _access_entry(context, request)
    policies = cluster_of(context, request["clusterName"]).access_policies[request["principalArn"]]
    if policies.pop(request["policyArn"], None) is None:
        raise not_found(f"policy association found for {request['policyArn']}")


@table.stored("ListAssociatedAccessPolicies")
def list_associated_access_policies(context: RequestContext, request: Document) -> Document:
    _access_entry(context, request)
    policies = cluster_of(context, request["clusterName"]).access_policies[request["principalArn"]]
    return {
        "clusterName": request["clusterName"],
        "principalArn": request["principalArn"],
        "associatedAccessPolicies": list(policies.values()),
    }


@table.stored("ListAccessPolicies", "a fixed list")
def list_access_policies(_context: RequestContext, _request: Document) -> Document:
    return {
        "accessPolicies": [
            {"name": name, "arn": f"arn:aws:eks::aws:cluster-access-policy/{name}"} for name in sorted(ACCESS_POLICIES)
        ]
    }
