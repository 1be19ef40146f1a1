"""Tags of a cluster and of what is in it."""

from localstack.aws.api import RequestContext

from kosha_localcloud.services.eks.state import states, table
from kosha_localcloud.services.operations import refuse
from kosha_localcloud.services.tagging import keep_tags


def _tags_of(context: RequestContext, resource_arn: str) -> dict[str, str]:
    for cluster in states.of(context).by_name.values():
        documents = [
            (cluster.document, "arn"),
            *((document, "nodegroupArn") for document in cluster.nodegroups.values()),
            *((document, "addonArn") for document in cluster.addons.values()),
            *((document, "accessEntryArn") for document in cluster.access_entries.values()),
            *((document, "associationArn") for document in cluster.pod_identities.values()),
        ]
        for document, key in documents:
            if document[key] == resource_arn:
                tags: dict[str, str] = document["tags"]
                return tags
    raise refuse("NotFoundException", f"The resource {resource_arn} was not found.", 404)


keep_tags(table, _tags_of, "resourceArn", "tags", "tagKeys")
