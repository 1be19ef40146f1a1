"""Talks to the control calls of a running local cloud."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

# this machine is never behind a proxy
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NoAnswerError(Exception):
    """Nobody answers, or it is no local cloud."""


class RefusedError(Exception):
    """The local cloud refuses; the message is its own."""


class Client:
    """Control calls below `endpoint`/_kosha/."""

    def __init__(self, endpoint: str) -> None:
        self._base = f"{endpoint}/_kosha/"

    def get(self, path: str) -> Any:
        """Read something. Raises NoAnswerError or RefusedError."""
        return self._call("GET", path, None, timeout=5)

    def post(self, path: str, document: object, timeout: float = 3600) -> Any:
        """Send something. Raises NoAnswerError or RefusedError."""
        return self._call("POST", path, document, timeout)

    def delete(self, path: str) -> Any:
        """Remove something. Raises NoAnswerError or RefusedError."""
        return self._call("DELETE", path, None, timeout=5)

    def _call(self, method: str, path: str, document: object, timeout: float) -> Any:
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(self._base + path, data=body, method=method)  # noqa: S310 always http
        try:
            with _OPENER.open(request, timeout=timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise self._problem(error) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswerError(f"no local cloud answers at {self._base}: {error}") from error

    def _problem(self, error: urllib.error.HTTPError) -> Exception:
        try:
            return RefusedError(json.load(error)["error"])
        except (ValueError, KeyError, TypeError):
            return NoAnswerError(f"what answers at {self._base} is no local cloud (HTTP {error.code})")
