"""Answers of an HTTP/1.1 server, taken apart as they come in (https://www.rfc-editor.org/rfc/rfc9112).

As much as a client needs that sends one request at a time on a connection: status, length or chunks, whether the
connection stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_END = b"\r\n\r\n"
# Nothing behind this head: no byte of it is an empty line before its end.
_DONE = re.compile(rb"HTTP/1\.1 200[^\r]*(?:\r\n[^\r]+)*?\r\n[Cc]ontent-[Ll]ength: 0\r\n(?:[^\r]+\r\n)*\r\n").fullmatch
# Longer heads than this no service of AWS sends.
_LONGEST_HEAD = 64 * 1024


class BadAnswer(Exception):
    """What came is no HTTP."""


@dataclass(slots=True)  # not frozen: making one takes an eighth of the time
class Answer:
    """``head`` are the lines from the status line on, without the empty one; ``stays`` is whether another request
    may go over the connection."""

    status: int
    head: bytes
    body: bytes
    stays: bool

    def header(self, name: str) -> str | None:
        """The value of a header; ``None`` where it is missing."""
        for line in self.head.split(b"\r\n")[1:]:
            found, _, value = line.partition(b":")
            if found.decode("latin-1").strip().lower() == name:
                return value.decode("latin-1").strip()
        return None


class Reader:
    """Takes in the bytes of one answer after the other."""

    __slots__ = ("_at", "_chunked", "_data", "_head", "_need", "_parts", "_status", "_stays")

    def __init__(self) -> None:
        self._data = bytearray()
        self._begin()

    def _begin(self) -> None:
        self._head: bytes | None = None
        self._need: int | None = 0
        self._chunked = False
        self._stays = True
        self._status = 0
        self._parts: list[bytes] = []
        self._at = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing has come of the next answer."""
        return self._head is None and not self._data

    def feed(self, data: bytes) -> Answer | None:
        """The answer, once it is whole.

        Raises:
            BadAnswer: this is not HTTP, or more came than was asked for.
        """
        # What a write is answered with, in one piece: looked at as little as can be.
        if self._head is None and not self._data and _DONE(data) and b"close" not in data:
            return Answer(200, data, b"", True)
        self._data += data
        while self._head is None:
            end = self._data.find(_END)
            if end < 0:
                if len(self._data) > _LONGEST_HEAD:
                    raise BadAnswer("the head of the answer does not end")
                return None
            self._read_head(bytes(self._data[:end]))
            del self._data[: end + 4]
            if self._head is not None and 100 <= self._status < 200:
                self._begin()
        if self._chunked:
            return self._read_chunks()
        if self._need is None or len(self._data) < self._need:
            return None
        if len(self._data) > self._need:
            raise BadAnswer("more came than the answer is long")
        return self._whole(bytes(self._data))

    def end(self) -> Answer | None:
        """The connection has ended: the answer, where its end was to say how long it is."""
        if self._head is None or self._need is not None or self._chunked:
            return None
        self._stays = False
        return self._whole(bytes(self._data))

    def _read_head(self, head: bytes) -> None:
        if not head.startswith(b"HTTP/1."):
            raise BadAnswer(f"the answer begins with {head[:40]!r}")
        try:
            self._status = int(head[9:12])
        except ValueError as error:
            raise BadAnswer(f"no status in {head[:40]!r}") from error
        self._head = head
        lower = head.lower()
        self._stays = b"connection: close" not in lower and not lower.startswith(b"http/1.0")
        self._chunked = b"transfer-encoding: chunked" in lower
        if self._status in (204, 304) or 100 <= self._status < 200:
            self._need = 0
            return
        at = lower.find(b"\r\ncontent-length:")
        if at < 0:
            self._need = None
            return
        try:
            self._need = int(lower[at + 17 :].split(b"\r\n", 1)[0])
        except ValueError as error:
            raise BadAnswer("Content-Length is no number") from error

    def _read_chunks(self) -> Answer | None:
        """``_at`` is the begin of the first chunk that is not whole yet."""
        data = self._data
        while True:
            end = data.find(b"\r\n", self._at)
            if end < 0:
                return None
            try:
                size = int(data[self._at : end].split(b";", 1)[0], 16)
            except ValueError as error:
                raise BadAnswer("the size of a chunk is no number") from error
            if size == 0:
                # Trailers end with an empty line; mostly there are none.
                if data.startswith(b"\r\n", end + 2):
                    last = end + 4
                elif (trailers := data.find(_END, end + 2)) >= 0:
                    last = trailers + 4
                else:
                    return None
                if len(data) > last:
                    raise BadAnswer("more came than the answer is long")
                return self._whole(b"".join(self._parts))
            begin = end + 2
            if len(data) < begin + size + 2:
                return None
            self._parts.append(bytes(data[begin : begin + size]))
            self._at = begin + size + 2

    def _whole(self, body: bytes) -> Answer:
        assert self._head is not None
        answer = Answer(self._status, self._head, body, self._stays)
        self._data.clear()
        self._begin()
        return answer
