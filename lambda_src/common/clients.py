"""AWS clients with the retry behaviour all functions share, made for a quick cold start (docs/adr/0039).

They are botocore's: a client of boto3 has the same calls, and takes s3transfer and others along. Some are needed by
every call and are made when the function starts; others by few (a notice of something that went wrong), and are made
when they are first used: :func:`later`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, cast


@contextmanager
def _left_out(name: str) -> Iterator[None]:
    """Within, no import finds the package ``name``; where it is there already, nothing happens."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]


# botocore loads awscrt wherever it is installed, a library of 11 MB, for signatures and checksums nobody here asks it
# for; scratch_cleaner, for whom it is in the layer, takes its checksum from it itself.
with _left_out("awscrt"):
    import botocore.session
    from botocore.config import Config

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_datasync import DataSyncClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3control import S3ControlClient
    from mypy_boto3_sns import SNSClient

# Adaptive mode slows the client down when the service throttles and adds jitter
# (https://docs.aws.amazon.com/boto3/latest/guide/retries.html).
ATTEMPTS = 6
USER_AGENT = "kosha"


@cache
def _session() -> Session:
    """One for all clients: what they have in common is read once."""
    return botocore.session.get_session()


def _client(service: str, config: Config) -> Any:
    return _session().create_client(service, config=config)


class _Later:
    """Stands for a client, and makes it at the first use of one of its attributes."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._lock = Lock()

    def __getattr__(self, name: str) -> Any:
        with self._lock:
            if "_client" not in self.__dict__:
                self._client = self._make()
        return getattr(self._client, name)


def later[T](make: Callable[[], T]) -> T:
    """The client that ``make`` makes, made when it is first used, once, by whichever thread is first."""
    return cast("T", _Later(make))


def _config(connections: int = 10, attempts: int = ATTEMPTS) -> Config:
    return Config(
        retries={"mode": "adaptive", "total_max_attempts": attempts},
        max_pool_connections=connections,
        connect_timeout=5,
        read_timeout=30,
        # CloudTrail shows it: which function called.
        user_agent_extra=f"{USER_AGENT}/{os.environ.get('POWERTOOLS_SERVICE_NAME', 'unknown')}",
    )


def datasync(attempts: int = ATTEMPTS) -> DataSyncClient:
    """A DataSync client of the function's own region; ``attempts`` counts the first call."""
    return cast("DataSyncClient", _client("datasync", _config(attempts=attempts)))


def s3(connections: int = 10) -> S3Client:
    """An S3 client that many threads may share; ``connections`` is how many calls it has open at once."""
    return cast("S3Client", _client("s3", _config(connections)))


def s3control() -> S3ControlClient:
    """An S3 Control client, for jobs of S3 Batch Operations."""
    return cast("S3ControlClient", _client("s3control", _config()))


def ec2(attempts: int = ATTEMPTS) -> EC2Client:
    """An EC2 client of the function's own region; ``attempts`` counts the first call."""
    return cast("EC2Client", _client("ec2", _config(attempts=attempts)))


def functions() -> LambdaClient:
    """A Lambda client, for calling other functions of the platform."""
    return cast("LambdaClient", _client("lambda", _config()))


def cloudwatch() -> CloudWatchClient:
    """A CloudWatch client, for reading metrics."""
    return cast("CloudWatchClient", _client("cloudwatch", _config()))


def sns() -> SNSClient:
    """An SNS client of the function's own region."""
    return cast("SNSClient", _client("sns", _config()))
