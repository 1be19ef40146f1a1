"""The lean client on a fake S3 that limits, waits, resets and says odd things."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError, EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fake_s3 import FakeS3
from common import wire as wires
from common.http import Answer, BadAnswer, Reader
from common.pace import FIRST_RATE, Pace
from common.s3_calls import ListObjects, ListVersions, ReadTags, WriteTags, tags_of, text
from common.signing import Endpoint, Signer
from common.wire import Steps, Wire

TAGS = {"data_class": "raw_sequence", "project": "p"}


def wire_to(port: int, connections: int = 8) -> Wire:
    endpoint = Endpoint("http", "127.0.0.1", port, f"127.0.0.1:{port}", "/lake/", "ap-south-1", "kosha/test")
    return Wire(Signer(endpoint, Credentials("A", "S")), connections)


@contextmanager
def running(server: FakeS3) -> Iterator[FakeS3]:
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=server.serve, args=(theirs,))
    thread.start()
    try:
        yield server
    finally:
        ours.close()
        thread.join()
        theirs.close()


@contextmanager
def saying(*answers: bytes | None) -> Iterator[tuple[int, list[bytes]]]:
    """A server that answers one request for each connection, the last answer again and again; ``None`` resets. Its
    port, and the first lines of what it was asked."""
    listener = socket.create_server(("127.0.0.1", 0))
    asked: list[bytes] = []

    def serve() -> None:
        number = 0
        while True:
            client, _ = listener.accept()
            with client:
                data = client.recv(65536)
                if data == b"stop":
                    return
                asked.append(data.split(b" HTTP")[0])
                answer = answers[min(number, len(answers) - 1)]
                number += 1
                if answer is not None:
                    client.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], asked
    finally:
        with socket.create_connection(listener.getsockname()) as last:
            last.sendall(b"stop")
        thread.join()
        listener.close()


def answer(status: int, body: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d X\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


def tag(key: str) -> Steps[str]:
    yield WriteTags(key, "v1", TAGS)
    return key


def attempt(key: str) -> Steps[str | Exception]:
    try:
        yield WriteTags(key, "v1", TAGS)
    except (ClientError, BotoCoreError) as error:
        return error
    return key


@pytest.fixture(autouse=True)
def _no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "PAUSE_SECONDS", 0.001)


@settings(max_examples=15)
@given(
    st.integers(min_value=1, max_value=300),
    st.sampled_from([0.0, 0.05, 0.3]),
    st.sampled_from([0.0, 0.002]),
    st.integers(0, 9),
)
def test_everything_is_written_once_whatever_is_reset(objects: int, resets: float, latency: float, seed: int) -> None:
    with running(FakeS3(resets=resets, latency=latency, seed=seed)) as server:
        wire = wire_to(server.port)
        keys = {f"raw-sequences/p{number % 3}/{number}" for number in range(objects)}
        results = list(wire.run(attempt, sorted(keys)))
        wire.close()
    written = {each for each in results if isinstance(each, str)}
    given_up = [each for each in results if not isinstance(each, str)]
    assert len(results) == objects
    assert written <= keys
    assert all(isinstance(each, BotoCoreError) for each in given_up)
    assert len(server.tags) >= len(written)
    assert server.counts["duplicates"] == 0


def test_a_limit_is_kept_below_each_prefix_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "PAUSE_SECONDS", 0.1)
    with running(FakeS3(limit=400)) as server:
        wire = wire_to(server.port)
        keys = [f"raw-sequences/p{number % 2}/{number}" for number in range(600)]
        assert sorted(wire.run(tag, keys)) == sorted(keys)
        wire.close()
    assert server.counts["accepted"] == 600
    assert server.counts["rejected"] > 0
    assert server.counts["duplicates"] == 0


def test_steps_read_then_write_and_connections_are_used_again() -> None:
    def copy(number: int) -> Steps[dict[str, str]]:
        yield WriteTags(f"a/b/{number}", "v1", {"n": str(number)})
        found, version = yield ReadTags(f"a/b/{number}", None)
        assert version == "v1"
        yield WriteTags(f"c/d/{number}", "v2", found)
        again, _ = yield ReadTags(f"c/d/{number}", "v2")
        return dict(again)

    with running(FakeS3()) as server:
        wire = wire_to(server.port, connections=3)
        for _ in range(2):
            assert sorted(int(each["n"]) for each in wire.run(copy, range(40))) == list(range(40))
        assert len(wire.open) <= 3
        wire.close()


def test_items_without_calls_and_items_with_are_all_returned() -> None:
    def some(number: int) -> Steps[int]:
        if number % 3 == 0:
            yield WriteTags(f"a/b/{number}", "v1", TAGS)
        return number

    with running(FakeS3()) as server:
        wire = wire_to(server.port)
        assert sorted(wire.run(some, range(5_000))) == list(range(5_000))
        wire.close()


def test_what_the_items_raise_comes_after_what_was_begun() -> None:
    def items() -> Iterator[str]:
        yield from ("a/b/1", "a/b/2")
        raise KeyError("no more")

    with running(FakeS3(latency=0.01)) as server:
        wire = wire_to(server.port)
        found: list[str] = []
        with pytest.raises(KeyError):
            found.extend(wire.run(tag, items()))
        assert sorted(found) == ["a/b/1", "a/b/2"]
        assert list(wire.run(tag, ["a/b/3"])) == ["a/b/3"]
        wire.close()


def test_a_reader_that_stops_leaves_the_wire_usable() -> None:
    with running(FakeS3(latency=0.005)) as server:
        wire = wire_to(server.port)
        run = wire.run(tag, (f"a/b/{number}" for number in range(1000)))
        assert next(run).startswith("a/b/")
        with pytest.raises(RuntimeError, match="one run at a time"):
            next(wire.run(tag, ["x"]))
        run.close()  # type: ignore[attr-defined]
        assert list(wire.run(tag, ["a/b/last"])) == ["a/b/last"]
        assert server.counts["accepted"] < 100
        wire.close()


def test_a_lost_answer_is_looked_for_before_the_write_is_repeated() -> None:
    done = b"<Tagging><TagSet>%s</TagSet></Tagging>" % b"".join(
        b"<Tag><Key>%s</Key><Value>%s</Value></Tag>" % (key.encode(), value.encode()) for key, value in TAGS.items()
    )
    with saying(None, answer(200, done)) as (port, asked):
        assert list(wire_to(port).run(tag, ["a/b/c"])) == ["a/b/c"]
    assert [line.split(b" ")[0] for line in asked] == [b"PUT", b"GET"]
    with saying(None, answer(200, b"<Tagging><TagSet/></Tagging>"), answer(200)) as (port, asked):
        assert list(wire_to(port).run(tag, ["a/b/c"])) == ["a/b/c"]
    assert [line.split(b" ")[0] for line in asked] == [b"PUT", b"GET", b"PUT"]


@pytest.mark.parametrize(
    ("status", "code", "requests"),
    [(403, "AccessDenied", 1), (404, "NoSuchVersion", 1), (503, "SlowDown", 6), (400, "RequestTimeout", 6)],
)
def test_what_may_pass_is_tried_six_times_and_what_may_not_once(status: int, code: str, requests: int) -> None:
    with saying(answer(status, b"<Error><Code>%s</Code></Error>" % code.encode())) as (port, asked):
        [error] = wire_to(port).run(attempt, ["a/b/c"])
    assert isinstance(error, ClientError)
    assert error.response["Error"]["Code"] == code
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert len(asked) == requests


def test_a_server_that_always_resets_is_a_closed_connection() -> None:
    with saying(None) as (port, asked):
        [error] = wire_to(port).run(attempt, ["a/b/c"])
    assert isinstance(error, ConnectionClosedError)
    assert len(asked) == 6


def test_no_server_is_an_endpoint_that_cannot_be_connected() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    [error] = wire_to(port).run(attempt, ["a/b/c"])
    assert isinstance(error, EndpointConnectionError)


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "ANSWER_SECONDS", 0.01)
    monkeypatch.setattr(wires, "ATTEMPTS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        [error] = wire_to(silent.getsockname()[1]).run(attempt, ["a/b/c"])
    assert type(error).__name__ == "ReadTimeoutError"


# ------------------------------------------------------------------------------------------------------- answers


BODY = st.binary(max_size=300)


def _length(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def _chunked(body: bytes) -> bytes:
    chunks = b"".join(b"%x;e=1\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:]) if part)
    return b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


@given(st.lists(st.tuples(BODY, st.sampled_from([_length, _chunked])), max_size=4), st.lists(st.integers(1, 90)))
def test_answers_are_whole_however_they_are_cut(
    sent: list[tuple[bytes, Callable[[bytes], bytes]]], cuts: list[int]
) -> None:
    reader, found = Reader(), []
    for body, write in sent:
        data = write(body)
        sizes = iter(cuts)
        while data:
            size = next(sizes, len(data))
            whole = reader.feed(data[:size])
            data = data[size:]
            assert (whole is not None) == (not data)
            if whole is not None:
                found.append(whole.body)
    assert found == [body for body, _ in sent]


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0\r\n\r\n",
        b"HTTP/1.1 abc X\r\n\r\n",
        b"HTTP/1.1 200 X\r\nContent-Length: x\r\n\r\n",
        _length(b"x") + b"y",
    ],
)
def test_what_is_no_answer_is_refused(data: bytes) -> None:
    with pytest.raises(BadAnswer):
        Reader().feed(data)


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    reader = Reader()
    assert reader.feed(b"HTTP/1.1 200 X\r\n\r\nbo") is None
    assert reader.feed(b"dy") is None
    whole = reader.end()
    assert whole is not None
    assert (whole.body, whole.stays) == (b"body", False)


def test_tags_are_read_in_any_way_xml_writes_them() -> None:
    first = b"<Tag><Key>a&amp;&#xe9;</Key><Value>&lt;1&gt;</Value></Tag>"
    usual = b"<T><TagSet>%s<Tag><Key>b</Key><Value/></Tag></TagSet></T>" % first
    assert tags_of(usual) == {"a&é": "<1>", "b": ""}
    other = b'<T xmlns="n"><TagSet><Tag><Value>1</Value><Key><![CDATA[a&]]></Key></Tag></TagSet></T>'
    assert tags_of(other) == {"a&": "1"}
    assert text("&amp;lt;&#128;&quot;&apos;") == "&lt;\x80\"'"


def test_pages_are_read_in_any_way_xml_writes_them() -> None:
    def page(items: bytes) -> Answer:
        return Answer(
            200, b"", b"<R><EncodingType>url</EncodingType>%s<IsTruncated>false</IsTruncated></R>" % items, True
        )

    objects = ListObjects("", {}, lambda found: (found[0], found[1].year))
    usual = b"<Contents><Key>a%2Bb+%C3%BC&amp;</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>"
    other = b"<Contents><LastModified>2026-01-02T03:04:05.000Z</LastModified><Key>a%2Bb+%C3%BC&amp;</Key></Contents>"
    assert objects.read(page(usual)).items == objects.read(page(other)).items == [("a+b ü&", 2026)]
    assert objects.read(page(usual + other)).items == 2 * [("a+b ü&", 2026)]
    # Neither its begin nor its end is S3's.
    odd = usual.replace(b"<Contents>", b"<Contents a='b'>").replace(b"</Contents>", b"</Contents >")
    assert objects.read(page(usual + odd)).items == 2 * [("a+b ü&", 2026)]
    more = b"<R><IsTruncated>true</IsTruncated>%s</R>"
    token = b"<NextContinuationToken>a&amp;b</NextContinuationToken>"
    for each in (token + usual, usual + token, odd + token + odd, token):
        assert objects.read(Answer(200, b"", more % each, True)).following == {"continuation-token": "a&b"}
    versions = ListVersions("", {}, lambda found: (*found[:2], found[2].year))
    shape = (
        b"<Version><Key>k</Key>%s<IsLatest>true</IsLatest><LastModified>2026-01-02T03:04:05Z</LastModified></Version>"
    )
    first, second = shape % b"<VersionId>v</VersionId>", shape % b"<Size>1</Size><VersionId>v</VersionId>"
    assert versions.read(page(first + second)).items == 2 * [("k", "v", 2026)]


# ---------------------------------------------------------------------------------------------------------- pace


def test_a_pace_comes_close_to_a_limit_and_is_seldom_refused() -> None:
    """In the time of this test: a bucket of ``limit`` tokens a second and a tenth of that in reserve, 30 ms away."""
    for limit in (1000.0, 3500.0, 20_000.0):
        pace, now, tokens, sent, refused = Pace(), 0.0, limit / 10, 0, 0
        answers: list[float] = []
        while now < 20:
            now += 0.001
            tokens = min(limit / 10, tokens + limit / 1000)
            while answers and answers[0] <= now:
                answers.pop(0)
                pace.refused(now)
            while pace.take(now):
                if tokens >= 1:
                    tokens -= 1
                    sent += 1
                else:
                    refused += 1
                    answers.append(now + 0.03)
        assert sent >= 0.95 * limit * 20
        assert refused <= 0.02 * sent


def test_a_new_prefix_begins_as_fast_as_the_last_one_goes() -> None:
    wire = wire_to(port=1)
    assert wire.pace("write a/first/").rate == FIRST_RATE
    wire.pace("write a/first/").rate = 5000.0
    assert wire.pace("write a/second/").rate == 5000.0
    wire.pace("write a/second/").rate = 20.0
    assert wire.pace("write a/third/").rate == 20.0
    wire.close()


def test_a_prefix_does_not_wait_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "LOOK_AHEAD", 100)
    with running(FakeS3()) as server:
        wire = wire_to(server.port, connections=2)
        wire.paces |= {"write a/slow/": Pace(rate=20.0), "write a/quick/": Pace()}
        keys = [f"a/slow/{number}" for number in range(5)] + [f"a/quick/{number}" for number in range(50)]
        found = list(wire.run(tag, keys))
        wire.close()
    assert sorted(found) == sorted(keys)
    assert found[-1].startswith("a/slow/")
