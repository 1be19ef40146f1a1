"""Who makes a call, by its access key.

A key that IAM gave a user, or STS a role's session, stands for that user or role. A key of LocalStack's own making that
is neither is refused; any other key is the local cloud's operator, whom no policy holds. A call that nobody signed is
anonymous where a resource's policy can let everybody in, else refused. Signatures are not checked, nor that a session's
time has come.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from kosha_access.evaluation import Document, Principal
from localstack.aws.accounts import get_account_id_from_access_key_id
from localstack.aws.api import CommonServiceException, RequestContext
from localstack.services.sts.models import sts_stores
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from kosha_localcloud.access import documents, state
from kosha_localcloud.services.tagging import from_pairs

_HEADER = re.compile(r"Credential=([^/,\s]+)|^AWS ([^:\s]+):")
# What LocalStack puts into a request without a signature.
_UNSIGNED = "injectedaccesskey"
_ISSUED = re.compile(r"L[KS]IA[A-Z0-9]{16,}")


@dataclass(frozen=True)
class Caller:
    """Who asks and the policies that go with him. ``keys`` are condition keys about him that IAM fills."""

    principal: Principal
    identity: Sequence[Document] = ()
    boundary: Document | None = None
    session: Document | None = None
    keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def named(self) -> str:
        """As AWS's messages name him."""
        return self.principal.arn or "anonymous"


ANONYMOUS = Caller(Principal())


def access_key(context: RequestContext) -> str:
    """That signed the request: in the header, the query of a presigned URL or the form of an upload; else empty."""
    request = context.request
    found = _HEADER.search(request.headers.get("Authorization", ""))
    key = (found[1] or found[2]) if found else ""
    if key and key != _UNSIGNED:
        return key
    if presigned := request.args.get("X-Amz-Credential") or request.args.get("AWSAccessKeyId"):
        return str(presigned).partition("/")[0]
    if context.operation is not None and context.operation.name == "PostObject":
        fields = {name.lower(): value for name, value in request.form.items()}
        return str(fields.get("x-amz-credential") or fields.get("awsaccesskeyid") or "").partition("/")[0]
    return ""


def arn_of(key: str) -> str:
    """Of the user or the session that a key belongs to, else of the account's root, as which the operator counts.

    Who signs nothing is `anonymous`.
    """
    if not key:
        return ANONYMOUS.named
    account = get_account_id_from_access_key_id(key)
    if session := _session(account, key):
        return str(session.arn)
    user = _user(account, key)
    return str(user.arn) if user else f"arn:aws:iam::{account}:root"


def caller(context: RequestContext) -> Caller | None:
    """None: nobody whom policies hold. Raises what AWS answers without a signature, and for a key that is gone."""
    key = access_key(context)
    if not key:
        return _unsigned(context)
    if not _ISSUED.fullmatch(key):
        return None
    account = get_account_id_from_access_key_id(key)
    if session := _session(account, key):
        return _of_session(session, account, key)
    if user := _user(account, key):
        return _of_user(user, account)
    code = "InvalidAccessKeyId" if _is_s3(context) else "InvalidClientTokenId"
    message = f"The access key {key} is not (or no longer) one of IAM or STS here"
    raise CommonServiceException(code, message, status_code=403, sender_fault=True)


# Their policies may name everybody: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
_FOR_EVERYBODY = frozenset({"s3", "sns", "sqs"})
# They carry what shows who calls, or a token: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html
# and https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
_NEVER_SIGNED = frozenset(
    {
        ("sns", "ConfirmSubscription"),
        ("sns", "Unsubscribe"),
        ("sts", "AssumeRoleWithSAML"),
        ("sts", "AssumeRoleWithWebIdentity"),
    }
)


def _unsigned(context: RequestContext) -> Caller | None:
    """Raises what AWS answers (https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html)."""
    service = context.service.service_name if context.service is not None else ""
    if (service, context.operation.name if context.operation is not None else "") in _NEVER_SIGNED:
        return None
    if service in _FOR_EVERYBODY:
        return ANONYMOUS
    message = "Request is missing Authentication Token"
    raise CommonServiceException("MissingAuthenticationToken", message, status_code=403, sender_fault=True)


def _is_s3(context: RequestContext) -> bool:
    return context.service is not None and context.service.service_name == "s3"


# ---------------------------------------------------------------------------------------------------------- sessions

# What moto and LocalStack forget of AssumeRole, by the access key of the session.
_REMEMBERED: dict[str, Mapping[str, Any]] = {}


def remember_session(_chain: object, context: RequestContext, _response: object) -> None:
    """Keep the managed session policies, and whether the session was made with MFA."""
    operation = context.operation
    if operation is None or operation.name != "AssumeRole" or context.service_exception is not None:
        return
    request = context.service_request or {}
    kept = {name: request[name] for name in ("PolicyArns", "TokenCode") if request.get(name)}
    key = ((context.service_response or {}).get("Credentials") or {}).get("AccessKeyId")
    if key and kept:
        _REMEMBERED[key] = kept


@lru_cache(maxsize=4096)
def _found_session(account: str, key: str) -> Any:
    found = sts_backends[account]["aws"].get_assumed_role_from_access_key(key)
    if found is None:
        raise LookupError(key)  # so that it is not kept
    return found


def _session(account: str, key: str) -> Any:
    try:
        return _found_session(account, key) if _ISSUED.fullmatch(key) else None
    except LookupError:
        return None


def _of_session(session: Any, account: str, key: str) -> Caller:
    role = state.role_of(session.role_arn)
    asked = _REMEMBERED.get(key, {})
    given = sts_stores[account]["us-east-1"].sessions.get(key) or {}
    tags = from_pairs(role.tags if role else [])
    for tag in given.get("tags", {}).values():
        # The key of a session's tag stands for that of the role in whatever case.
        tags = {name: value for name, value in tags.items() if name.lower() != tag["Key"].lower()}
        tags[tag["Key"]] = tag["Value"]
    return Caller(
        Principal(arn=str(session.arn), account=account, role_arn=session.role_arn, tags=tags),
        identity=documents.attached(role) if role else [],
        boundary=documents.managed(account, role.permissions_boundary_arn) if role else None,
        session=documents.of_session(account, session.policy, [each["arn"] for each in asked.get("PolicyArns") or []]),
        keys={
            "aws:userid": str(session.user_id),
            "aws:MultiFactorAuthPresent": "true" if asked.get("TokenCode") else "false",
        },
    )


def of_role(arn: str, name: str) -> Caller | None:
    """A service that acts as a role, without a session of STS; None where there is no such role."""
    role = state.role_of(arn)
    if role is None:
        return None
    account = arn.split(":")[4]
    session = f"arn:aws:sts::{account}:assumed-role/{role.name}/{name}"
    return Caller(
        Principal(arn=session, account=account, role_arn=arn, tags=from_pairs(role.tags)),
        identity=documents.attached(role),
        boundary=documents.managed(account, role.permissions_boundary_arn),
    )


# ------------------------------------------------------------------------------------------------------------- users


def _user(account: str, key: str) -> Any:
    iam = iam_backends[account]["aws"]
    found = iam.access_keys.get(key) if key else None
    if found is None or found.user_name is None or found.status != "Active":
        return None
    return iam.users.get(found.user_name)


def _of_user(user: Any, account: str) -> Caller:
    iam = iam_backends[account]["aws"]
    groups = iam.get_groups_for_user(user.name)
    return Caller(
        Principal(arn=str(user.arn), account=account, tags=from_pairs(user.tags)),
        identity=[document for each in (user, *groups) for document in documents.attached(each)],
        boundary=documents.managed(account, getattr(user, "permissions_boundary", None)),
        keys={"aws:userid": str(user.id)},
    )
