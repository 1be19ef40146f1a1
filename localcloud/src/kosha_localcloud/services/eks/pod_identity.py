"""Pod identity associations."""

from localstack.aws.api import RequestContext

from kosha_localcloud.services.eks.state import Cluster, cluster_of, member_of, resource_arn, table
from kosha_localcloud.services.identifiers import hexadecimal, now
from kosha_localcloud.services.operations import Document, refuse


@table.stored("CreatePodIdentityAssociation", "no credentials are given to anybody")
def create_pod_identity_association(context: RequestContext, request: Document) -> Document:
    return {"association": associate(context, cluster_of(context, request["clusterName"]), request)}


def associate(context: RequestContext, cluster: Cluster, wanted: Document, owner: str | None = None) -> Document:
    """Make an association; `owner` is the add-on it belongs to. Raises ResourceInUseException for a second one."""
    for other in cluster.pod_identities.values():
        if (other["namespace"], other["serviceAccount"]) == (wanted["namespace"], wanted["serviceAccount"]):
            raise refuse("ResourceInUseException", f"Association already exists: {other['associationId']}", 409)
    identifier = f"a-{hexadecimal(17)}"
    name = cluster.document["name"]
    document: Document = {
        "clusterName": name,
        "namespace": wanted["namespace"],
        "serviceAccount": wanted["serviceAccount"],
        "roleArn": wanted["roleArn"],
        "associationArn": resource_arn(context, f"podidentityassociation/{name}/{identifier}"),
        "associationId": identifier,
        "tags": wanted.get("tags") or {},
        "createdAt": now(),
        "modifiedAt": now(),
        "disableSessionTags": wanted.get("disableSessionTags", False),
        **({"targetRoleArn": wanted["targetRoleArn"]} if wanted.get("targetRoleArn") else {}),
        **({"ownerArn": resource_arn(context, f"addon/{name}/{owner}")} if owner else {}),
    }
    cluster.pod_identities[identifier] = document
    return document


def _association(context: RequestContext, request: Document) -> Document:
    associations = cluster_of(context, request["clusterName"]).pod_identities
    return member_of(associations, "association", request["associationId"])


@table.stored("DescribePodIdentityAssociation")
def describe_pod_identity_association(context: RequestContext, request: Document) -> Document:
    return {"association": _association(context, request)}


@table.stored("ListPodIdentityAssociations")
def list_pod_identity_associations(context: RequestContext, request: Document) -> Document:
    listed = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId", "ownerArn")
    return {
        "associations": [
            {key: document[key] for key in listed if key in document}
            for document in cluster_of(context, request["clusterName"]).pod_identities.values()
            if request.get("namespace") in (None, document["namespace"])
            and request.get("serviceAccount") in (None, document["serviceAccount"])
        ]
    }


@table.stored("UpdatePodIdentityAssociation")
def update_pod_identity_association(context: RequestContext, request: Document) -> Document:
    document = _association(context, request)
    for key in ("roleArn", "targetRoleArn", "disableSessionTags"):
        if key in request:
            document[key] = request[key]
    document["modifiedAt"] = now()
    return {"association": document}


@table.stored("DeletePodIdentityAssociation")
def delete_pod_identity_association(context: RequestContext, request: Document) -> Document:
    document = _association(context, request)
    del cluster_of(context, request["clusterName"]).pod_identities[request["associationId"]]
    return {"association": document}
