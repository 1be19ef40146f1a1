"""People of the institution on the local cloud: their keys, the duties they take, and what they may read from where."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from scripts.localcloud import ACCOUNT

PERSON = "asha"


@dataclass(frozen=True)
class Key:
    """An access key, as boto3 names its parts."""

    aws_access_key_id: str
    aws_secret_access_key: str
    aws_session_token: str | None = None


def client(
    endpoint: str, service: str, region: str, key: Key, vpc: str | None = None, signature: str | None = None
) -> Any:
    """With somebody's credentials, from inside a VPC or from this machine.

    The local cloud has no network: the request says where it comes from.
    """
    made = boto3.Session(region_name=region).client(  # type: ignore[call-overload]
        service,
        endpoint_url=endpoint,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, signature_version=signature),
        **vars(key),
    )
    if vpc:
        made.meta.events.register(
            "before-sign", lambda request, **_: request.headers.add_header("x-kosha-source-vpc", vpc)
        )
    return made


@contextmanager
def somebody(iam: Any, tags: Mapping[str, str]) -> Iterator[Key]:
    """A person with these tags who may ask for any role, for as long as the block."""
    iam.create_user(UserName=PERSON, Tags=[{"Key": name, "Value": value} for name, value in tags.items()])
    statement = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=PERSON, PolicyName="assume", PolicyDocument=document)
    key = iam.create_access_key(UserName=PERSON)["AccessKey"]
    try:
        yield Key(key["AccessKeyId"], key["SecretAccessKey"])
    finally:
        iam.delete_access_key(UserName=PERSON, AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(UserName=PERSON, PolicyName="assume")
        iam.delete_user(UserName=PERSON)


def take_duty(endpoint: str, region: str, person: Key, role: str, tags: Mapping[str, str]) -> Key:
    """The credentials of a session in a role, with session tags."""
    answer = client(endpoint, "sts", region, person).assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}",
        RoleSessionName=PERSON,
        Tags=[{"Key": name, "Value": value} for name, value in tags.items()],
    )["Credentials"]
    return Key(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])
