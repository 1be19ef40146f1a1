"""What EKS knows in one account and region."""

import uuid
from dataclasses import dataclass, field

from localstack.aws.api import CommonServiceException, RequestContext

from kosha_localcloud.services.identifiers import arn, now
from kosha_localcloud.services.operations import Document, ServiceTable, refuse
from kosha_localcloud.services.regional import Regional

table = ServiceTable("eks", moto=False)


@dataclass
class Cluster:
    """A cluster and everything in it, each by its name."""

    document: Document
    nodegroups: dict[str, Document] = field(default_factory=dict)
    addons: dict[str, Document] = field(default_factory=dict)
    access_entries: dict[str, Document] = field(default_factory=dict)
    access_policies: dict[str, dict[str, Document]] = field(default_factory=dict)
    pod_identities: dict[str, Document] = field(default_factory=dict)
    updates: dict[str, Document] = field(default_factory=dict)


@dataclass
class Clusters:
    """The clusters of one account and region."""

    by_name: dict[str, Cluster] = field(default_factory=dict)


states: Regional[Clusters] = Regional(Clusters)


def not_found(what: str) -> CommonServiceException:
    """Make the error for what does not exist."""
    return refuse("ResourceNotFoundException", f"No {what}.", 404)


def cluster_of(context: RequestContext, name: str) -> Cluster:
    """Give a cluster, or raise ResourceNotFoundException."""
    found = states.of(context).by_name.get(name)
    if found is None:
        raise refuse("ResourceNotFoundException", f"No cluster found for name: {name}.", 404, clusterName=name)
    return found


def member_of(members: dict[str, Document], kind: str, name: str) -> Document:
    """Give a member of a cluster, or raise ResourceNotFoundException."""
    if name not in members:
        raise not_found(f"{kind} found for name: {name}")
    return members[name]


def check_new(members: dict[str, Document], kind: str, name: str) -> None:
    """Raise ResourceInUseException when the cluster has a member of this name."""
    if name in members:
        raise refuse("ResourceInUseException", f"{kind} already exists: {name}", 409)


def resource_arn(context: RequestContext, resource: str) -> str:
    """Write an ARN of EKS."""
    return arn("eks", context.region, context.account_id, resource)


def record_update(cluster: Cluster, kind: str, params: Document) -> Document:
    """Keep a finished update: everything happens at once here."""
    update: Document = {
        "id": str(uuid.uuid4()),
        "status": "Successful",
        "type": kind,
        "params": [{"type": name, "value": str(value)} for name, value in params.items()],
        "createdAt": now(),
        "errors": [],
    }
    cluster.updates[update["id"]] = update
    return update
