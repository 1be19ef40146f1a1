"""boto3 clients with the retry behaviour all functions share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
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
    return boto3.client("datasync", config=_config(attempts=attempts))


def s3(connections: int = 10) -> S3Client:
    """An S3 client that many threads may share; ``connections`` is how many calls it has open at once."""
    return boto3.client("s3", config=_config(connections))


def s3control() -> S3ControlClient:
    """An S3 Control client, for jobs of S3 Batch Operations."""
    return boto3.client("s3control", config=_config())


def ec2(attempts: int = ATTEMPTS) -> EC2Client:
    """An EC2 client of the function's own region; ``attempts`` counts the first call."""
    return boto3.client("ec2", config=_config(attempts=attempts))


def functions() -> LambdaClient:
    """A Lambda client, for calling other functions of the platform."""
    return boto3.client("lambda", config=_config())


def cloudwatch() -> CloudWatchClient:
    """A CloudWatch client, for reading metrics."""
    return boto3.client("cloudwatch", config=_config())


def sns() -> SNSClient:
    """An SNS client of the function's own region."""
    return boto3.client("sns", config=_config())
