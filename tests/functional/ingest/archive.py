"""An archive on loopback: it serves files with ranges and ETags as the real ones do, and misbehaves as they do."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.functional.loopback import serving

Misdeed = Callable[["Request"], bool]
"""Called before an answer; true when it has answered itself."""


@dataclass
class Archive:
    """Path -> content. ``misdeeds`` are done one to a request of a file, in order; ``served`` counts bytes of files."""

    files: dict[str, bytes] = field(default_factory=dict)
    misdeeds: list[Misdeed] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    served: int = 0
    ignores_ranges: bool = False
    open_now: int = 0
    open_most: int = 0
    address: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)

    def ranges(self, path: str) -> list[str]:
        """The Range header of each request of a file, empty where there was none."""
        return [asked for requested, asked in self.requests if requested.partition("?")[0] == path]


class Request(BaseHTTPRequestHandler):
    """One request; its server carries the archive."""

    protocol_version = "HTTP/1.1"
    server: Any

    @property
    def archive(self) -> Archive:
        found: Archive = self.server.archive
        return found

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        archive = self.archive
        with archive.lock:
            archive.requests.append((self.path, self.headers.get("Range", "")))
            archive.open_now += 1
            archive.open_most = max(archive.open_most, archive.open_now)
            misdeed = archive.misdeeds.pop(0) if archive.misdeeds else None
        try:
            if misdeed is None or not misdeed(self):
                self.answer()
        finally:
            with archive.lock:
                archive.open_now -= 1

    def answer(self, content: bytes | None = None) -> None:
        archive = self.archive
        content = archive.files.get(self.path.partition("?")[0]) if content is None else content
        if content is None:
            self.refuse(404)
            return
        start, status = 0, 200
        asked = self.headers.get("Range", "")
        etag = f'"{hash(content)}"'
        if asked and not archive.ignores_ranges and self.headers.get("If-Range", etag) == etag:
            start, status = int(asked.removeprefix("bytes=").rstrip("-")), 206
        if status == 206 and start >= len(content):
            self.refuse(416)
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("ETag", etag)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        self.body(content[start:])

    def body(self, content: bytes) -> None:
        with self.archive.lock:
            self.archive.served += len(content)
        self.wfile.write(content)

    def refuse(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def reset(self) -> None:
        """Close the connection with a reset, after what was sent has arrived (a reset throws away what has not)."""
        self.wfile.flush()
        time.sleep(0.05)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


def refuses(status: int, **headers: str) -> Misdeed:
    def do(request: Request) -> bool:
        request.refuse(status, **headers)
        return True

    return do


def resets_after(number: int) -> Misdeed:
    """Promise the whole rest, send some bytes of it, reset."""

    def do(request: Request) -> bool:
        content = request.archive.files[request.path]
        start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(content) - start))
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        request.end_headers()
        request.body(content[start : start + number])
        request.reset()
        return True

    return do


def stalls_after(number: int) -> Misdeed:
    """Send some bytes, then none until the archive is over."""

    def do(request: Request) -> bool:
        content = request.archive.files[request.path]
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.body(content[:number])
        request.wfile.flush()
        request.archive.over.wait(20)
        request.close_connection = True
        return True

    return do


def sends(content: bytes) -> Misdeed:
    """Another content than the file's, as a whole and well-formed answer."""

    def do(request: Request) -> bool:
        request.answer(content)
        return True

    return do


@contextmanager
def serve(**files: bytes) -> Iterator[Archive]:
    archive = Archive({f"/{name}": content for name, content in files.items()})
    with serving(Request, archive=archive) as archive.address:
        try:
            yield archive
        finally:
            archive.over.set()  # answers that stall end before the server does
