"""S3: the limits of object tags, which LocalStack does not keep to: ten tags, keys of 128 and values of 256 characters.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
"""

from typing import Any

from localstack.services.s3 import provider

from kosha_localcloud.services.operations import refuse
from kosha_localcloud.services.tagging import from_pairs

MOST_TAGS, LONGEST_KEY, LONGEST_VALUE = 10, 128, 256


def install() -> None:
    """Check tags that come in a request and tags that come in a header."""
    validate = provider.validate_tag_set
    parse = provider.parse_tagging_header

    def validate_with_limits(tag_set: list[dict[str, str]], type_set: str = "bucket") -> None:
        validate(tag_set, type_set=type_set)
        if type_set == "object":
            check(from_pairs(tag_set))

    def parse_with_limits(tagging_header: str) -> Any:
        tags = parse(tagging_header)
        check(tags)
        return tags

    provider.validate_tag_set = validate_with_limits
    provider.parse_tagging_header = parse_with_limits


def check(tags: dict[str, str]) -> None:
    """Raise what S3 answers for too many or too long tags."""
    if len(tags) > MOST_TAGS:
        raise refuse("BadRequest", f"Object tags cannot be greater than {MOST_TAGS}")
    for key, value in tags.items():
        if len(key) > LONGEST_KEY:
            raise refuse("InvalidTag", "The TagKey you have provided is too long", TagKey=key)
        if len(value) > LONGEST_VALUE:
            raise refuse("InvalidTag", "The TagValue you have provided is too long", TagKey=key)
