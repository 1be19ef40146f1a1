"""Decide many requests by the same policies: one that differs in nothing the policies mention is decided once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kosha_access.evaluation import Decision, Document, Policies, Request, decide, statements

_VARIABLE = re.compile(r"\$\{\s*([^},]+?)\s*[},]")


def mentioned(documents: Iterable[Document]) -> frozenset[str]:
    """The condition keys that can make a difference, in small letters: of conditions, and of variables anywhere."""
    keys: set[str] = set()
    for document in documents:
        keys |= {name.lower() for name in _VARIABLE.findall(json.dumps(document))}
        for statement in statements(document):
            keys |= {key.lower() for block in statement.get("Condition", {}).values() for key in block}
    return frozenset(keys)


type Known = frozenset[tuple[str, str | tuple[str, ...]]]
"""Condition keys that can make a difference, with their values."""
type Distinct = tuple[str, Known]
"""On what, and what is known."""


@dataclass
class Decider:
    """Of one principal and one action. ``distinct`` holds a request for each that was decided, with its decision."""

    policies: Policies
    distinct: dict[Distinct, tuple[Request, Decision]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        policies = self.policies
        guards = (policies.resource, policies.boundary, policies.session)
        self._keys = mentioned([*policies.identity, *policies.control, *(each for each in guards if each is not None)])

    def project(self, keys: Mapping[str, str | Sequence[str]]) -> Known:
        """What of condition keys can make a difference."""
        return frozenset(
            (key.lower(), value if isinstance(value, str) else tuple(value))
            for key, value in keys.items()
            if key.lower() in self._keys
        )

    def look(self, resource: str, known: Known, make: Callable[[], Request]) -> Decision:
        """The decision on the request that ``make`` makes, which is called only when no such request was decided."""
        found = self.distinct.get((resource, known))
        if found is None:
            request = make()
            found = self.distinct[resource, known] = (request, decide(request, self.policies))
        return found[1]

    def __call__(self, request: Request) -> Decision:
        """The decision on a request of the same principal and action as all others."""
        return self.look(request.resource, self.project(request.values()), lambda: request)

    def near_allowed(self) -> Iterator[tuple[Request, bool]]:
        """Each distinct request, and whether it is allowed or differs from an allowed one in one thing only, where a
        mistake of either evaluator would show."""
        allowed = [case for case, (_, decision) in self.distinct.items() if decision.allowed]
        for case, (request, _) in self.distinct.items():
            yield request, any(_differences(case, other) <= 1 for other in allowed)


def _differences(one: Distinct, other: Distinct) -> int:
    return len({key for key, _ in one[1] ^ other[1]}) + (one[0] != other[0])
