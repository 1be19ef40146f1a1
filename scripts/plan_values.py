"""Say in a plan what is set but not known yet.

A value that another resource of the same plan gives (the ARN of a key, say) is missing from a plan's JSON, and checkov
takes what is missing for unset. Only the configuration tells the two apart: an attribute that is written there has a
value, one that is not may turn out to be anything AWS chooses. So only the former get a placeholder.
(Format: https://developer.hashicorp.com/terraform/internals/json-format)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

KNOWN_AFTER_APPLY = "(known after apply)"

Document = dict[str, Any]


def fill_unknown(plan: Document) -> int:
    """Put a placeholder, in place, for every top-level attribute that is configured and unknown; returns how many."""
    written = dict(_configured(plan["configuration"]["root_module"], ""))
    unknown = {
        change["address"]: {
            name for name, is_unknown in (change["change"].get("after_unknown") or {}).items() if is_unknown is True
        }
        for change in plan.get("resource_changes", [])
    }
    filled = 0
    for resource in in_modules(plan["planned_values"]["root_module"]):
        address = resource["address"]
        for name in unknown.get(address, set()) & written.get(without_keys(address), set()):
            resource.setdefault("values", {})[name] = KNOWN_AFTER_APPLY
            filled += 1
    for change in plan.get("resource_changes", []):
        for name in unknown[change["address"]] & written.get(without_keys(change["address"]), set()):
            # A data source that is read during the apply has no values yet.
            change["change"].setdefault("after", {})[name] = KNOWN_AFTER_APPLY
    return filled


def _configured(module: Document, prefix: str) -> Iterator[tuple[str, set[str]]]:
    """(address without instance keys, names of the attributes written in the configuration)."""
    for resource in module.get("resources", []):
        yield prefix + resource["address"], set(resource.get("expressions", {}))
    for name, call in module.get("module_calls", {}).items():
        yield from _configured(call["module"], f"{prefix}module.{name}.")


def in_modules(module: Document) -> Iterator[Document]:
    """Resources and data sources of a module of a plan or a state, and of the modules in it."""
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from in_modules(child)


def without_keys(address: str) -> str:
    """``module.a["x"].aws_b.c[0]`` -> ``module.a.aws_b.c``."""
    return re.sub(r'\[(?:"[^"]*"|\d+)\]', "", address)
