"""An account that cannot be asked: the error says what to do."""

from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from scripts import handoff
from scripts.infrastructure import bootstrap as bootstrapping
from scripts.infrastructure.environments import Environment, load_environment
from scripts.infrastructure.terraform import TerraformRoot
from scripts.talk import UserError

URL = "https://ssm.ap-south-1.amazonaws.com/"


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "m"}}, "GetParametersByPath")


@pytest.fixture
def dev() -> Environment:
    return load_environment("dev")


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (refused("UnrecognizedClientException"), "aws sts get-caller-identity"),
        (refused("ExpiredTokenException"), "aws sts get-caller-identity"),
        (refused("AccessDeniedException"), "may not read parameters"),
        (NoCredentialsError(), "AWS_PROFILE"),
        (EndpointConnectionError(endpoint_url=URL), "ENV=local"),
    ],
    ids=lambda value: getattr(value, "response", {"Error": {"Code": type(value).__name__}})["Error"]["Code"],
)
def test_what_to_do_is_said(error: Exception, advice: str, dev: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    ssm = Mock(get_paginator=Mock(side_effect=error), get_parameter=Mock(side_effect=error))
    monkeypatch.setattr(handoff, "client", Mock(return_value=ssm))
    for call in (lambda: handoff.published_roots(dev), lambda: handoff.read_handoff(dev, "10-foundation")):
        with pytest.raises(UserError, match="cannot read the handoffs of dev") as raised:
            call()
        assert advice in str(raised.value)


def test_a_root_that_is_not_applied_is_named(dev: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        handoff, "client", Mock(return_value=Mock(get_parameter=Mock(side_effect=refused("ParameterNotFound"))))
    )
    with pytest.raises(UserError, match="make apply ENV=dev"):
        handoff.read_handoff(dev, "10-foundation")


@pytest.mark.parametrize(
    ("error", "advice"),
    [(refused("403"), "aws sts get-caller-identity"), (NoCredentialsError(), "AWS_PROFILE")],
    ids=["403", "NoCredentialsError"],
)
def test_a_state_bucket_that_cannot_be_looked_at_says_what_to_do(
    error: Exception, advice: str, dev: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A HEAD with credentials that AWS does not know is answered by 403, as one of another account's bucket."""
    s3 = Mock(head_bucket=Mock(side_effect=error))
    monkeypatch.setattr(bootstrapping, "client", Mock(return_value=s3))
    with pytest.raises(UserError, match="kosha-dev-state-ap-south-1 cannot be looked at") as raised:
        bootstrapping.bootstrap(dev)
    assert advice in str(raised.value)


# Of Terraform 1.11.4 with made-up credentials, without a network; and as its S3 backend words the others.
STS = "retrieving caller identity from STS: operation error STS: GetCallerIdentity, https response error StatusCode:"
INITS = {
    f"validating provider credentials: {STS} 0, dial tcp: no such host": "ENV=local",
    f"validating provider credentials: {STS} 403, api error InvalidClientTokenId: m": "aws sts get-caller-identity",
    "No valid credential sources found": "AWS_PROFILE",
    'S3 bucket "kosha-dev-state-ap-south-1" does not exist.': "make bootstrap ENV=dev",
}


@pytest.mark.parametrize("said", INITS, ids=list(INITS.values()))
def test_an_init_that_fails_says_what_to_do_and_only_why(said: str, dev: Environment) -> None:
    root = Mock(environment=dev, workspace=Mock(root="10-foundation"))
    told = TerraformRoot._explain_init(
        root, f"╷\n│ Error: {said}\n╵\nInitializing the backend...\n- alerts in ../alerts\n"
    )
    assert INITS[said] in told
    assert told.startswith("10-foundation: ")
    assert "Initializing" not in told
