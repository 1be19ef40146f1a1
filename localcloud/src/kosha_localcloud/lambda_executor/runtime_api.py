"""The HTTP interface between Lambda and a runtime: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

One server for each function process, on a port of its own.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

_PREFIX = "/2018-06-01/runtime/"


@dataclass(frozen=True)
class Event:
    """One invocation as the function is to see it."""

    request_id: str
    payload: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str


@dataclass(frozen=True)
class Report:
    """What the runtime said: `ready` (it asks for the first event), `response`, `error` or `init_error`."""

    kind: str
    body: bytes = b""
    request_id: str = ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A function process that was killed leaves a broken connection: nothing to report."""


class RuntimeApi:
    """Hands events to the runtime and collects its reports."""

    def __init__(self) -> None:
        self._events: Queue[Event | None] = Queue()
        self.reports: Queue[Report] = Queue()
        self._server = _Server(("127.0.0.1", 0), _handler(self._events, self.reports))
        threading.Thread(target=self._server.serve_forever, args=(0.2,), name="lambda-runtime-api", daemon=True).start()

    @property
    def address(self) -> str:
        """Host and port for AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def send(self, event: Event) -> None:
        """Give the runtime its next event."""
        self._events.put(event)

    def close(self) -> None:
        """End the server and whoever waits for an event."""
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()


def _handler(events: Queue[Event | None], reports: Queue[Report]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path != f"{_PREFIX}invocation/next":
                self._reply(404)
                return
            reports.put(Report("ready"))
            event = events.get()
            if event is None:
                self.close_connection = True
                return
            self._reply(
                200,
                event.payload,
                {
                    "Content-Type": "application/json",
                    "Lambda-Runtime-Aws-Request-Id": event.request_id,
                    "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
                    "Lambda-Runtime-Invoked-Function-Arn": event.function_arn,
                    "Lambda-Runtime-Trace-Id": event.trace_id,
                },
            )

        def do_POST(self) -> None:
            body = self._read_body()
            parts = self.path.removeprefix(_PREFIX).split("/")
            if parts == ["init", "error"]:
                reports.put(Report("init_error", body))
            elif len(parts) == 3 and parts[0] == "invocation" and parts[2] in ("response", "error"):
                reports.put(Report(parts[2], body, parts[1]))
            else:
                self._reply(404)
                return
            self._reply(202, json.dumps({"status": "OK"}).encode())

        def _read_body(self) -> bytes:
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                chunks = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(chunks)
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def _reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the function's own log is what people read."""

    return Handler
