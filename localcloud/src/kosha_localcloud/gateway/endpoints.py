"""How a control call below /_kosha/ is served: JSON comes and goes, and what is wrong is told in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeGuard

from localstack.http import Request, Response
from localstack.services.edge import ROUTER

from kosha_localcloud.clock.work import StillBusyError

type Action = Callable[[Request], Any]

LONGEST_LAG = timedelta(days=365).total_seconds()


class BadRequestError(ValueError):
    """A control call with wrong content; the message says what to send."""


def serve(name: str, actions: Mapping[str, Action]) -> None:
    """Serve the control call `name`: for each HTTP method what is done, which gives the document to answer with."""
    for method, action in actions.items():
        ROUTER.add(f"/_kosha/{name}", _endpoint(action), methods=[method])


def _endpoint(action: Action) -> Callable[..., Response]:
    def answer(request: Request, **_: object) -> Response:
        try:
            return _response(200, action(request))
        except BadRequestError as error:
            return _response(400, {"error": str(error)})
        except StillBusyError as error:
            return _response(504, {"error": str(error), "busy": error.doing})

    return answer


def _response(status: int, document: Any) -> Response:
    return Response(json.dumps(document, indent=1) + "\n", status=status, mimetype="application/json")


def body(request: Request) -> Any:
    """The document that was sent. Raises BadRequestError."""
    try:
        return json.loads(request.get_data(as_text=True))
    except ValueError as error:
        raise BadRequestError(f"the body is no JSON: {error}") from error


def is_lag(value: Any) -> TypeGuard[float]:
    """Whether what was sent is a number of seconds that something may be late: what no clock can add is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LONGEST_LAG
