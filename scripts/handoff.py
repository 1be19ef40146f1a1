"""Read what the roots publish: one JSON document in SSM for each (docs/architecture.md)."""

from __future__ import annotations

import json
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
)

from scripts.infrastructure.environments import Environment
from scripts.localcloud import local_cloud
from scripts.talk import UserError

# https://docs.aws.amazon.com/awssupport/latest/APIReference/CommonErrors.html and those of expired sessions
UNKNOWN_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)

NO_CREDENTIALS = " Give credentials: export AWS_PROFILE=<profile>, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
NOT_KNOWN = " AWS does not know these credentials, or no more: aws sts get-caller-identity must answer first"
NO_NETWORK = " Is this machine online, and the region right? The local cloud needs no network: ENV=local"


def client(environment: Environment, service: str, region: str | None = None, config: Config | None = None) -> Any:
    """A boto3 client for the environment: the local cloud, or AWS with the caller's own credentials."""
    region = region or environment.region
    if environment.is_local:
        cloud = local_cloud()
        cloud.instance_id()
        return cloud.client(service, region, config)
    return boto3.client(service, region_name=region, config=config)  # type: ignore[call-overload]


def published_roots(environment: Environment, reader: str = "") -> set[str]:
    """Names of the roots whose handoff can be read, from where the root ``reader`` is run."""
    path = environment.handoff("").rstrip("/")
    try:
        ssm = client(environment, "ssm", environment.region_of(reader))
        pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path)
        return {parameter["Name"].rsplit("/", 1)[-1] for page in pages for parameter in page["Parameters"]}
    except (BotoCoreError, ClientError) as error:
        raise _unreadable(environment, path, error) from error


def read_handoff(environment: Environment, root: str, region: str | None = None) -> dict[str, Any]:
    """The document of ``root``, in its region or another. Raises :class:`UserError` if the root is not applied."""
    name = environment.handoff(root)
    try:
        ssm = client(environment, "ssm", region or environment.region_of(root))
        value = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ParameterNotFound":
            raise UserError(
                f"{root} is not applied in {environment.name}: make apply ENV={environment.name}"
            ) from error
        raise _unreadable(environment, name, error) from error
    except BotoCoreError as error:
        raise _unreadable(environment, name, error) from error
    document: dict[str, Any] = json.loads(value)
    return document


def _unreadable(environment: Environment, path: str, error: Exception) -> UserError:
    if environment.is_local and local_cloud().status() is None:
        return UserError(local_cloud().silence())
    return UserError(
        f"cannot read the handoffs of {environment.name} below {path} in SSM: {str(error).rstrip('.')}.{advice(error)}"
    )


def advice(error: Exception) -> str:
    """What to do about it; an answer of AWS alone does not say."""
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return NO_CREDENTIALS
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError):
        return NO_NETWORK
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    if code in UNKNOWN_CREDENTIALS:
        return NOT_KNOWN
    if code.startswith("AccessDenied"):
        return " These credentials are good but may not read parameters: use those of who may apply"
    return ""


def advice_on(output: str) -> str:
    """The same about what Terraform printed."""
    if "No valid credential sources found" in output:
        return NO_CREDENTIALS
    if any(code in output for code in UNKNOWN_CREDENTIALS):
        return NOT_KNOWN
    return NO_NETWORK if "no such host" in output or "dial tcp" in output else ""
