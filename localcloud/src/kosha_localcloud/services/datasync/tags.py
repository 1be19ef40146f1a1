"""Tags of locations, tasks and executions."""

from localstack.aws.api import RequestContext

from kosha_localcloud.services.datasync.state import invalid, states, table, tags_given
from kosha_localcloud.services.operations import Document


def _tags(context: RequestContext, arn: str) -> dict[str, str]:
    tags = states.of(context).tags
    if arn not in tags:
        raise invalid(f"Request parameters contain an invalid ARN: resource {arn} is not found.")
    return tags[arn]


@table.stored("TagResource")
def tag_resource(context: RequestContext, request: Document) -> None:
    _tags(context, request["ResourceArn"]).update(tags_given(request))


@table.stored("UntagResource")
def untag_resource(context: RequestContext, request: Document) -> None:
    tags = _tags(context, request["ResourceArn"])
    for key in request["Keys"]:
        tags.pop(key, None)


@table.stored("ListTagsForResource")
def list_tags_for_resource(context: RequestContext, request: Document) -> Document:
    tags = _tags(context, request["ResourceArn"])
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}
