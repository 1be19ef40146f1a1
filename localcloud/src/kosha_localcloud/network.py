"""Where the server listens, and what keeps its network code steady while the clock moves."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from localstack.runtime.server import twisted as localstack_twisted
from localstack.utils.patch import patch
from rolo.serving import twisted as rolo_twisted
from twisted.internet import endpoints, reactor  # type: ignore[import-not-found]


def install() -> None:
    """Listen on this machine only, time the network in real time, and let faults end a connection."""
    # LocalStack ignores the host of GATEWAY_LISTEN and would listen on every interface.
    localstack_twisted.endpoints = _LocalEndpoints
    # Time-outs of connections count real seconds: advancing the clock must not close them.
    reactor.seconds = time.monotonic

    @patch(rolo_twisted.update_wsgi_environment)
    def update_wsgi_environment(fn: Callable[..., None], environ: dict[str, Any], request: Any) -> None:
        fn(environ, request)
        environ["kosha.connection"] = request.transport


class _LocalEndpoints:
    """Stands for twisted's `endpoints` where LocalStack makes its server endpoint."""

    @staticmethod
    def TCP4ServerEndpoint(reactor_: Any, port: int) -> endpoints.TCP4ServerEndpoint:
        return endpoints.TCP4ServerEndpoint(reactor_, port, interface="127.0.0.1")
