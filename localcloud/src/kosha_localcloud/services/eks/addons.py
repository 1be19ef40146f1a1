"""Add-ons."""

import uuid

from localstack.aws.api import RequestContext

from kosha_localcloud.services.eks.catalog import ADDONS, AddonVersion, default_addon_version
from kosha_localcloud.services.eks.pod_identity import associate
from kosha_localcloud.services.eks.state import check_new, cluster_of, member_of, record_update, resource_arn, table
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document, refuse


@table.stored("CreateAddon", "ACTIVE at once; nothing is installed")
def create_addon(context: RequestContext, request: Document) -> Document:
    cluster = cluster_of(context, request["clusterName"])
    name = request["addonName"]
    check_new(cluster.addons, "Addon", name)
    if name not in ADDONS:
        raise refuse(
            "InvalidParameterException", f"Addon {name} is not known; choose one of {', '.join(sorted(ADDONS))}."
        )
    identities = [
        associate(context, cluster, wanted | {"namespace": "kube-system"}, owner=name)["associationArn"]
        for wanted in request.get("podIdentityAssociations") or []
    ]
    document: Document = {
        "addonName": name,
        "clusterName": request["clusterName"],
        "status": "ACTIVE",
        "addonVersion": request.get("addonVersion") or default_addon_version(name, cluster.document["version"]),
        "health": {"issues": []},
        "addonArn": resource_arn(context, f"addon/{request['clusterName']}/{name}/{uuid.uuid4()}"),
        "createdAt": now(),
        "modifiedAt": now(),
        "tags": request.get("tags") or {},
        "podIdentityAssociations": identities,
        "publisher": "eks",
        "owner": "aws",
        **{key: request[key] for key in ("serviceAccountRoleArn", "configurationValues") if request.get(key)},
    }
    cluster.addons[name] = document
    return {"addon": document}


@table.stored("DescribeAddon")
def describe_addon(context: RequestContext, request: Document) -> Document:
    return {"addon": member_of(cluster_of(context, request["clusterName"]).addons, "addon", request["addonName"])}


@table.stored("ListAddons")
def list_addons(context: RequestContext, request: Document) -> Document:
    return {"addons": sorted(cluster_of(context, request["clusterName"]).addons)}


@table.stored("DeleteAddon")
def delete_addon(context: RequestContext, request: Document) -> Document:
    cluster = cluster_of(context, request["clusterName"])
    document = member_of(cluster.addons, "addon", request["addonName"])
    del cluster.addons[request["addonName"]]
    for association in document["podIdentityAssociations"]:
        cluster.pod_identities.pop(association.rpartition("/")[2], None)
    return {"addon": document | {"status": "DELETING"}}


@table.stored("UpdateAddon")
def update_addon(context: RequestContext, request: Document) -> Document:
    cluster = cluster_of(context, request["clusterName"])
    document = member_of(cluster.addons, "addon", request["addonName"])
    for key in ("addonVersion", "serviceAccountRoleArn", "configurationValues"):
        if request.get(key):
            document[key] = request[key]
    if "podIdentityAssociations" in request:
        for association in document["podIdentityAssociations"]:
            cluster.pod_identities.pop(association.rpartition("/")[2], None)
        document["podIdentityAssociations"] = [
            associate(context, cluster, wanted | {"namespace": "kube-system"}, owner=request["addonName"])[
                "associationArn"
            ]
            for wanted in request["podIdentityAssociations"]
        ]
    document["modifiedAt"] = now()
    return {"update": record_update(cluster, "AddonUpdate", {"AddonVersion": document["addonVersion"]})}


@table.stored("DescribeAddonVersions", "a fixed list of add-ons and versions")
def describe_addon_versions(_context: RequestContext, request: Document) -> Document:
    wanted = request.get("addonName")
    version = request.get("kubernetesVersion")
    return {
        "addons": [
            {
                "addonName": name,
                "type": addon.kind,
                "publisher": "eks",
                "owner": "aws",
                "addonVersions": [
                    _addon_version(choice) for choice in addon.versions if version in (None, *choice.kubernetes)
                ],
            }
            for name, addon in ADDONS.items()
            if wanted in (None, name)
        ]
    }


def _addon_version(choice: AddonVersion) -> Document:
    return {
        "addonVersion": choice.version,
        "architecture": ["amd64", "arm64"],
        "compatibilities": [
            {"clusterVersion": version, "platformVersions": ["*"], "defaultVersion": choice.default}
            for version in choice.kubernetes
        ],
        "requiresConfiguration": False,
    }


@table.stored("DescribeAddonConfiguration", "no configuration schema")
def describe_addon_configuration(_context: RequestContext, request: Document) -> Document:
    return {
        "addonName": request["addonName"],
        "addonVersion": request["addonVersion"],
        "configurationSchema": "{}",
        "podIdentityConfiguration": [],
    }
