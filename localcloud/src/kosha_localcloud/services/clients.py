"""boto3 clients by which one service of the local cloud calls another.

They go through the gateway like anybody's calls, so notifications, replication, injected faults and the record of
calls see them.
"""

import threading
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from localstack import config

_lock = threading.Lock()


@lru_cache(maxsize=64)
def _make(service: str, account: str, region: str) -> Any:
    make: Any = boto3.client  # the type stubs want the name of the service written out
    return make(
        service,
        endpoint_url=config.internal_service_url(),
        region_name=region,
        # LocalStack reads the account from the access key.
        aws_access_key_id=account,
        aws_secret_access_key="test",  # noqa: S106 (the local cloud checks no signature)
        config=Config(
            user_agent_extra="kosha-localcloud",
            retries={"mode": "standard", "max_attempts": 3},
            s3={"addressing_style": "path"},
            # The stored checksum is asked for where it is wanted; by default it would only cost time.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def client(service: str, account: str, region: str) -> Any:
    """Give a client of `service` for this account and region, shared by all threads."""
    with _lock:
        return _make(service, account, region)
