"""The calls tag_auditor makes beside those of common/."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import MetricUnit

from common import fast_lake
from common.dimensions import write_metrics
from tag_auditor.domain import Entry

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Entry(*pair) without a step of Python for each.
_ENTRY: Callable[[tuple[str, datetime]], Entry] = partial(tuple.__new__, Entry)


class Listing:
    """The current objects of the data lake."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def pages(self, after: str) -> Iterator[list[Entry]]:
        """Behind ``after`` (``""``: from the start), a page of up to a thousand at a time, in S3's order.

        Raises:
            ClientError, BotoCoreError: S3 does not list.
        """
        start = {"StartAfter": after} if after else {}
        paginator = self._s3.get_paginator("list_objects_v2")
        for page in paginator.paginate(Bucket=self._bucket, **start):  # type: ignore[arg-type]
            yield [Entry(each["Key"], each["LastModified"]) for each in page.get("Contents", [])]


class FastListing:
    """The same, read without a tree of the XML."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._listing = fast_lake.FastListing(s3, bucket)

    def pages(self, after: str) -> Iterator[list[Entry]]:
        """As :meth:`Listing.pages`."""
        return self._listing.objects("", after, _ENTRY)


def tell_class(data_class: str, values: Mapping[str, float]) -> None:
    """Write metrics of one class."""
    units = ((name, MetricUnit.Percent if name.startswith("Tag") else MetricUnit.Count) for name in values)
    write_metrics("data_class", data_class, {name: (unit, values[name]) for name, unit in units})
