"""The lean client over TLS: a certificate that is trusted, and ones that are not."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from operator import itemgetter
from pathlib import Path

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

from common import wire as wires
from common.s3_calls import ListObjects, WriteTags
from common.signing import Endpoint, Signer
from common.wire import Steps, Wire

PAGE = b"<R><IsTruncated>false</IsTruncated>%s</R>" % (
    b"<Contents><Key>k</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>" * 1000
)


class Handler(BaseHTTPRequestHandler):
    """Takes tags, and lists a thousand keys in chunks."""

    protocol_version = "HTTP/1.1"
    paths: list[str]

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.paths.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for begin in range(0, len(PAGE), 10_000):
            part = PAGE[begin : begin + 10_000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate for localhost, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    whole = folder / "both.pem"
    whole.write_bytes((folder / "key.pem").read_bytes() + (folder / "certificate.pem").read_bytes())
    return whole


@pytest.fixture
def server(certificate: Path) -> Iterator[ThreadingHTTPServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    made = ThreadingHTTPServer(("127.0.0.1", 0), type("OwnHandler", (Handler,), {"paths": []}))
    made.daemon_threads = True
    made.handle_error = lambda *_: None  # type: ignore[method-assign] # clients that go away
    made.socket = context.wrap_socket(made.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=made.serve_forever, args=(0.05,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def wire_to(server: ThreadingHTTPServer, tls: ssl.SSLContext, name: str = "localhost") -> Wire:
    port = server.server_address[1]
    endpoint = Endpoint("https", name, port, f"{name}:{port}", "/lake/", "ap-south-1", "kosha/test")
    return Wire(Signer(endpoint, Credentials("A", "S")), 4, tls)


def attempt(key: str) -> Steps[str | Exception]:
    try:
        yield WriteTags(key, "v1", {"a": "b"})
    except (ClientError, BotoCoreError) as error:
        return error
    return key


def count(prefix: str) -> Steps[int]:
    page = yield ListObjects(prefix, {}, itemgetter(0))
    return len(page.items)


def paths(server: ThreadingHTTPServer) -> list[str]:
    found: list[str] = server.RequestHandlerClass.paths  # type: ignore[attr-defined]
    return found


def test_calls_go_over_tls_and_long_answers_come_whole(server: ThreadingHTTPServer, certificate: Path) -> None:
    wire = wire_to(server, ssl.create_default_context(cafile=certificate))
    keys = [f"a/b/{number}" for number in range(100)]
    assert sorted(map(str, wire.run(attempt, keys))) == sorted(keys)
    assert list(wire.run(count, ["", ""])) == [1000, 1000]
    assert len(paths(server)) == 100
    assert len(wire.open) <= 4
    wire.close()


@pytest.mark.parametrize("problem", ["nobody trusts it", "another name"])
def test_a_certificate_that_is_not_trusted_gets_no_request(
    problem: str, server: ThreadingHTTPServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wires, "PAUSE_SECONDS", 0.001)
    trusted = certificate if problem == "another name" else None
    wire = wire_to(
        server, ssl.create_default_context(cafile=trusted), "127.0.0.1" if problem == "another name" else "localhost"
    )
    [error] = wire.run(attempt, ["a/b/c"])
    assert "CERTIFICATE_VERIFY_FAILED" in str(error)
    assert paths(server) == []
    wire.close()
