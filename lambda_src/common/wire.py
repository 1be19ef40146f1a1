"""Many calls to S3 at once, from one thread, over connections that stay open (docs/adr/0041).

What is to be done with an item is a generator that yields calls and is sent what each found; a call that failed is
raised in it, as boto3 would raise it. Between its calls other items' calls are on their way::

    def tag(key):
        found = yield ReadTags(key)
        yield WriteTags(key, found | {"a": "b"})
        return key

    for key in wire.run(tag, keys): ...

Retries are boto3's: throttling, faults of the service and of the network, six attempts with growing pauses of chance
(https://docs.aws.amazon.com/boto3/latest/guide/retries.html). Unlike boto3's, a write whose answer was lost is not
repeated before a read has shown that it was not carried out.
"""

from __future__ import annotations

import random
import select
import socket
import ssl
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from typing import Any, Protocol

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
    SSLError,
)

from common.failures import is_transient
from common.http import Answer, BadAnswer, Reader
from common.pace import FIRST_RATE, Pace
from common.signing import Signer

ATTEMPTS = 6
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 30.0
# S3 closes connections that nobody uses; older ones are not tried.
IDLE_SECONDS = 4.0
# Addresses of a host are asked for anew after this: S3 has many, and changes them.
ADDRESS_SECONDS = 30.0
# So many items wait at most for the pace of their prefix, while those of others go on.
LOOK_AHEAD = 2_000
PACES_KEPT = 1_000
# Pauses before another attempt are drawn from 0 to this, doubled with each.
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 20.0
_THROTTLED = frozenset({"SlowDown", "RequestLimitExceeded", "Throttling", "ThrottlingException", "TooManyRequests"})
# An answer about tags fits into the first, a page of a listing does not.
_SHORT, _LONG = 4 * 1024, 256 * 1024


class Call(Protocol):
    """A request to S3, and how its answer is read."""

    @property
    def pace(self) -> str:
        """What S3's limits are counted for: the prefix, and whether it is read or written."""

    def request(self, signer: Signer) -> bytes: ...

    def read(self, answer: Answer) -> Any:
        """What was found. Raises ClientError as boto3 does."""

    def look(self) -> Call | None:
        """The call that shows whether this one was carried out; ``None`` where a repetition does no harm."""

    def was_done(self, found: Any) -> bool:
        """Whether it was, by what ``look`` found."""


type Steps[R] = Generator[Call, Any, R]


class _Task:
    """An item under way: its generator, the call it waits for, and the call that is being made for that one."""

    __slots__ = ("attempts", "call", "made", "steps")

    def __init__(self, steps: Steps[Any], call: Call) -> None:
        self.steps = steps
        self.call = self.made = call
        self.attempts = 0


class _Connection:
    __slots__ = ("deadline", "fd", "out", "phase", "reader", "sent", "sock", "task")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.phase = _CONNECTING
        self.reader = Reader()
        self.task: _Task | None = None
        self.out = b""
        self.sent = False
        """Whether any of the request may have reached S3."""
        self.deadline = 0.0


_CONNECTING, _HANDSHAKE, _READY = 0, 1, 2
_LATER = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Wire:
    """Connections to one bucket. One run at a time, by one thread; connections outlive runs."""

    def __init__(self, signer: Signer, connections: int, tls: ssl.SSLContext | None = None) -> None:
        """``tls`` is needed where the endpoint is https."""
        if signer.endpoint.scheme == "https" and tls is None:
            raise ValueError("an https endpoint needs a TLS context")
        self.signer = signer
        self.endpoint = signer.endpoint
        self.connections = connections
        self.tls = tls if signer.endpoint.scheme == "https" else None
        self.requests = 0
        """How many were sent."""
        self.troubles: Counter[str] = Counter()
        """What came of some of them: throttled, lost, looks (reads that show whether a write was carried out)."""
        self.poll = select.epoll()
        self.open: dict[int, _Connection] = {}
        self.idle: list[_Connection] = []
        self.paces: OrderedDict[str, Pace] = OrderedDict()
        self._addresses: list[Any] = []
        self._addresses_until = 0.0
        self._running = False

    def run[T, R](self, steps_of: Callable[[T], Steps[R]], items: Iterable[T]) -> Iterator[R]:
        """What ``steps_of`` each item returns, in the order in which that is known.

        Only so many items are taken ahead as connections and paces let go on. What ``items`` raises is raised when all
        that was begun has come to its end; what the generators raise, at once.
        """
        if self._running:
            raise RuntimeError("this wire has a run already: one thread, one run at a time")
        self._running = True
        run = _Run(self, steps_of, iter(items))
        try:
            yield from run.results()
        finally:
            run.abandon()
            self._running = False

    def close(self) -> None:
        """Close every connection."""
        for connection in list(self.open.values()):
            self.drop(connection)
        self.poll.close()

    def pace(self, name: str) -> Pace:
        """The pace of a prefix; one that is new begins as fast as the last one goes."""
        found = self.paces.get(name)
        if found is None:
            last = next(reversed(self.paces.values()), None)
            found = self.paces[name] = Pace(FIRST_RATE if last is None else last.rate)
            while len(self.paces) > PACES_KEPT:
                self.paces.popitem(last=False)
        return found

    def connect(self) -> _Connection:
        """Begin a connection. Raises OSError."""
        now = time.monotonic()
        if not self._addresses or now >= self._addresses_until:
            self._addresses = socket.getaddrinfo(
                self.endpoint.address, self.endpoint.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
            )
            self._addresses_until = now + ADDRESS_SECONDS
        family, kind, protocol, _, address = self._addresses[len(self.open) % len(self._addresses)]
        sock = socket.socket(family, kind, protocol)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with suppress(BlockingIOError):
                sock.connect(address)
        except OSError:
            sock.close()
            self._addresses.clear()
            raise
        connection = _Connection(sock)
        connection.deadline = now + CONNECT_SECONDS
        self.open[connection.fd] = connection
        self.poll.register(connection.fd, select.EPOLLOUT)
        return connection

    def drop(self, connection: _Connection) -> None:
        """Close a connection."""
        if self.open.pop(connection.fd, None) is None:
            return
        with suppress(OSError):
            self.poll.unregister(connection.fd)
        with suppress(OSError):
            connection.sock.close()
        with suppress(ValueError):
            self.idle.remove(connection)

    def wants(self, connection: _Connection, write: bool) -> None:
        """What to wait for on a connection."""
        self.poll.modify(connection.fd, select.EPOLLIN | (select.EPOLLOUT if write else 0))


class _Run:
    """One run over a wire."""

    def __init__(self, wire: Wire, steps_of: Callable[[Any], Steps[Any]], items: Iterator[Any]) -> None:
        self._wire = wire
        self._steps_of = steps_of
        self._items = items
        self._exhausted = False
        self._error: Exception | None = None
        """What the items raised."""
        self._waiting: dict[str, deque[_Task]] = {}
        """By pace."""
        self._waiting_count = 0
        self._again: list[tuple[float, int, _Task]] = []
        self._numbers = count()
        self._busy = 0
        self._results: list[Any] = []
        self._now = time.monotonic()
        self._swept = self._now

    def results(self) -> Iterator[Any]:
        """The loop."""
        wire = self._wire
        for stale in [each for each in wire.idle if each.deadline < self._now]:
            wire.drop(stale)
        poll, connections = wire.poll.poll, wire.open
        while True:
            self._fill()
            if self._results:
                ready, self._results = self._results, []
                yield from ready
                self._now = time.monotonic()
            if not self._busy and not self._waiting_count and not self._again:
                if self._exhausted:
                    break
                continue
            events = poll(self._timeout())
            self._now = time.monotonic()
            for fd, _ in events:
                connection = connections.get(fd)
                if connection is not None:
                    self._advance(connection)
            if self._now - self._swept > 1.0:
                self._sweep()
        if self._error is not None:
            raise self._error

    def abandon(self) -> None:
        """Close what has no answer yet: nobody will read it."""
        for connection in list(self._wire.open.values()):
            if connection.task is not None:
                self._wire.drop(connection)

    # ------------------------------------------------------------------------------------------ what goes out

    def _fill(self) -> None:
        """Let calls go, as far as there are connections and the paces let them."""
        while self._again and self._again[0][0] <= self._now:
            self._wait(heappop(self._again)[2], first=True)
        if self._waiting_count:
            for name in list(self._waiting):
                self._let_go(name)
        while not self._exhausted and self._waiting_count < LOOK_AHEAD and self._has_room():
            if not self._take_item():
                return

    def _take_item(self) -> bool:
        """Begin the next item that needs a call; whether there was one. Not more than so many without are taken."""
        while not self._exhausted and len(self._results) < LOOK_AHEAD:
            try:
                item = next(self._items)
            except StopIteration:
                self._exhausted = True
            except Exception as error:
                self._error, self._exhausted = error, True
            else:
                steps = self._steps_of(item)
                try:
                    call = next(steps)
                except StopIteration as done:
                    self._results.append(done.value)
                else:
                    self._begin(_Task(steps, call))
                    return True
        return False

    def _has_room(self) -> bool:
        return bool(self._wire.idle) or len(self._wire.open) < self._wire.connections

    def _begin(self, task: _Task) -> None:
        wire, name = self._wire, task.made.pace
        pace = wire.paces.get(name) or wire.pace(name)
        if (not self._waiting_count or name not in self._waiting) and self._has_room() and pace.take(self._now):
            self._send(task)
        else:
            self._wait(task)

    def _wait(self, task: _Task, first: bool = False) -> None:
        queue = self._waiting.setdefault(task.made.pace, deque())
        if first:
            queue.appendleft(task)
        else:
            queue.append(task)
        self._waiting_count += 1

    def _let_go(self, name: str) -> None:
        queue, pace = self._waiting[name], self._wire.pace(name)
        while queue and self._has_room() and pace.take(self._now):
            self._waiting_count -= 1
            self._send(queue.popleft())
        if not queue:
            del self._waiting[name]

    def _send(self, task: _Task) -> None:
        wire = self._wire
        self._busy += 1
        if wire.idle:
            connection = wire.idle.pop()
            connection.task = task
            self._write(connection)
            return
        try:
            connection = wire.connect()
        except OSError as error:
            self._busy -= 1
            self._failed(task, EndpointConnectionError(endpoint_url=self._url(), error=error), in_doubt=False)
            return
        connection.task = task

    def _write(self, connection: _Connection) -> None:
        """Send the request of the connection's task."""
        task = connection.task
        assert task is not None
        self._wire.requests += 1
        connection.deadline = self._now + ANSWER_SECONDS
        connection.sent = True
        request = task.made.request(self._wire.signer)
        try:
            done = connection.sock.send(request)
        except _LATER:
            done = 0
        except OSError as error:
            self._lost(connection, error)
            return
        if done < len(request):
            connection.out = request[done:]
            self._wire.wants(connection, write=True)

    # ------------------------------------------------------------------------------------------ what comes in

    def _advance(self, connection: _Connection) -> None:
        """Something has happened on a connection."""
        if connection.phase != _READY:
            self._establish(connection)
            return
        if connection.out:
            try:
                connection.out = connection.out[connection.sock.send(connection.out) :]
            except _LATER:
                pass
            except OSError as error:
                self._lost(connection, error)
                return
            if not connection.out:
                self._wire.wants(connection, write=False)
        size = _SHORT if connection.reader.is_empty else _LONG
        while True:
            try:
                data = connection.sock.recv(size)
            except _LATER:
                return
            except OSError as error:
                self._lost(connection, error)
                return
            if connection.task is None:  # closed by S3 while idle, or it talks out of turn
                self._wire.drop(connection)
                return
            try:
                answer = connection.reader.feed(data) if data else connection.reader.end()
            except BadAnswer as error:
                self._lost(connection, error)
                return
            if answer is not None:
                self._answered(connection, connection.task, answer)
                return
            if not data:
                self._lost(connection, None)
                return
            size = _LONG

    def _establish(self, connection: _Connection) -> None:
        wire = self._wire
        try:
            if connection.phase == _CONNECTING:
                code = connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code:
                    raise OSError(code, "could not connect")
                if wire.tls is None:
                    connection.phase = _READY
                else:
                    wire.poll.unregister(connection.fd)
                    connection.sock = wire.tls.wrap_socket(
                        connection.sock, server_hostname=wire.endpoint.address, do_handshake_on_connect=False
                    )
                    wire.poll.register(connection.fd, select.EPOLLIN | select.EPOLLOUT)
                    connection.phase = _HANDSHAKE
            if connection.phase == _HANDSHAKE:
                assert isinstance(connection.sock, ssl.SSLSocket)
                connection.sock.do_handshake()
                connection.phase = _READY
        except ssl.SSLWantReadError:
            wire.wants(connection, write=False)
            return
        except ssl.SSLWantWriteError:
            wire.wants(connection, write=True)
            return
        except OSError as error:
            wire._addresses.clear()
            self._lost(connection, error)
            return
        wire.wants(connection, write=False)
        self._write(connection)

    def _answered(self, connection: _Connection, task: _Task, answer: Answer) -> None:
        self._busy -= 1
        if answer.stays and not connection.out:
            connection.task = None
            connection.deadline = self._now + IDLE_SECONDS
            self._wire.idle.append(connection)
        else:
            connection.task = None
            self._wire.drop(connection)
        try:
            found = task.made.read(answer)
        except ClientError as error:
            self._refused(task, error, answer.status)
            return
        if task.made is task.call:
            self._go_on(task, found)
            if not self._waiting_count and not self._again and self._wire.idle:
                self._take_item()  # at once, on this connection
        elif task.call.was_done(found):
            self._go_on(task, None)
        else:  # it was not carried out
            task.made = task.call
            self._begin(task)

    def _refused(self, task: _Task, error: ClientError, status: int) -> None:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _THROTTLED or status in (429, 503):
            self._wire.troubles["throttled"] += 1
            self._wire.pace(task.made.pace).refused(self._now)
            self._failed(task, error, in_doubt=False)
        elif is_transient(error):
            self._failed(task, error, in_doubt=status >= 500)
        else:
            self._raise(task, error)

    def _lost(self, connection: _Connection, error: Exception | None) -> None:
        """The connection is no more."""
        task, sent = connection.task, connection.sent
        connection.task = None
        was_ready = connection.phase == _READY
        self._wire.drop(connection)
        if task is None:
            return
        self._busy -= 1
        self._wire.troubles["lost"] += 1
        url = self._url()
        failure: BotoCoreError
        if isinstance(error, TimeoutError):
            kind: type[BotoCoreError] = ReadTimeoutError if was_ready else ConnectTimeoutError
            failure = kind(endpoint_url=url, error=error)
        elif isinstance(error, ssl.SSLError) and not was_ready:
            failure = SSLError(endpoint_url=url, error=error)
        elif isinstance(error, BadAnswer):
            failure = HTTPClientError(error=error)
        elif was_ready:
            failure = ConnectionClosedError(endpoint_url=url, error=error)
        else:
            failure = EndpointConnectionError(endpoint_url=url, error=error)
        self._failed(task, failure, in_doubt=sent)

    def _failed(self, task: _Task, error: ClientError | BotoCoreError, in_doubt: bool) -> None:
        """Try again after a pause, or give up."""
        task.attempts += 1
        if task.attempts >= ATTEMPTS:
            self._raise(task, error)
            return
        if in_doubt and task.made is task.call:
            look = task.call.look()
            if look is not None:
                self._wire.troubles["looks"] += 1
                task.made = look
        longest = min(PAUSE_SECONDS * 2**task.attempts, LONGEST_PAUSE_SECONDS)
        due = self._now + random.uniform(0, longest)  # noqa: S311 - no secret
        heappush(self._again, (due, next(self._numbers), task))

    # -------------------------------------------------------------------------------------------- generators

    def _go_on(self, task: _Task, found: Any) -> None:
        try:
            call = task.steps.send(found)
        except StopIteration as done:
            self._results.append(done.value)
        else:
            self._next(task, call)

    def _raise(self, task: _Task, error: Exception) -> None:
        try:
            call = task.steps.throw(error)
        except StopIteration as done:
            self._results.append(done.value)
        else:
            self._next(task, call)

    def _next(self, task: _Task, call: Call) -> None:
        task.call = task.made = call
        task.attempts = 0
        self._begin(task)

    # --------------------------------------------------------------------------------------------------- time

    def _timeout(self) -> float:
        """Seconds until something is to be done though nothing has happened."""
        least = 1.0
        if self._again:
            least = min(least, self._again[0][0] - self._now)
        if self._waiting_count and self._has_room():
            least = min(least, *(self._wire.pace(name).next - self._now for name in self._waiting))
        return max(0.0, least)

    def _sweep(self) -> None:
        """Give up on connections that are silent for too long."""
        self._swept = self._now
        for connection in list(self._wire.open.values()):
            if connection.deadline >= self._now:
                continue
            if connection.task is None:
                self._wire.drop(connection)
            else:
                self._lost(connection, TimeoutError("no answer"))

    def _url(self) -> str:
        endpoint = self._wire.endpoint
        return f"{endpoint.scheme}://{endpoint.host}{endpoint.path}"
