"""A fake S3 for benchmarks and tests: one process, one thread, epoll; it outruns the clients that are measured.

    python -m benchmarks.fake_s3 [--keys N] [--limit 3500] [--latency 0.03] [--resets 0.01] [--seed 1]

prints ``{"port": ...}`` and serves one bucket at ``http://127.0.0.1:PORT/BUCKET/KEY`` until its standard input ends:
PutObjectTagging, GetObjectTagging, ListObjectsV2 and ListObjectVersions. Signatures are not checked. ``--keys`` is the
number of objects of the listings, whose keys are made up page by page. ``--limit`` gives every prefix (what is before
the last slash) a token bucket of so many writes a second, and answers 503 SlowDown beyond. ``--resets`` is the share of
requests whose connection is reset, half of them before the write is carried out, half of them after.
``GET /counts`` says what happened; ``GET /tags`` which tags each key has.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import select
import socket
import struct
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, quote_plus

from scripts.paths import REPOSITORY

PAGE = 1000
# A prefix may use up at once what it left unused for so long.
BURST_SECONDS = 0.1
_RESET = struct.pack("ii", 1, 0)
_TAG = re.compile(rb"<Key>([^<]*)</Key>\s*<Value>([^<]*)</Value>")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


def key_of(number: int) -> str:
    """The keys of the listings, in their order; one of a thousand is an odd one."""
    if number % 1000 == 999:
        return f"raw-sequences/p{number // 10_000:06}/rs_odd +&'ü_{number:09}.fastq.gz"
    return f"raw-sequences/p{number // 10_000:06}/rs_p_hyd-01_{number:09}.fastq.gz"


def answer(status: int, body: bytes = b"", headers: bytes = b"") -> bytes:
    """An answer in bytes."""
    return b"HTTP/1.1 %d X\r\n%sContent-Length: %d\r\n\r\n%s" % (status, headers, len(body), body)


class FakeS3:
    """The server. Times in seconds, ``limit`` in writes a second below a prefix."""

    def __init__(
        self, keys: int = 0, limit: float = 0, latency: float = 0, resets: float = 0, seed: int = 1, port: int = 0
    ) -> None:
        self.keys, self.limit, self.latency, self.resets = keys, limit, latency, resets
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self.counts: Counter[str] = Counter()
        self.tags: dict[bytes, bytes] = {}
        """The body of the last write, by the path with its version."""
        self.writes: Counter[bytes] = Counter()
        self.first = self.last = 0.0
        self._buckets: dict[bytes, tuple[float, float]] = {}
        self._later: deque[tuple[float, socket.socket, bytes | None]] = deque()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.port = self.listener.getsockname()[1]

    def serve(self, until: Any = None) -> None:
        """Serve until ``until`` (a file) is readable."""
        poll, sockets, partial = select.epoll(), {}, {}
        self.listener.setblocking(False)
        poll.register(self.listener, select.EPOLLIN)
        if until is not None:
            poll.register(until, select.EPOLLIN | select.EPOLLHUP)
        while True:
            timeout = max(0.0, self._later[0][0] - time.monotonic()) if self._later else None
            for fd, _ in poll.poll(timeout):
                if fd == self.listener.fileno():
                    with suppress(BlockingIOError):
                        while True:
                            new, _ = self.listener.accept()
                            new.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                            new.settimeout(5)  # only sending may wait: a page is longer than the kernel's buffer
                            sockets[new.fileno()], partial[new.fileno()] = new, b""
                            poll.register(new, select.EPOLLIN)
                    continue
                if until is not None and fd == until.fileno():
                    for each in sockets.values():
                        each.close()
                    self.listener.close()
                    poll.close()
                    return
                sock = sockets[fd]
                try:
                    data = sock.recv(262_144)
                except OSError:
                    data = b""
                if not data:
                    poll.unregister(fd)
                    del sockets[fd], partial[fd]
                    sock.close()
                    continue
                data = partial[fd] + data if partial[fd] else data
                partial[fd] = self._requests(sock, data)
            now = time.monotonic()
            while self._later and self._later[0][0] <= now:
                _, sock, reply = self._later.popleft()
                self._send(sock, reply)

    def _requests(self, sock: socket.socket, data: bytes) -> bytes:
        """Answer what is whole; the rest."""
        while True:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                return data
            length = _LENGTH.search(data, 0, end)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(data) < whole:
                return data
            method, target, _ = data[: data.index(b"\r\n")].split(b" ", 2)
            reply = self._answer(method, target, data[end + 4 : whole])
            if self.latency and not target.startswith((b"/counts", b"/tags")):
                self._later.append((time.monotonic() + self.latency, sock, reply))
            else:
                self._send(sock, reply)
            data = data[whole:]
            if not data:
                return b""

    @staticmethod
    def _send(sock: socket.socket, reply: bytes | None) -> None:
        with suppress(OSError):
            if reply is not None:
                sock.sendall(reply)
            else:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                sock.shutdown(socket.SHUT_RDWR)

    def _answer(self, method: bytes, target: bytes, body: bytes) -> bytes | None:
        """``None`` resets the connection."""
        path, _, query = target.partition(b"?")
        if path == b"/counts":
            return answer(200, json.dumps(self.summary()).encode())
        if path == b"/tags":
            return answer(200, json.dumps({key.decode(): _TAG_DICT(body) for key, body in self.tags.items()}).encode())
        chance = self.random.random() if self.resets else 1.0
        if chance < self.resets / 2:
            self.counts["reset_before"] += 1
            return None
        reply = self._carry_out(method, path, query, body)
        if chance < self.resets:
            self.counts["reset_after"] += 1
            return None
        return reply

    def _carry_out(self, method: bytes, path: bytes, query: bytes, body: bytes) -> bytes:
        if method == b"PUT" and query.startswith(b"tagging"):
            return self._write(path, query, body)
        if query.startswith(b"tagging"):
            self.counts["reads"] += 1
            version = query.partition(b"versionId=")[2] or b"v1"
            found = self.tags.get(path + b"?" + version, b"<Tagging><TagSet></TagSet></Tagging>")
            return answer(200, found, b"x-amz-version-id: %s\r\n" % version)
        if method == b"GET" and (b"list-type=2" in query or b"versions" in query):
            self.counts["pages"] += 1
            return answer(200, self._page(query), b"Content-Type: application/xml\r\n")
        return answer(501, b"<Error><Code>NotImplemented</Code></Error>")

    def _write(self, path: bytes, query: bytes, body: bytes) -> bytes:
        if self.limit and not self._takes(path.rpartition(b"/")[0]):
            self.counts["rejected"] += 1
            return answer(503, _SLOW_DOWN)
        name = path + b"?" + (query.partition(b"versionId=")[2] or b"v1")
        self.counts["accepted"] += 1
        if name in self.tags:
            self.counts["duplicates"] += 1
        self.tags[name] = body
        self.last = time.monotonic()
        self.first = self.first or self.last
        return answer(200)

    def _takes(self, prefix: bytes) -> bool:
        now = time.monotonic()
        tokens, since = self._buckets.get(prefix, (self.limit * BURST_SECONDS, now))
        tokens = min(self.limit * BURST_SECONDS, tokens + (now - since) * self.limit)
        self._buckets[prefix] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1

    def _page(self, query: bytes) -> bytes:
        asked = {name: values[0] for name, values in parse_qs(query.decode(), keep_blank_values=True).items()}
        versions = "versions" in asked
        begin = int(asked.get("key-marker" if versions else "continuation-token") or 0)
        end = min(begin + PAGE, self.keys)
        item = _VERSION if versions else _CONTENT
        items = "".join([item % quote_plus(key_of(number), safe="/") for number in range(begin, end)])
        more = "true" if end < self.keys else "false"
        if versions:
            following = f"<NextKeyMarker>{end}</NextKeyMarker><NextVersionIdMarker>v1</NextVersionIdMarker>"
            kind = "ListVersionsResult"
        else:
            following = f"<NextContinuationToken>{end}</NextContinuationToken><KeyCount>{end - begin}</KeyCount>"
            kind = "ListBucketResult"
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<{kind} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>lake</Name><Prefix></Prefix><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType>"
            f"<IsTruncated>{more}</IsTruncated>{following if more == 'true' else ''}{items}</{kind}>"
        ).encode()

    def summary(self) -> dict[str, float]:
        """Counts, and the seconds from the first write that was accepted to the last."""
        return dict(self.counts) | {"objects": len(self.tags), "seconds": self.last - self.first}


_CONTENT = (
    "<Contents><Key>%s</Key><LastModified>2026-11-27T04:05:06.000Z</LastModified>"
    "<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>1024</Size><StorageClass>STANDARD</StorageClass>"
    "</Contents>"
)
_VERSION = (
    "<Version><Key>%s</Key><VersionId>v1</VersionId><IsLatest>true</IsLatest>"
    "<LastModified>2026-11-27T04:05:06.000Z</LastModified><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag>"
    "<Size>1024</Size><StorageClass>STANDARD</StorageClass><Owner><ID>o</ID></Owner></Version>"
)


def _TAG_DICT(body: bytes) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in _TAG.findall(body)}


@contextmanager
def serving(**options: float) -> Iterator[str]:
    """The address of a fake S3 in a process of its own."""
    given = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.fake_s3", *given],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield f"http://127.0.0.1:{json.loads(server.stdout.readline())['port']}"
    finally:
        server.stdin.close()
        server.wait()
        server.stdout.close()


def main() -> int:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fake_s3", description=__doc__)
    parser.add_argument("--keys", type=int, default=0)
    for name in ("limit", "latency", "resets"):
        parser.add_argument(f"--{name}", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=0)
    server = FakeS3(**vars(parser.parse_args()))
    print(json.dumps({"port": server.port}), flush=True)
    server.serve(sys.stdin)
    return 0


if __name__ == "__main__":
    sys.exit(main())
