"""The decision: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html.

A request is denied when any policy denies it; else it must be allowed by each guard there is (service control policies,
boundary, session policy) and by identity policies or the resource's policy: by one of them inside an account, by both
across accounts. For keys and trust in roles the resource's policy must have its say in any case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from kosha_access.conditions import Context, PolicyError, context, holds, like, resolve

Document = Mapping[str, Any]
"""A policy, as JSON has it."""


@dataclass(frozen=True)
class Principal:
    """Who asks: a user by ``arn``, a role's session with ``role_arn`` besides, a ``service``; anonymous without any.

    ``tags`` are those of the user, of the role, and of the session, as ``aws:PrincipalTag`` shows them.
    """

    arn: str = ""
    account: str = ""
    role_arn: str = ""
    service: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """An action on a resource; ``keys`` are condition keys that are neither the principal's nor the action's own."""

    principal: Principal
    action: str
    resource: str
    resource_account: str = ""
    keys: Mapping[str, str | Sequence[str]] = field(default_factory=dict)

    def values(self) -> dict[str, str | Sequence[str]]:
        """Condition keys with their values, those of the principal included."""
        who = self.principal
        known: dict[str, str | Sequence[str]] = {f"aws:PrincipalTag/{name}": value for name, value in who.tags.items()}
        if who.service:
            known |= {"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": who.service}
        elif who.arn:
            known |= {
                "aws:PrincipalArn": who.role_arn or who.arn,
                "aws:PrincipalAccount": who.account,
                "aws:PrincipalIsAWSService": "false",
                "aws:PrincipalType": "AssumedRole" if who.role_arn else "User",
            }
        if who.arn and not who.role_arn and ":user/" in who.arn:
            known["aws:username"] = who.arn.rsplit("/", 1)[-1]
        if self.resource_account:
            known["aws:ResourceAccount"] = self.resource_account
        return {**known, **self.keys}

    def context(self) -> Context:
        """What conditions see."""
        return context(self.values())


class Kind(StrEnum):
    """Where a policy stands."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    BOUNDARY = "boundary"
    SESSION = "session"
    CONTROL = "service control"


@dataclass(frozen=True)
class Policies:
    """All that is evaluated for a request. None: there is no such policy.

    ``resource_decides``: the resource's policy must allow, or leave it to the account (KMS keys, trust in roles).
    """

    identity: Sequence[Document] = ()
    resource: Document | None = None
    boundary: Document | None = None
    session: Document | None = None
    control: Sequence[Document] = ()
    resource_decides: bool = False


@dataclass(frozen=True)
class Decision:
    """``reason`` names the statement that decided, or what was missing."""

    allowed: bool
    reason: str


def decide(request: Request, policies: Policies) -> Decision:
    """Raises :class:`~kosha_access.conditions.PolicyError` for a policy that IAM would not take."""
    known = request.context()
    for kind, document in _all(policies):
        for sid in _matching(document, "Deny", kind, request, known):
            return Decision(False, f"denied by {kind.value} policy: {sid}")
    for document in policies.control:
        if not any(_matching(document, "Allow", Kind.CONTROL, request, known)):
            return Decision(False, "no service control policy allows it")
    by_resource = _by_resource(request, policies, known)
    by_identity = _first(policies.identity, Kind.IDENTITY, request, known)
    same_account = request.principal.account == (request.resource_account or request.principal.account)
    if policies.resource_decides and not by_resource.said:
        return Decision(False, "the resource's policy does not allow it")
    if same_account and by_resource.directly:
        allowed_by = f"resource policy: {by_resource.said}"
    elif not same_account and not by_resource.said:
        return Decision(False, "it is another account's, and the resource's policy does not allow it")
    elif by_identity:
        allowed_by = f"identity policy: {by_identity}"
    elif not same_account and (request.principal.service or not request.principal.arn):
        allowed_by = f"resource policy: {by_resource.said}"
    else:
        return Decision(False, "no identity policy allows it")
    # A user or a session that the resource's policy names is held by neither guard, a role by both. Whether a boundary
    # holds where it says `*` is not documented; to allow more is the safe answer for a proof that something is refused.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    passed = _PASSED[by_resource.how] if same_account else ()
    for kind, guard in ((Kind.BOUNDARY, policies.boundary), (Kind.SESSION, policies.session)):
        if guard is not None and kind not in passed and not any(_matching(guard, "Allow", kind, request, known)):
            return Decision(False, f"the {kind.value} policy does not allow it")
    return Decision(True, f"allowed by {allowed_by}")


def _all(policies: Policies) -> Iterable[tuple[Kind, Document]]:
    yield from ((Kind.CONTROL, each) for each in policies.control)
    yield from ((Kind.IDENTITY, each) for each in policies.identity)
    for kind, document in (
        (Kind.RESOURCE, policies.resource),
        (Kind.BOUNDARY, policies.boundary),
        (Kind.SESSION, policies.session),
    ):
        if document is not None:
            yield kind, document


def _first(documents: Iterable[Document], kind: Kind, request: Request, known: Context) -> str:
    return next((sid for each in documents for sid in _matching(each, "Allow", kind, request, known)), "")


@dataclass(frozen=True)
class _ByResource:
    """What the resource's policy allows: the statement, or empty, and how it names who asks."""

    said: str = ""
    how: str = ""

    @property
    def directly(self) -> bool:
        """Not only to the account as a whole, which leaves the decision to its identity policies."""
        return self.how not in ("", "account")


_PASSED = {
    "name": (Kind.BOUNDARY, Kind.SESSION),
    "anyone": (Kind.BOUNDARY,),
    "role": (),
    "service": (),
    "account": (),
    "": (),
}
_STRENGTH = ("", "account", "service", "role", "anyone", "name")


def _by_resource(request: Request, policies: Policies, known: Context) -> _ByResource:
    best = _ByResource()
    if policies.resource is None:
        return best
    for number, statement in enumerate(statements(policies.resource)):
        if statement["Effect"] != "Allow" or not _applies(statement, Kind.RESOURCE, request, known):
            continue
        how = _named(statement.get("Principal"), request.principal)
        if _STRENGTH.index(how) > _STRENGTH.index(best.how):
            best = _ByResource(_sid(statement, number), how)
    return best


def _matching(document: Document, effect: str, kind: Kind, request: Request, known: Context) -> Iterable[str]:
    for number, statement in enumerate(statements(document)):
        if statement["Effect"] == effect and _applies(statement, kind, request, known):
            yield _sid(statement, number)


def _sid(statement: Document, number: int) -> str:
    return str(statement.get("Sid") or f"statement {number + 1}")


def statements(document: Document) -> list[dict[str, Any]]:
    """Of a policy; raises :class:`~kosha_access.conditions.PolicyError` where it has none or one without an effect."""
    found = document.get("Statement")
    listed = [found] if isinstance(found, Mapping) else found
    if not isinstance(listed, list) or not all(isinstance(each, dict | Mapping) for each in listed):
        raise PolicyError("the policy has no Statement")
    for each in listed:
        if each.get("Effect") not in ("Allow", "Deny"):
            raise PolicyError(f"{each.get('Sid', 'a statement')}: the Effect is neither Allow nor Deny")
    return [dict(each) for each in listed]


def _applies(statement: Document, kind: Kind, request: Request, known: Context) -> bool:
    return (
        (kind is not Kind.RESOURCE or _principal(statement, request.principal))
        and _element(statement, "Action", _action, request.action, known)
        and _element(statement, "Resource", _resource, request.resource, known, optional=kind is Kind.RESOURCE)
        and holds(statement.get("Condition", {}), known)
    )


def listed(value: object) -> list[str]:
    """An element that may be one text or a list of them, as a list."""
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _element(statement: Document, name: str, test: Any, value: str, known: Context, optional: bool = False) -> bool:
    if name in statement:
        return any(test(pattern, value, known) for pattern in listed(statement[name]))
    if f"Not{name}" in statement:
        return not any(test(pattern, value, known) for pattern in listed(statement[f"Not{name}"]))
    if optional:  # the trust policy of a role has none
        return True
    raise PolicyError(f"{statement.get('Sid', 'a statement')}: there is no {name}")


def _action(pattern: str, value: str, _known: Context) -> bool:
    return like(pattern.lower(), value.lower())


def _resource(pattern: str, value: str, known: Context) -> bool:
    resolved = resolve(pattern, known)
    if resolved is None:
        return False
    if resolved == "*":
        return True
    wanted, given = resolved.split(":", 5), value.split(":", 5)
    return len(wanted) == len(given) and all(map(like, wanted, given))


def _principal(statement: Document, who: Principal) -> bool:
    if "NotPrincipal" in statement:
        return not _named(statement["NotPrincipal"], who)
    if "Principal" not in statement:
        raise PolicyError(f"{statement.get('Sid', 'a statement')}: the policy of a resource names no Principal")
    return bool(_named(statement["Principal"], who))


def _named(element: object, who: Principal) -> str:
    """How an element names somebody: ``name``, ``role``, ``service``, ``anyone``, ``account``, or not at all.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    if element == "*":
        return "anyone"
    if not isinstance(element, Mapping):
        raise PolicyError(f"a Principal is neither * nor an object: {element!r}")
    if who.service and who.service in listed(element.get("Service", [])):
        return "service"
    found = ""
    for each in listed(element.get("AWS", [])):
        if each == "*":
            found = found or "anyone"
        elif who.arn and each == who.arn:
            return "name"
        elif who.role_arn and each == who.role_arn:
            found = "role"
        elif who.account and each in (who.account, f"arn:aws:iam::{who.account}:root"):
            found = found or "account"
    return found
