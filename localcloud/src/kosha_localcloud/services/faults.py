"""Faults that a test or a drill puts into a service, and the addresses under which it does so.

`POST /_kosha/<service>/faults` with `{"kind": ..., "subject": ..., "pattern": ..., "times": ..., "seconds": ...}`
adds one, `GET` lists them, `DELETE` removes all. Only `kind` is needed:

- `subject`: the ARN or name of what it applies to (a DataSync task, a bucket); everything when left out
- `pattern`: what it applies to there, with `*` (a path, an event's state, a key); everything when left out
- `times`: how often it strikes before it is gone; for good when left out
- `seconds`: how long a `slow` fault waits each time
"""

import threading
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from typing import Any

from localstack.http import Request

from kosha_localcloud.gateway.endpoints import BadRequestError, body, serve
from kosha_localcloud.gateway.faults import FaultError, check_number


@dataclass
class Fault:
    """One fault; `times` counts down."""

    kind: str
    subject: str | None = None
    pattern: str = "*"
    times: int | None = None
    seconds: float = 0.0

    def strikes(self, subject: str, detail: str) -> bool:
        """Say whether it applies here, counting it when it does."""
        if self.subject not in (None, subject) or not fnmatchcase(detail, self.pattern) or self.times == 0:
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Faults:
    """The faults of one service, by kinds known beforehand."""

    def __init__(self, service: str, kinds: tuple[str, ...]) -> None:
        self.service = service
        self.kinds = kinds
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Add a fault. Raises FaultError for a kind the service does not have."""
        if fault.kind not in self.kinds:
            raise FaultError(
                f"{self.service} has no fault of kind {fault.kind!r}: choose one of {', '.join(self.kinds)}"
            )
        with self._lock:
            self._faults.append(fault)

    def strike(self, kind: str, subject: str, detail: str = "") -> Fault | None:
        """Give the first fault of this kind that applies, or None."""
        with self._lock:
            return next(
                (fault for fault in self._faults if fault.kind == kind and fault.strikes(subject, detail)), None
            )

    def listed(self) -> list[dict[str, object]]:
        """Describe the faults that can still strike."""
        with self._lock:
            return [asdict(fault) for fault in self._faults if fault.times != 0]

    def clear(self) -> None:
        """Remove every fault."""
        with self._lock:
            self._faults.clear()

    def serve(self) -> None:
        """Register the addresses."""
        serve(f"{self.service}/faults", {"GET": self._show, "POST": self._add, "DELETE": self._remove})

    def _show(self, _: Request) -> dict[str, object]:
        return {"faults": self.listed()}

    def _add(self, request: Request) -> dict[str, object]:
        try:
            self.add(parse(body(request)))
        except FaultError as error:
            raise BadRequestError(str(error)) from error
        return self._show(request)

    def _remove(self, request: Request) -> dict[str, object]:
        self.clear()
        return self._show(request)


def parse(document: Any) -> Fault:
    """Check a description from outside. Raises FaultError."""
    if not isinstance(document, dict) or document.get("kind") is None:
        raise FaultError('send {"kind": ...}, and subject, pattern, times, seconds where you like')
    names = [each.name for each in fields(Fault)]
    unknown = sorted(set(document) - set(names))
    if unknown:
        raise FaultError(f"unknown field {unknown[0]!r}; a fault has {', '.join(names)}")
    given = {name: value for name, value in document.items() if value is not None}
    for name in ("kind", "subject", "pattern"):
        if name in given and not (isinstance(given[name], str) and given[name]):
            raise FaultError(f"{name} is {given[name]!r}; give a text")
    check_number(given, "times", int, 1, 2**31)
    check_number(given, "seconds", (int, float), 0, 3600)
    return Fault(**given)
