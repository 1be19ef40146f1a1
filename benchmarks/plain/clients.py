"""``common/clients.py`` in the plain way: boto3, and every client made at the start. For the pair ``cold_start``, which
lays it in that place, and what stands there beside it as ``common/needed.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3  # before the other, which would hide awscrt from botocore
from common.needed import ATTEMPTS, cloudwatch, datasync, ec2, functions, s3, s3control, sns  # type: ignore[import-not-found]

from common import needed

if TYPE_CHECKING:
    from botocore.config import Config

__all__ = ["ATTEMPTS", "cloudwatch", "datasync", "ec2", "functions", "later", "s3", "s3control", "sns"]


def _client(service: str, config: Config) -> Any:
    return boto3.client(service, config=config)  # type: ignore[call-overload]


needed._client = _client


def later[T](make: Callable[[], T]) -> T:
    """The client, now."""
    return make()
