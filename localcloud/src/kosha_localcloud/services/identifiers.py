"""Identifiers and timestamps in the forms AWS gives them."""

import secrets
from datetime import UTC, datetime


def hexadecimal(length: int = 17) -> str:
    """Give `length` random hexadecimal digits; 17 is what most AWS ids have after their prefix."""
    return secrets.token_hex((length + 1) // 2)[:length]


def arn(service: str, region: str, account: str, resource: str) -> str:
    """Write an ARN of the `aws` partition."""
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def now() -> datetime:
    """The time of the local cloud, in UTC."""
    return datetime.now(UTC)
