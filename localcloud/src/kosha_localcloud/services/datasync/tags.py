"""Tags of locations, tasks and executions."""

from localstack.aws.api import RequestContext

from kosha_localcloud.services.datasync.state import invalid, states, table
from kosha_localcloud.services.tagging import keep_tags


def _tags(context: RequestContext, arn: str) -> dict[str, str]:
    tags = states.of(context).tags
    if arn not in tags:
        raise invalid(f"Request parameters contain an invalid ARN: resource {arn} is not found.")
    return tags[arn]


keep_tags(table, _tags, keys="Keys", pairs=True)
