"""botocore's exceptions as AWS's answers make them."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError


def client_error(operation: str, code: str, status: int, message: str = "") -> ClientError:
    """A ClientError with the members botocore fills in."""
    answer: Any = {
        "Error": {"Code": code, "Message": message or code},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "SIMULATED", "HTTPHeaders": {}, "RetryAttempts": 0},
    }
    return ClientError(answer, operation)


def unreachable(service: str, region: str) -> EndpointConnectionError:
    """The region does not answer."""
    return EndpointConnectionError(endpoint_url=f"https://{service}.{region}.amazonaws.com/")


def answer_lost(service: str, region: str) -> ReadTimeoutError:
    """The call may have been carried out; its answer never came."""
    return ReadTimeoutError(endpoint_url=f"https://{service}.{region}.amazonaws.com/")


class Killed(BaseException):
    """Lambda stops the process at once: nothing in it runs any more, whatever it catches."""
