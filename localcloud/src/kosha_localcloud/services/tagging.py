"""Tags of resources: the three operations that are alike in most services but for the names of their members."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kosha_localcloud.services.operations import Document, ServiceTable


def from_pairs(pairs: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """Tags by their keys, from a list of `Key` and `Value`."""
    return {pair["Key"]: pair.get("Value", "") for pair in pairs or []}


def keep_tags(
    table: ServiceTable,
    tags_of: Callable[[Any, str], dict[str, str]],
    resource: str = "ResourceArn",
    tags: str = "Tags",
    keys: str = "TagKeys",
    *,
    pairs: bool = False,
    listing: str = "ListTagsForResource",
) -> None:
    """Register the operations.

    Args:
        table: the service's operations.
        tags_of: gives the tags of a resource by its ARN, to be changed in place; raises what the service answers.
        resource: the member of a request that has the ARN.
        tags: the member that has the tags.
        keys: the member that has the keys of those that go.
        pairs: tags are a list of `Key` and `Value`, not a map.
        listing: the name of the operation that shows them.
    """

    @table.stored("TagResource")
    def tag_resource(context: Any, request: Document) -> Document:
        tags_of(context, request[resource]).update(from_pairs(request[tags]) if pairs else request[tags])
        return {}

    @table.stored("UntagResource")
    def untag_resource(context: Any, request: Document) -> Document:
        kept = tags_of(context, request[resource])
        for key in request[keys]:
            kept.pop(key, None)
        return {}

    @table.stored(listing)
    def list_tags(context: Any, request: Document) -> Document:
        kept = tags_of(context, request[resource])
        return {tags: [{"Key": key, "Value": value} for key, value in sorted(kept.items())] if pairs else kept}
