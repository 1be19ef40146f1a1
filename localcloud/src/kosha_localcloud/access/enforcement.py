"""The hook in the gateway: a call is decided before it is served, unless the switch is off."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError
from kosha_access.calls import Asked
from kosha_access.conditions import PolicyError
from kosha_access.evaluation import Decision, Policies, Principal, Request, decide
from localstack.aws import handlers
from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.api.s3 import Error
from localstack.http import Response
from localstack.services.s3.provider import S3Provider
from localstack.utils.patch import patch

from kosha_localcloud import settings
from kosha_localcloud.access import documents, questions, state
from kosha_localcloud.access.callers import ANONYMOUS, Caller, caller, of_role, remember_session
from kosha_localcloud.access.denials import denial, explained
from kosha_localcloud.services.operations import Document

LOG = logging.getLogger(__name__)


class Switch:
    """Whether calls are decided, and which passed because it is not known what they act on."""

    def __init__(self) -> None:
        self.enforce = settings.access_is_enforced()
        self._undecided: set[str] = set()
        self._lock = threading.Lock()

    def passed(self, call: str) -> None:
        """Keep a call that was not decided; say so once."""
        with self._lock:
            if call in self._undecided:
                return
            self._undecided.add(call)
        LOG.warning("%s is not decided: the local cloud does not know what it acts on", call)

    def describe(self) -> dict[str, Any]:
        """As JSON."""
        with self._lock:
            return {"enforce": self.enforce, "undecided": sorted(self._undecided)}


SWITCH = Switch()


def install() -> None:
    """Hook into the gateway, and into the one operation that answers for each object by itself."""
    handlers.serve_custom_service_request_handlers.append(enforce)
    handlers.run_custom_response_handlers.append(remember_session)
    _decide_each_deletion()


def enforce(_chain: object, context: RequestContext, _response: Response) -> None:
    """Raise what the service answers when a call is not allowed."""
    if not SWITCH.enforce or context.is_internal_call or context.service is None or context.operation is None:
        return
    who = caller(context)
    if who is None:
        return
    service, operation = context.service.service_name, context.operation.name
    if service == "s3" and questions.has_expired(context):
        raise CommonServiceException("AccessDenied", "Request has expired", status_code=403, sender_fault=True)
    if (service, operation) == ("s3", "DeleteObjects"):
        return  # each object by itself: see below
    asked = questions.questions(context, service, operation)
    if asked is None:
        if not _is_missing_bucket(context, service):
            SWITCH.passed(f"{service}:{operation}")
        return
    refused = _first_refused(context, who, asked)
    if refused is not None:
        raise denial(context, who.named, *refused)


def _first_refused(context: RequestContext, who: Caller, asked: Sequence[Asked]) -> tuple[Asked, Decision] | None:
    service = context.service.service_name if context.service is not None else ""
    around = {**questions.circumstances(context, service), **who.keys}
    for one in asked:
        decision = decided(who, one, around)
        if not decision.allowed:
            return one, decision
    return None


def decided(who: Caller, one: Asked, around: Any) -> Decision:
    """One question, by all policies that meet it."""
    service = one.resource.split(":")[2] if one.resource.startswith("arn:") else ""
    bucket = state.bucket_of(one.resource) if service == "s3" else None
    owner = bucket.bucket_account_id if bucket is not None else _account(one.resource, who)
    keys = {**around, **one.keys}
    if bucket is not None:
        keys["s3:ResourceAccount"] = owner
    try:
        policy = documents.of_resource(one.resource, one.action)
        if policy is not None and who is ANONYMOUS and documents.is_shut(bucket, policy):
            return Decision(False, "the bucket lets no public policy be used (RestrictPublicBuckets)")
        return decide(
            Request(who.principal, one.action, one.resource, owner, keys),
            Policies(
                identity=who.identity,
                resource=policy,
                boundary=who.boundary,
                session=who.session,
                # https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html, and trust in roles
                resource_decides=(service == "kms" and ":key/" in one.resource)
                or (one.action.startswith("sts:") and ":role/" in one.resource),
            ),
        )
    except PolicyError as error:
        return Decision(False, f"a policy is not as IAM has it: {error}")


def service_in_role(role: str, principal: str, source: str | None = None) -> Caller | None:
    """The service ``principal`` as it works in a role; None where nothing is decided.

    ``source`` is the resource for which it does, where the service says so to STS.
    Raises what AWS answers (botocore's ClientError) when there is no such role or its trust policy does not let it.
    """
    if not SWITCH.enforce:
        return None
    said = {"aws:SourceArn": source, "aws:SourceAccount": role.split(":")[4]} if source else {}
    one = Asked("sts:AssumeRole", role, said)
    decision = decided(Caller(Principal(service=principal)), one, {})
    who = of_role(role, session_name(principal))
    if who is None or not decision.allowed:
        answer: Any = {
            "Error": {"Code": "AccessDenied", "Message": explained(principal, one, decision)},
            "ResponseMetadata": {"HTTPStatusCode": 403},
        }
        raise ClientError(answer, "AssumeRole")
    return who


def session_name(principal: str) -> str:
    """Of the session in which a service works."""
    return principal.partition(".")[0]


def reason_against(who: Caller | None, one: Asked, region: str) -> str:
    """Why a service in a role may not do what no call of its own stands for; empty where it may."""
    if who is None:
        return ""
    around = {"aws:RequestedRegion": region, "aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}
    decision = decided(who, one, around)
    if decision.allowed:
        return ""
    return f"{who.principal.role_arn} may not {one.action} on {one.resource}: {decision.reason}"


def _account(arn: str, who: Caller) -> str:
    return (arn.split(":")[4] if arn.startswith("arn:") else "") or who.principal.account


def _is_missing_bucket(context: RequestContext, service: str) -> bool:
    name = (context.service_request or {}).get("Bucket")
    return service == "s3" and bool(name) and state.bucket_named(str(name)) is None


def _decide_each_deletion() -> None:
    """DeleteObjects answers 200 and names the keys that may not be deleted
    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html)."""

    @patch(S3Provider.delete_objects)
    def delete_objects(
        original: Any, provider: Any, context: RequestContext, bucket: str, delete: Document, **more: Any
    ) -> Document:
        who = None if not SWITCH.enforce or context.is_internal_call else caller(context)
        refused: list[Document] = []
        kept = []
        for each in delete.get("Objects") or []:
            asked = questions.deletion(context, bucket, each, bool(more.get("bypass_governance_retention")))
            found = _first_refused(context, who, asked) if who is not None else None
            if found is None or who is None:
                kept.append(each)
            else:
                version = {"VersionId": each["VersionId"]} if each.get("VersionId") else {}
                refused.append(
                    Error(Key=each["Key"], Code="AccessDenied", Message=explained(who.named, *found), **version)
                )
        response: Document = {}
        if kept or not refused:
            response = original(provider, context, bucket, {**delete, "Objects": kept}, **more)
        if refused:
            response["Errors"] = [*(response.get("Errors") or []), *refused]
        return response
