"""Downloads files over HTTP so that a file with its final name is whole and is the one its archive describes.

* The bytes go into ``.<name>.part`` beside the target. A cut connection or a killed process goes on from there with a
  ``Range`` request (RFC 9110, section 14); ``If-Range`` makes a server whose file has changed send all of it.
* Size, then MD5, then ``fsync`` and rename. Bytes with another MD5 go to ``.quarantine/`` and are never resumed onto.
* Mirrors are tried in turn. Of each host only so many connections are open, and requests begin so far apart; 429, 5xx,
  resets and stalls are waited out with growing pauses, or as long as ``Retry-After`` says.
* :meth:`Downloader.stop` ends all of it within moments; what has come stays for the next start.
"""

from __future__ import annotations

import contextlib
import email.utils
import fcntl
import hashlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import httpx
import tenacity

from pipelines.ingest.problems import IngestError
from pipelines.sequencing.run import read_object

CHUNK = 1 << 20
QUARANTINE = ".quarantine"
USER_AGENT = "kosha-ingest/0.1"


@dataclass(frozen=True)
class Remote:
    """A file of an archive: where it can be had (mirrors in order of preference), its size in bytes, its MD5."""

    urls: tuple[str, ...]
    size: int | None
    md5: str


@dataclass(frozen=True)
class Fetched:
    """A file that is here. ``url`` is empty when it was here before."""

    path: Path
    url: str
    size: int
    md5: str
    sha256: str
    resumed_from: int = 0


@dataclass(frozen=True)
class Manners:
    """How hosts are treated; times in seconds.

    ``attempts`` counts the requests to one mirror without a new byte. A server that asks for a longer pause than
    ``longest_wait`` is not waited for.
    """

    connections: int = 4
    interval: float = 0.1
    attempts: int = 6
    timeout: float = 60.0
    first_pause: float = 1.0
    longest_pause: float = 60.0
    longest_wait: float = 900.0


class _Again(Exception):
    """The request may be made again, after ``pause`` seconds if the server said how long."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


class _Useless(Exception):
    """This mirror does not have the file."""


@dataclass
class _Host:
    """What is open to a host, and when the next request may begin."""

    manners: Manners
    slots: threading.BoundedSemaphore = field(init=False)
    lock: threading.Lock = field(default_factory=threading.Lock)
    next_start: float = 0.0

    def __post_init__(self) -> None:
        self.slots = threading.BoundedSemaphore(self.manners.connections)

    def delay(self, now: float) -> float:
        """How long to wait before a request that wants to begin now."""
        with self.lock:
            start = max(now, self.next_start)
            self.next_start = start + self.manners.interval
            return start - now


class Downloader:
    """Fetches files; may be used by several threads. Close it, or use it as a context manager."""

    def __init__(
        self,
        manners: Manners | None = None,
        sleep: Callable[[float], object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.manners = manners or Manners()
        self._stopped = threading.Event()
        self._sleep = sleep or self._stopped.wait
        self._sockets: set[socket.socket] = set()
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()
        self._client = httpx.Client(
            timeout=self.manners.timeout, follow_redirects=True, headers={"User-Agent": USER_AGENT, **(headers or {})}
        )

    def __enter__(self) -> Downloader:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def stop(self) -> None:
        """Let every fetch that is running, or begins later, fail now; for another thread."""
        self._stopped.set()
        with self._lock:
            for each in self._sockets:
                with contextlib.suppress(OSError):  # it may be closed already
                    socket.socket.shutdown(each, socket.SHUT_RDWR)  # wakes a thread that waits for bytes

    def _pause(self, seconds: float) -> None:
        self._sleep(seconds)
        self._go_on()

    def _go_on(self) -> None:
        if self._stopped.is_set():
            raise IngestError("interrupted")

    @contextlib.contextmanager
    def _may_be_stopped(self, response: httpx.Response) -> Iterator[None]:
        connection: socket.socket = response.extensions["network_stream"].get_extra_info("socket")
        with self._lock:
            self._sockets.add(connection)
        try:
            self._go_on()
            yield
        finally:
            with self._lock:
                self._sockets.discard(connection)

    @contextlib.contextmanager
    def _turn(self, url: str) -> Iterator[None]:
        host = urlsplit(url).netloc
        with self._lock:
            gate = self._hosts.setdefault(host, _Host(self.manners))
        with gate.slots:
            if (delay := gate.delay(time.monotonic())) > 0:
                self._pause(delay)
            self._go_on()
            yield

    def _attempts(self) -> tenacity.Retrying:
        growing = tenacity.wait_exponential_jitter(
            multiplier=self.manners.first_pause, max=self.manners.longest_pause, jitter=self.manners.first_pause
        )

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            if isinstance(error, _Again) and error.pause is not None:
                return error.pause
            return growing(state)

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Again),
            stop=tenacity.stop_after_attempt(self.manners.attempts),
            wait=wait,
            sleep=self._pause,
            reraise=True,
        )

    def get(self, url: str, parameters: dict[str, str] | None = None) -> httpx.Response:
        """A small document, for example metadata.

        Raises:
            IngestError: the server does not answer, or refuses.
        """

        def once() -> httpx.Response:
            with self._turn(url), _network(url):
                response = self._client.get(url, params=parameters)
                _look_at(response, self.manners.longest_wait)
                return response

        try:
            return self._attempts()(once)
        except (_Again, _Useless) as error:
            raise IngestError(str(error)) from None

    def fetch(self, remote: Remote, target: Path, told: Callable[[int], None] = lambda _: None) -> Fetched:
        """Bring a file to ``target``. ``told`` is called with the number of bytes whenever some have come.

        Raises:
            IngestError: no mirror gives the file, or another one lies at the target, or another process fetches it.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        with held(part, target.name) as file:
            if target.is_file():
                part.unlink(missing_ok=True)
                return _already_here(remote, target)
            return self._from_mirrors(remote, target, _Part(part, file, remote), told)

    def _from_mirrors(self, remote: Remote, target: Path, part: _Part, told: Callable[[int], None]) -> Fetched:
        reasons = []
        resumed_from = part.size
        told(part.size)
        for url in remote.urls:
            others = True
            while others:
                others = part.size > 0  # bytes of an earlier start or of another mirror: this one may not be to blame
                try:
                    self._until_whole(url, remote, part, told)
                except (_Again, _Useless) as error:
                    self._go_on()
                    reasons.append(str(error))
                    break
                if part.md5.hexdigest() == remote.md5:
                    return part.finish(target, url, resumed_from)
                told(-part.size)
                kept = part.quarantine(target)
                reasons.append(f"{url}: the MD5 is {kept.md5}, but the archive says {remote.md5}; kept as {kept.path}")
                resumed_from = 0
        raise IngestError(f"{target.name}: no mirror gave it", *reasons)

    def _until_whole(self, url: str, remote: Remote, part: _Part, told: Callable[[int], None]) -> None:
        """Ask again until all bytes are here; attempts are counted anew whenever some have come."""
        while True:
            before = part.size
            try:
                self._attempts()(self._ask, url, remote, part, told)
                return
            except _Again:
                if part.size <= before:
                    raise

    def _ask(self, url: str, remote: Remote, part: _Part, told: Callable[[int], None]) -> None:
        if remote.size is not None and part.size == remote.size:
            return
        headers = {"Accept-Encoding": "identity"}
        if part.size:
            headers["Range"] = f"bytes={part.size}-"
            if part.etag_of(url):
                headers["If-Range"] = part.etag_of(url)
        with (
            self._turn(url),
            _network(url),
            self._client.stream("GET", url, headers=headers) as response,
            self._may_be_stopped(response),
        ):
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                told(-part.size)
                part.restart()
                raise _Again(f"{url}: the server has fewer bytes than are here already")
            _look_at(response, self.manners.longest_wait)
            if part.size and not _goes_on_at(response, part.size):
                told(-part.size)
                part.restart()
                if response.status_code == httpx.codes.PARTIAL_CONTENT:
                    raise _Again(f"{url}: the server sent another part than was asked for")
            part.note(url, response.headers.get("ETag", ""))
            for chunk in response.iter_raw():
                self._go_on()
                part.write(chunk)
                told(len(chunk))
                if remote.size is not None and part.size > remote.size:
                    told(-part.size)
                    part.restart()
                    raise _Useless(f"{url}: it has more than the {remote.size} bytes that the archive says")
        if remote.size is not None and part.size < remote.size:
            raise _Again(f"{url}: it ended after {part.size} of {remote.size} bytes")


@contextlib.contextmanager
def held(path: Path, name: str) -> Iterator[BinaryIO]:
    """A file that one process at a time has open; made where it is missing.

    Raises:
        IngestError: another process has it; ``name`` says what is being fetched.
    """
    with path.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise IngestError(f"{name} is being fetched by another process; wait until it has ended") from None
        yield file


@dataclass(frozen=True)
class _Kept:
    path: Path
    md5: str


class _Part:
    """The bytes that are here, with their checksums, and a note of which file of which server they are."""

    def __init__(self, path: Path, file: BinaryIO, remote: Remote) -> None:
        self.path = path
        self._file = file
        self._notes = path.with_name(f"{path.name}.json")
        self._note = read_object(self._notes)
        self._reset()
        if self._note.get("md5") not in (remote.md5, None):
            self.restart()
        self._note["md5"] = remote.md5
        self._file.seek(0)
        while chunk := self._file.read(CHUNK):
            self._count(chunk)
        if remote.size is not None and self.size > remote.size:
            self.restart()

    def _reset(self) -> None:
        self.size = 0
        self.md5 = hashlib.md5(usedforsecurity=False)
        self.sha256 = hashlib.sha256()

    def _count(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self.md5.update(chunk)
        self.sha256.update(chunk)

    def etag_of(self, url: str) -> str:
        """The strong ETag under which this server sent what is here; empty when there is none."""
        etag = str(self._note.get("etag", ""))
        return etag if self._note.get("url") == url and not etag.startswith("W/") else ""

    def note(self, url: str, etag: str) -> None:
        self._note |= {"url": url, "etag": etag}
        temporary = self._notes.with_name(f"{self._notes.name}.tmp")
        temporary.write_text(json.dumps(self._note), encoding="utf-8")
        temporary.replace(self._notes)

    def write(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._count(chunk)

    def restart(self) -> None:
        self._file.truncate(0)
        self._reset()

    def finish(self, target: Path, url: str, resumed_from: int) -> Fetched:
        """Bring the bytes to the disk and give them their name."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self.path.rename(target)
        self._notes.unlink(missing_ok=True)
        _sync_directory(target.parent)
        return Fetched(target, url, self.size, self.md5.hexdigest(), self.sha256.hexdigest(), resumed_from)

    def quarantine(self, target: Path) -> _Kept:
        """Set the bytes aside under a name that says what they are, and begin anew."""
        found = self.md5.hexdigest()
        place = target.parent / QUARANTINE / f"{target.name}.{found}"
        place.parent.mkdir(mode=0o770, exist_ok=True)
        self._file.flush()
        self._file.seek(0)
        with place.with_name(f"{place.name}.part").open("wb") as out:
            while chunk := self._file.read(CHUNK):
                out.write(chunk)
        place.with_name(f"{place.name}.part").replace(place)
        self.restart()
        return _Kept(place, found)


def measure(path: Path, url: str = "") -> Fetched:
    """A file that is here, with its checksums; ``url`` says where it was brought from now."""
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            md5.update(chunk)
            sha256.update(chunk)
    return Fetched(path, url, path.stat().st_size, md5.hexdigest(), sha256.hexdigest())


def _already_here(remote: Remote, target: Path) -> Fetched:
    found = measure(target)
    if found.md5 != remote.md5:
        raise IngestError(
            f"{target} is there with another content (MD5 {found.md5}, the archive says {remote.md5}); "
            "move it away, or ingest into another project"
        )
    return found


@contextlib.contextmanager
def _network(url: str) -> Iterator[None]:
    """What the network does to a request, as a reason to make it again."""
    try:
        yield
    except httpx.TimeoutException:
        raise _Again(f"{url}: the server stalls") from None
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise _Useless(f"{url}: {error}") from None
    except httpx.HTTPError as error:
        raise _Again(f"{url}: {error or type(error).__name__}") from None


def bare(address: httpx.URL) -> httpx.URL:
    """An address without its parameters, one of which may be a key or a signature."""
    return address.copy_with(query=None)


def _look_at(response: httpx.Response, longest_wait: float) -> None:
    """Raise what the status means; pass when there is a body to read."""
    if response.is_success:
        return
    status = f"{bare(response.url)}: HTTP {response.status_code} {response.reason_phrase}".rstrip()
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
        pause = _pause_of(response.headers.get("Retry-After", ""))
        if pause is not None and pause > longest_wait:
            raise _Useless(f"{status}; it asks to be left alone for {pause:.0f} seconds, start again after that")
        raise _Again(status, pause)
    raise _Useless(status)


def _pause_of(text: str) -> float | None:
    """Seconds of a ``Retry-After``, which is a number or a date (RFC 9110, section 10.2.3)."""
    if text.isascii() and text.isdecimal():
        return float(text)
    with contextlib.suppress(ValueError):
        date = email.utils.parsedate_to_datetime(text)
        return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    return None


def _goes_on_at(response: httpx.Response, offset: int) -> bool:
    return response.status_code == httpx.codes.PARTIAL_CONTENT and response.headers.get("Content-Range", "").startswith(
        f"bytes {offset}-"
    )


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
