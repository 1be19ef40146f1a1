"""The policies in force: of users, groups and roles, and of resources."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from kosha_access.conditions import PolicyError
from kosha_access.evaluation import Document
from moto.iam.models import iam_backends

from kosha_localcloud.access import state


@lru_cache(maxsize=4096)
def parsed(text: str) -> Document:
    """A policy from its text; kept, because a text always says the same. Nobody may change what comes back."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise PolicyError(f"a policy is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise PolicyError("a policy is no JSON object")
    return found


def attached(entity: Any) -> list[Document]:
    """The inline and the managed policies of a user, a group or a role."""
    texts = [*entity.policies.values(), *(_default_version(each) for each in entity.managed_policies.values())]
    return [parsed(text) for text in texts]


def managed(account: str, arn: str | None) -> Document | None:
    """A managed policy, the customer's or AWS's; one that is gone allows nothing."""
    if not arn:
        return None
    policy = iam_backends[account]["aws"].managed_policies.get(arn)
    return parsed(_default_version(policy)) if policy else {"Statement": []}


def of_session(account: str, text: str | None, arns: Sequence[str]) -> Document | None:
    """All session policies as one: together they limit the session."""
    parts = [parsed(text)] if text else []
    parts += [each for arn in arns if (each := managed(account, arn)) is not None]
    return {"Statement": [statement for each in parts for statement in _listed(each)]} if parts else None


def _listed(document: Document) -> list[Any]:
    found = document.get("Statement")
    return found if isinstance(found, list) else [found]


def _default_version(policy: Any) -> str:
    return str(next(each.document for each in policy.versions if each.version_id == policy.default_version_id))


# --------------------------------------------------------------------------------------------------------- resources


def of_resource(arn: str, action: str) -> Document | None:
    """The policy of a bucket (also for its objects), topic, queue, function, key, secret, vault (also for its recovery
    points), or the trust in a role."""
    service = arn.split(":")[2] if arn.startswith("arn:") else ""
    if service == "iam" and not action.startswith("sts:"):
        return None
    if action.startswith("backup:"):
        return _of_vault(arn)
    reader = _READERS.get(service)
    return reader(arn) if reader else None


def _of_vault(arn: str) -> Document | None:
    from kosha_localcloud.services.backup.state import STATE

    vaults = (vault for _, _, kept in STATE.everywhere() for vault in list(kept.vaults.values()))
    vault = next((each for each in vaults if arn == each.arn or arn in each.points), None)
    return parsed(vault.policy) if vault is not None and vault.policy else None


def _of_bucket(arn: str) -> Document | None:
    bucket = state.bucket_of(arn)
    return parsed(bucket.policy) if bucket is not None and bucket.policy else None


def _of_topic(arn: str) -> Document | None:
    from localstack.services.sns.models import sns_stores

    _, _, _, region, account, _ = arn.split(":", 5)
    topic = sns_stores[account][region].topics.get(arn)
    text = topic["attributes"].get("Policy") if topic else None
    return parsed(text) if text else None


def _of_queue(arn: str) -> Document | None:
    from localstack.services.sqs.models import sqs_stores

    _, _, _, region, account, name = arn.split(":", 5)
    queue = sqs_stores[account][region].queues.get(name)
    text = queue.attributes.get("Policy") if queue else None
    return parsed(text) if text else None


def _of_function(arn: str) -> Document | None:
    """A version and an alias have a policy of their own."""
    from localstack.services.lambda_.invocation.models import lambda_stores

    _, _, _, region, account, rest = arn.split(":", 5)
    _, name, *qualifier = rest.split(":")
    function = lambda_stores[account][region].functions.get(name)
    found = function.permissions.get(qualifier[0] if qualifier else "$LATEST") if function else None
    return {"Statement": found.policy.Statement} if found else None


def _of_key(arn: str) -> Document | None:
    """The key policy, and what grants allow (https://docs.aws.amazon.com/kms/latest/developerguide/grants.html)."""
    from localstack.services.kms.models import kms_stores

    _, _, _, region, account, rest = arn.split(":", 5)
    store = kms_stores[account][region]
    key = store.keys.get(rest.removeprefix("key/"))
    if key is None:
        return None
    policy = parsed(key.policy)
    grants = [_grant(each.metadata) for each in list(store.grants.values()) if each.metadata["KeyArn"] == arn]
    return {**policy, "Statement": [*_listed(policy), *grants]} if grants else policy


def _grant(grant: Any) -> Document:
    constraints = grant.get("Constraints") or {}
    wanted = constraints.get("EncryptionContextEquals") or constraints.get("EncryptionContextSubset") or {}
    return {
        "Sid": f"grant {grant['GrantId']}",
        "Effect": "Allow",
        "Principal": {"AWS": grant["GranteePrincipal"]},
        "Action": [f"kms:{operation}" for operation in grant["Operations"]],
        "Resource": "*",
        "Condition": {"StringEquals": {f"kms:EncryptionContext:{name}": value for name, value in wanted.items()}}
        if wanted
        else {},
    }


def _of_secret(arn: str) -> Document | None:
    from moto.secretsmanager.models import secretsmanager_backends

    _, _, _, region, account, _ = arn.split(":", 5)
    for secret in list(secretsmanager_backends[account][region].secrets.values()):
        if secret.arn == arn:
            text = getattr(secret, "policy", None)  # a replica has none
            return parsed(text) if text else None
    return None


def _trust(arn: str) -> Document | None:
    role = state.role_of(arn)
    return parsed(role.assume_role_policy_document) if role else None


_READERS = {
    "iam": _trust,
    "kms": _of_key,
    "lambda": _of_function,
    "s3": _of_bucket,
    "secretsmanager": _of_secret,
    "sns": _of_topic,
    "sqs": _of_queue,
}


# Conditions on one of these with a fixed value make a statement for everybody not a public one.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
_NARROW = frozenset(
    name.lower()
    for name in (
        "aws:PrincipalOrgID",
        "aws:SourceAccount",
        "aws:SourceArn",
        "aws:SourceIp",
        "aws:SourceOwner",
        "aws:SourceVpc",
        "aws:SourceVpce",
        "aws:userid",
        "s3:DataAccessPointAccount",
        "s3:DataAccessPointArn",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    )
)


def is_shut(bucket: Any, policy: Document) -> bool:
    """Whether a bucket has a public policy which its public access block lets nobody from outside use."""
    block = bucket.public_access_block if bucket is not None else None
    return bool(block and block.get("RestrictPublicBuckets")) and any(map(_is_public, _listed(policy)))


def _is_public(statement: Any) -> bool:
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, dict) else principal
    everybody = "*" in (named if isinstance(named, list) else [named])
    conditions = {key.lower() for keys in (statement.get("Condition") or {}).values() for key in keys}
    return statement.get("Effect") == "Allow" and everybody and not conditions & _NARROW
