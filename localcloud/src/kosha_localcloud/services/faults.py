"""Faults that a test or a drill puts into a service, and the addresses under which it does so.

`POST /_kosha/<service>/faults` with `{"kind": ..., "subject": ..., "pattern": ..., "times": ..., "seconds": ...}`
adds one, `GET` lists them, `DELETE` removes all. Only `kind` is needed:

- `subject`: the ARN or name of what it applies to (a DataSync task, a bucket); everything when left out
- `pattern`: what it applies to there, with `*` (a path, an event's state, a key); everything when left out
- `times`: how often it strikes before it is gone; for good when left out
- `seconds`: how long a `slow` fault waits each time
"""

import json
import threading
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase

from localstack.http import Request, Response
from localstack.services.edge import ROUTER


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


class FaultError(ValueError):
    """A request for a fault that makes no sense."""


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
        ROUTER.add(f"/_kosha/{self.service}/faults", self._answer, methods=["GET", "POST", "DELETE"])

    def _answer(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.clear()
        if request.method == "POST":
            try:
                given = json.loads(request.get_data())
                self.add(Fault(**given))
            except (TypeError, ValueError) as error:
                return Response(json.dumps({"error": str(error)}), 400, mimetype="application/json")
        status = 201 if request.method == "POST" else 200
        return Response(json.dumps({"faults": self.listed()}), status, mimetype="application/json")
