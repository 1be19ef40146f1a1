"""Clusters."""

import base64

from localstack.aws.api import RequestContext
from moto.ec2.models import ec2_backends

from kosha_localcloud.services.eks.catalog import VERSIONS
from kosha_localcloud.services.eks.state import (
    Cluster,
    cluster_of,
    member_of,
    record_update,
    resource_arn,
    states,
    table,
)
from kosha_localcloud.services.identifiers import hexadecimal, now
from kosha_localcloud.services.operations import Document, refuse


@table.stored("CreateCluster", "ACTIVE at once; no Kubernetes runs")
def create_cluster(context: RequestContext, request: Document) -> Document:
    name = request["name"]
    clusters = states.of(context).by_name
    if name in clusters:
        raise refuse("ResourceInUseException", f"Cluster already exists with name: {name}", 409, clusterName=name)
    identifier = hexadecimal(32).upper()
    vpc = request["resourcesVpcConfig"]
    subnets = vpc.get("subnetIds") or []
    vpc_id = _vpc_of(context, subnets)
    logging = request.get("logging") or {}
    access = request.get("accessConfig") or {}
    document: Document = {
        "name": name,
        "arn": resource_arn(context, f"cluster/{name}"),
        "createdAt": now(),
        "version": request.get("version") or VERSIONS[0],
        "endpoint": f"https://{identifier}.gr7.{context.region}.eks.amazonaws.com",
        "roleArn": request["roleArn"],
        "resourcesVpcConfig": {
            "subnetIds": subnets,
            "securityGroupIds": vpc.get("securityGroupIds") or [],
            "clusterSecurityGroupId": _cluster_security_group(context, name, vpc_id),
            "vpcId": vpc_id,
            "endpointPublicAccess": vpc.get("endpointPublicAccess", True),
            "endpointPrivateAccess": vpc.get("endpointPrivateAccess", False),
            "publicAccessCidrs": _public_cidrs(vpc),
        },
        "kubernetesNetworkConfig": _network(request.get("kubernetesNetworkConfig") or {}),
        "logging": _logging(logging, []),
        "identity": {"oidc": {"issuer": f"https://oidc.eks.{context.region}.amazonaws.com/id/{identifier}"}},
        "status": "ACTIVE",
        "certificateAuthority": {"data": base64.b64encode(b"no Kubernetes behind this cluster").decode()},
        "platformVersion": "eks.1",
        "tags": request.get("tags") or {},
        "encryptionConfig": request.get("encryptionConfig") or [],
        "health": {"issues": []},
        "accessConfig": {
            "authenticationMode": access.get("authenticationMode", "CONFIG_MAP"),
            "bootstrapClusterCreatorAdminPermissions": access.get("bootstrapClusterCreatorAdminPermissions", True),
        },
        "upgradePolicy": request.get("upgradePolicy") or {"supportType": "EXTENDED"},
        "deletionProtection": request.get("deletionProtection", False),
        **{
            key: request[key]
            for key in ("zonalShiftConfig", "remoteNetworkConfig", "computeConfig", "storageConfig")
            if key in request
        },
    }
    clusters[name] = Cluster(document)
    return {"cluster": document}


def _vpc_of(context: RequestContext, subnets: list[str]) -> str:
    backend = ec2_backends[context.account_id][context.region]
    if not subnets:
        raise refuse("InvalidParameterException", "Give at least two subnets in resourcesVpcConfig.subnetIds.")
    known = {subnet.id: subnet.vpc_id for subnet in backend.describe_subnets()}
    for subnet in subnets:
        if subnet not in known:
            raise refuse("InvalidParameterException", f"The subnet ID '{subnet}' does not exist")
    return str(known[subnets[0]])


def _cluster_security_group(context: RequestContext, name: str, vpc_id: str) -> str:
    """Make the security group that EKS makes for every cluster; it goes with the cluster."""
    backend = ec2_backends[context.account_id][context.region]
    group = backend.create_security_group(
        f"eks-cluster-sg-{name}-{hexadecimal(10)}",
        "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, "
        "as well as any managed workloads.",
        vpc_id=vpc_id,
        tags={"Name": f"eks-cluster-sg-{name}", f"kubernetes.io/cluster/{name}": "owned", "aws:eks:cluster-name": name},
    )
    return str(group.id)


def _public_cidrs(vpc: Document) -> list[str]:
    return vpc.get("publicAccessCidrs") or (["0.0.0.0/0"] if vpc.get("endpointPublicAccess", True) else [])


def _network(wanted: Document) -> Document:
    return {
        "serviceIpv4Cidr": wanted.get("serviceIpv4Cidr", "172.20.0.0/16"),
        "ipFamily": wanted.get("ipFamily", "ipv4"),
        "elasticLoadBalancing": wanted.get("elasticLoadBalancing") or {"enabled": False},
    }


def _logging(wanted: Document, enabled: list[str]) -> Document:
    """Say which log types are on. A request names only those it changes."""
    every = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
    on = set(enabled)
    for setup in wanted.get("clusterLogging") or []:
        types = set(setup.get("types") or [])
        on = on | types if setup.get("enabled") else on - types
    groups = [{"types": [kind for kind in every if kind in on], "enabled": True}]
    groups.append({"types": [kind for kind in every if kind not in on], "enabled": False})
    return {"clusterLogging": [group for group in groups if group["types"]]}


@table.stored("DescribeCluster")
def describe_cluster(context: RequestContext, request: Document) -> Document:
    return {"cluster": cluster_of(context, request["name"]).document}


@table.stored("ListClusters")
def list_clusters(context: RequestContext, _request: Document) -> Document:
    return {"clusters": sorted(states.of(context).by_name)}


@table.stored("DeleteCluster", "refused while node groups are left or deletion protection is on, as in AWS")
def delete_cluster(context: RequestContext, request: Document) -> Document:
    cluster = cluster_of(context, request["name"])
    if cluster.nodegroups:
        raise refuse("ResourceInUseException", "Cluster has nodegroups attached", 409, clusterName=request["name"])
    if cluster.document["deletionProtection"]:
        raise refuse("InvalidRequestException", "Cluster has deletion protection on; turn it off first.")
    del states.of(context).by_name[request["name"]]
    group = cluster.document["resourcesVpcConfig"]["clusterSecurityGroupId"]
    ec2_backends[context.account_id][context.region].delete_security_group(group_id=group)
    return {"cluster": cluster.document | {"status": "DELETING"}}


@table.stored("UpdateClusterConfig")
def update_cluster_config(context: RequestContext, request: Document) -> Document:
    cluster = cluster_of(context, request["name"])
    document = cluster.document
    kind = "ConfigUpdate"
    if "logging" in request:
        on = [kind for group in document["logging"]["clusterLogging"] if group["enabled"] for kind in group["types"]]
        document["logging"] = _logging(request["logging"], on)
        kind = "LoggingUpdate"
    if "resourcesVpcConfig" in request:
        wanted = {key: value for key, value in request["resourcesVpcConfig"].items() if value is not None}
        document["resourcesVpcConfig"] |= wanted
        kind = "EndpointAccessUpdate" if "endpointPublicAccess" in wanted else "VpcConfigUpdate"
    if "accessConfig" in request:
        document["accessConfig"] |= request["accessConfig"]
        kind = "AccessConfigUpdate"
    for key in (
        "upgradePolicy",
        "zonalShiftConfig",
        "computeConfig",
        "storageConfig",
        "remoteNetworkConfig",
        "deletionProtection",
    ):
        if key in request:
            document[key] = request[key]
    changed = {key: value for key, value in request.items() if key != "name"}
    return {"update": record_update(cluster, kind, changed)}


@table.stored("UpdateClusterVersion", "to the next minor version, and only when all node groups have the present one")
def update_cluster_version(context: RequestContext, request: Document) -> Document:
    """https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html and, for node groups,
    https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterVersion.html"""
    cluster, wanted = cluster_of(context, request["name"]), request["version"]
    present = str(cluster.document["version"])
    behind = sorted(name for name, group in cluster.nodegroups.items() if group["version"] != present)
    if behind:
        raise refuse("InvalidRequestException", f"Update node groups to {present} first: {', '.join(behind)}.")
    major, _, minor = present.partition(".")
    if wanted != f"{major}.{int(minor) + 1}":
        message = f"Unsupported Kubernetes minor version update from {present} to {wanted}"
        raise refuse("InvalidParameterException", message)
    cluster.document["version"] = wanted
    return {"update": record_update(cluster, "VersionUpdate", {"Version": wanted})}


@table.stored("AssociateEncryptionConfig")
def associate_encryption_config(context: RequestContext, request: Document) -> Document:
    cluster = cluster_of(context, request["clusterName"])
    cluster.document["encryptionConfig"] = request["encryptionConfig"]
    return {"update": record_update(cluster, "AssociateEncryptionConfig", {})}


@table.stored("DescribeUpdate")
def describe_update(context: RequestContext, request: Document) -> Document:
    return {"update": member_of(cluster_of(context, request["name"]).updates, "update", request["updateId"])}


@table.stored("ListUpdates")
def list_updates(context: RequestContext, request: Document) -> Document:
    return {"updateIds": list(cluster_of(context, request["name"]).updates)}


@table.stored("DescribeClusterVersions", "a fixed list of versions")
def describe_cluster_versions(_context: RequestContext, request: Document) -> Document:
    wanted = request.get("clusterVersions") or VERSIONS
    return {
        "clusterVersions": [
            {
                "clusterVersion": version,
                "clusterType": "eks",
                "defaultPlatformVersion": "eks.1",
                "defaultVersion": version == VERSIONS[0],
                "status": "standard-support",
                "versionStatus": "STANDARD_SUPPORT",
            }
            for version in VERSIONS
            if version in wanted
        ]
    }
