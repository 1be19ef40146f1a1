"""boto3 clients by which one service of the local cloud calls another.

They go through the gateway like anybody's calls, so notifications, replication, injected faults and the record of
calls see them. What a service does in a role that it was handed, it does with the rights of the role.
"""

import threading
from functools import lru_cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, DeferredRefreshableCredentials
from botocore.loaders import create_loader
from localstack import config

from kosha_localcloud.access.enforcement import service_in_role, session_name

TRIES = 4
_lock = threading.Lock()
_CONFIG = Config(
    user_agent_extra="kosha-localcloud",
    retries={"mode": "standard", "total_max_attempts": TRIES},
    s3={"addressing_style": "path"},
    # The stored checksum is asked for where it is wanted; by default it would only cost time.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


# It keeps the models it has read: that of EC2 takes a second.
_LOADER = create_loader()


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
        config=_CONFIG,
    )


def client(service: str, account: str, region: str) -> Any:
    """Give a client of `service` for this account and region, shared by all threads."""
    with _lock:
        return _make(service, account, region)


def client_in_role(service: str, region: str, role: str, principal: str, source: str, tries: int = TRIES) -> Any:
    """Give a client that works in a role, as the service ``principal`` does for the resource ``source``.

    The role is assumed at the first call, and again when its session ends. A role that does not trust the service makes
    the call fail with botocore's ClientError. A call is tried so many times.
    """
    account = role.split(":")[4]

    def assume() -> dict[str, str]:
        service_in_role(role, principal, source)
        sts = client("sts", account, region)
        given = sts.assume_role(RoleArn=role, RoleSessionName=session_name(principal))["Credentials"]
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }

    class Role(CredentialProvider):
        METHOD = CANONICAL_NAME = "role"

        def load(self) -> DeferredRefreshableCredentials:
            return DeferredRefreshableCredentials(assume, self.METHOD)

    session = botocore.session.Session()
    session.register_component("data_loader", _LOADER)
    session.register_component("credential_provider", CredentialResolver([Role()]))
    make: Any = boto3.Session(botocore_session=session, region_name=region).client
    retries = Config(retries={"mode": "standard", "total_max_attempts": tries})
    return make(service, endpoint_url=config.internal_service_url(), config=_CONFIG.merge(retries))
