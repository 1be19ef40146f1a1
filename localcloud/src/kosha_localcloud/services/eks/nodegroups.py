"""Node groups."""

import uuid

from localstack.aws.api import RequestContext
from moto.ec2.models import ec2_backends

from kosha_localcloud.services.eks.state import check_new, cluster_of, member_of, record_update, resource_arn, table
from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document, refuse


@table.stored("CreateNodegroup", "ACTIVE at once; no instance starts")
def create_nodegroup(context: RequestContext, request: Document) -> Document:
    cluster = cluster_of(context, request["clusterName"])
    name = request["nodegroupName"]
    check_new(cluster.nodegroups, "NodeGroup", name)
    version = request.get("version") or cluster.document["version"]
    template = request.get("launchTemplate")
    identifier = str(uuid.uuid4())
    document: Document = {
        "nodegroupName": name,
        "nodegroupArn": resource_arn(context, f"nodegroup/{request['clusterName']}/{name}/{identifier}"),
        "clusterName": request["clusterName"],
        "version": version,
        "releaseVersion": request.get("releaseVersion") or f"{version}.0-20260101",
        "createdAt": now(),
        "modifiedAt": now(),
        "status": "ACTIVE",
        "capacityType": request.get("capacityType", "ON_DEMAND"),
        "scalingConfig": request.get("scalingConfig") or {"minSize": 1, "maxSize": 2, "desiredSize": 2},
        "subnets": request["subnets"],
        "amiType": request.get("amiType", "AL2023_x86_64_STANDARD"),
        "nodeRole": request["nodeRole"],
        "labels": request.get("labels") or {},
        "taints": request.get("taints") or [],
        "resources": {"autoScalingGroups": [{"name": f"eks-{name}-{identifier}"}]},
        "health": {"issues": []},
        "updateConfig": request.get("updateConfig") or {"maxUnavailable": 1},
        "tags": request.get("tags") or {},
    }
    # A launch template carries the disk and may carry the instance type; without one EKS chooses.
    if template:
        document["launchTemplate"] = _launch_template(context, template)
    else:
        document["diskSize"] = request.get("diskSize", 20)
    if request.get("instanceTypes"):
        document["instanceTypes"] = request["instanceTypes"]
    elif not template:
        document["instanceTypes"] = ["t3.medium"]
    for key in ("remoteAccess", "nodeRepairConfig"):
        if key in request:
            document[key] = request[key]
    cluster.nodegroups[name] = document
    return {"nodegroup": document}


def _launch_template(context: RequestContext, wanted: Document) -> Document:
    backend = ec2_backends[context.account_id][context.region]
    for template in backend.launch_templates.values():
        if wanted.get("id") == template.id or wanted.get("name") == template.name:
            return {
                "id": template.id,
                "name": template.name,
                "version": wanted.get("version", str(template.default_version_number)),
            }
    raise refuse("InvalidRequestException", f"Launch template {wanted.get('id') or wanted.get('name')} does not exist.")


@table.stored("DescribeNodegroup")
def describe_nodegroup(context: RequestContext, request: Document) -> Document:
    cluster = cluster_of(context, request["clusterName"])
    return {"nodegroup": member_of(cluster.nodegroups, "node group", request["nodegroupName"])}


@table.stored("ListNodegroups")
def list_nodegroups(context: RequestContext, request: Document) -> Document:
    return {"nodegroups": sorted(cluster_of(context, request["clusterName"]).nodegroups)}


@table.stored("DeleteNodegroup")
def delete_nodegroup(context: RequestContext, request: Document) -> Document:
    cluster = cluster_of(context, request["clusterName"])
    document = member_of(cluster.nodegroups, "node group", request["nodegroupName"])
    del cluster.nodegroups[request["nodegroupName"]]
    return {"nodegroup": document | {"status": "DELETING"}}


@table.stored("UpdateNodegroupConfig")
def update_nodegroup_config(context: RequestContext, request: Document) -> Document:
    cluster = cluster_of(context, request["clusterName"])
    document = member_of(cluster.nodegroups, "node group", request["nodegroupName"])
    for key in ("scalingConfig", "updateConfig", "nodeRepairConfig"):
        if key in request:
            document[key] = document.get(key, {}) | request[key]
    labels = request.get("labels") or {}
    document["labels"] |= labels.get("addOrUpdateLabels") or {}
    for label in labels.get("removeLabels") or []:
        document["labels"].pop(label, None)
    taints = request.get("taints") or {}
    gone = [taint["key"] for taint in (taints.get("removeTaints") or []) + (taints.get("addOrUpdateTaints") or [])]
    kept = [taint for taint in document["taints"] if taint["key"] not in gone]
    document["taints"] = kept + (taints.get("addOrUpdateTaints") or [])
    document["modifiedAt"] = now()
    return {"update": record_update(cluster, "ConfigUpdate", {})}


@table.stored("UpdateNodegroupVersion")
def update_nodegroup_version(context: RequestContext, request: Document) -> Document:
    cluster = cluster_of(context, request["clusterName"])
    document = member_of(cluster.nodegroups, "node group", request["nodegroupName"])
    document["version"] = request.get("version") or cluster.document["version"]
    document["releaseVersion"] = request.get("releaseVersion") or f"{document['version']}.0-20260101"
    if "launchTemplate" in request:
        document["launchTemplate"] = _launch_template(context, request["launchTemplate"])
    document["modifiedAt"] = now()
    return {"update": record_update(cluster, "VersionUpdate", {"Version": document["version"]})}
