"""Read values out of checkov's configuration dictionaries, in which every value is wrapped in a list."""

from __future__ import annotations

import json
from typing import Any


def first(conf: dict[str, Any], name: str) -> Any:
    """The value of an argument, or None."""
    value = conf.get(name)
    return value[0] if isinstance(value, list) and value else value


def block(conf: dict[str, Any], name: str) -> dict[str, Any]:
    """The first block of this name, or an empty one."""
    value = first(conf, name)
    return value if isinstance(value, dict) else {}


def statements(conf: dict[str, Any], name: str = "policy") -> list[dict[str, Any]] | None:
    """The statements of a policy document, or None where the source does not show them (a plan always does)."""
    document = first(conf, name)
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return None
    if not isinstance(document, dict) or "Statement" not in document:
        return None
    found = listed(document["Statement"])
    # checkov renders what it can of an expression and leaves the rest as text.
    shown = all(isinstance(each, dict) and not isinstance(each.get("Condition"), str) for each in found)
    return found if shown else None


def listed(value: Any) -> list[Any]:
    """A value that may be one thing or a list of things, as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def principals(statement: dict[str, Any]) -> list[str]:
    """Every principal of a statement, of whatever kind."""
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        return [str(item) for value in principal.values() for item in listed(value)]
    return [str(item) for item in listed(principal)]


def service_principals(statement: dict[str, Any]) -> list[str]:
    """The AWS services that a statement allows something, none for a Deny."""
    principal = statement.get("Principal")
    if statement.get("Effect") != "Allow" or not isinstance(principal, dict):
        return []
    return [str(each) for each in listed(principal.get("Service"))]
