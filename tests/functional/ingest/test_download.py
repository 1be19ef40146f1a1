"""Files come whole or not at all, whatever the server and the network do."""

from __future__ import annotations

import fcntl
import hashlib
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.ingest.download import QUARANTINE, Downloader, Manners, Remote
from pipelines.ingest.problems import IngestError
from tests.functional.ingest.archive import Archive, refuses, resets_after, sends, serve, stalls_after

CONTENT = random.Random(1).randbytes(300_000)
OTHER = random.Random(2).randbytes(300_000)
QUICK = Manners(interval=0.0, attempts=3, timeout=0.5, first_pause=0.001, longest_pause=0.01)


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


@pytest.fixture
def archive() -> Iterator[Archive]:
    with serve(file=CONTENT) as archive:
        yield archive


@pytest.fixture
def downloader() -> Iterator[Downloader]:
    with Downloader(QUICK) as downloader:
        yield downloader


def remote(*archives: Archive, content: bytes = CONTENT, size: int | None = len(CONTENT)) -> Remote:
    return Remote(tuple(f"{each.address}/file" for each in archives), size, md5(content))


def nothing_but(folder: Path, *names: str) -> bool:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == sorted(names)


def test_a_file_comes_whole_and_is_not_fetched_again(archive: Archive, downloader: Downloader, tmp_path: Path) -> None:
    numbers: list[int] = []
    fetched = downloader.fetch(remote(archive), tmp_path / "f.gz", numbers.append)
    assert fetched.path.read_bytes() == CONTENT
    assert (fetched.size, fetched.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert sum(numbers) == len(CONTENT)
    assert nothing_but(tmp_path, "f.gz")
    again = downloader.fetch(remote(archive), tmp_path / "f.gz")
    assert (again.url, again.sha256) == ("", fetched.sha256)
    assert len(archive.requests) == 1
    assert nothing_but(tmp_path, "f.gz")


@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_resets_are_gone_on_from_and_no_byte_is_asked_for_twice(
    archive: Archive, downloader: Downloader, tmp_path: Path, size: int | None
) -> None:
    archive.misdeeds = [resets_after(70_000) for _ in range(4)]  # more than the attempts: each brought some bytes
    fetched = downloader.fetch(remote(archive, size=size), tmp_path / "f.gz")
    assert fetched.path.read_bytes() == CONTENT
    asked = archive.ranges("/file")
    assert len(asked) == 5
    offsets = [int(each.removeprefix("bytes=").rstrip("-") or 0) if each else 0 for each in asked]
    assert offsets == sorted(offsets)
    assert offsets[-1] > 0
    assert nothing_but(tmp_path, "f.gz")


def test_a_stalled_answer_is_given_up_and_asked_for_again(
    archive: Archive, downloader: Downloader, tmp_path: Path
) -> None:
    archive.misdeeds = [stalls_after(50_000)]
    assert downloader.fetch(remote(archive), tmp_path / "f.gz").path.read_bytes() == CONTENT
    assert len(archive.requests) == 2


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_waited_for_as_long_as_it_says(archive: Archive, tmp_path: Path, status: int) -> None:
    pauses: list[float] = []
    archive.misdeeds = [refuses(status, Retry_After="7"), refuses(status)]
    manners = Manners(interval=0.0, attempts=3, first_pause=0.25, longest_pause=60)
    with Downloader(manners, sleep=pauses.append) as downloader:
        assert downloader.fetch(remote(archive), tmp_path / "f.gz").path.read_bytes() == CONTENT
    assert pauses[0] == 7
    assert 0.25 <= pauses[1] < 7


def test_a_server_that_asks_for_too_long_a_pause_is_left_for_the_next(
    archive: Archive, downloader: Downloader, tmp_path: Path
) -> None:
    archive.misdeeds = [refuses(503, Retry_After="86400")]
    with serve(file=CONTENT) as mirror:
        assert downloader.fetch(remote(archive, mirror), tmp_path / "f.gz").url.startswith(mirror.address)
    archive.misdeeds = [refuses(503, Retry_After="86400")]
    with pytest.raises(IngestError, match="asks to be left alone for 86400 seconds"):
        downloader.fetch(remote(archive), tmp_path / "g.gz")


@pytest.mark.parametrize("pause", ["Thu, 01 Jan 2026 00:00:00 -0000", "\xb2", "soon", "", "Thu, 99 Jan 2026"])
def test_odd_pauses_are_no_reason_to_stop(archive: Archive, downloader: Downloader, tmp_path: Path, pause: str) -> None:
    archive.misdeeds = [refuses(503, Retry_After=pause)]
    assert downloader.fetch(remote(archive), tmp_path / "f.gz").path.read_bytes() == CONTENT


def test_a_server_that_knows_no_ranges_sends_all_again(
    archive: Archive, downloader: Downloader, tmp_path: Path
) -> None:
    archive.misdeeds = [resets_after(100_000)]
    archive.ignores_ranges = True
    numbers: list[int] = []
    assert downloader.fetch(remote(archive), tmp_path / "f.gz", numbers.append).path.read_bytes() == CONTENT
    assert sum(numbers) == len(CONTENT)


def test_a_file_that_changed_on_the_server_is_not_sewn_to_the_old_one(
    archive: Archive, downloader: Downloader, tmp_path: Path
) -> None:
    archive.misdeeds = [resets_after(100_000)] + [refuses(503)] * 5
    with pytest.raises(IngestError, match="503"):
        downloader.fetch(remote(archive), tmp_path / "f.gz")
    archive.files["/file"] = OTHER
    # The archive's new MD5: what is here belongs to another file and is dropped.
    assert downloader.fetch(remote(archive, content=OTHER), tmp_path / "f.gz").path.read_bytes() == OTHER


def test_other_bytes_are_quarantined_and_the_next_mirror_is_asked(
    archive: Archive, downloader: Downloader, tmp_path: Path
) -> None:
    flipped = bytes([CONTENT[0] ^ 1]) + CONTENT[1:]
    with serve(file=CONTENT) as mirror:
        archive.misdeeds = [sends(flipped)]
        fetched = downloader.fetch(remote(archive, mirror), tmp_path / "f.gz")
        assert fetched.url.startswith(mirror.address)
        assert mirror.ranges("/file") == [""]  # nothing bad is gone on from
    assert nothing_but(tmp_path, "f.gz", f"{QUARANTINE}/f.gz.{md5(flipped)}")
    assert fetched.path.read_bytes() == CONTENT


def test_a_good_mirror_is_asked_again_when_the_bytes_before_its_own_were_wrong(
    archive: Archive, downloader: Downloader, tmp_path: Path
) -> None:
    archive.files["/file"] = OTHER
    archive.misdeeds = [resets_after(100_000), *[refuses(503)] * 5]
    with serve(file=CONTENT) as mirror:
        fetched = downloader.fetch(remote(archive, mirror), tmp_path / "f.gz")
        assert fetched.url.startswith(mirror.address)
        assert [bool(each) for each in mirror.ranges("/file")] == [True, False]
    assert fetched.path.read_bytes() == CONTENT


def test_a_stop_ends_a_download_that_waits_for_bytes(archive: Archive, tmp_path: Path) -> None:
    archive.misdeeds = [stalls_after(50_000)]
    reasons: list[str] = []
    with Downloader(Manners(timeout=60)) as downloader:

        def fetch() -> None:
            try:
                downloader.fetch(remote(archive), tmp_path / "f.gz")
            except IngestError as error:
                reasons.extend(error.problems)

        thread = threading.Thread(target=fetch)
        thread.start()
        while not (part := tmp_path / ".f.gz.part").exists() or part.stat().st_size < 40_000:
            thread.join(0.01)
        downloader.stop()
        thread.join(5)
        assert not thread.is_alive()
    assert reasons == ["interrupted"]
    assert not (tmp_path / "f.gz").exists()


@pytest.mark.parametrize("content", [CONTENT[:1000], CONTENT + b"more"], ids=["shorter", "longer"])
def test_a_file_of_another_length_never_gets_its_name(
    archive: Archive, downloader: Downloader, tmp_path: Path, content: bytes
) -> None:
    archive.files["/file"] = content
    with pytest.raises(IngestError, match="no mirror gave it"):
        downloader.fetch(remote(archive), tmp_path / "f.gz")
    assert not (tmp_path / "f.gz").exists()


def test_a_mirror_that_fails_half_way_is_gone_on_from_at_the_next(
    archive: Archive, downloader: Downloader, tmp_path: Path
) -> None:
    with serve(file=CONTENT) as mirror:
        archive.misdeeds = [resets_after(200_000), *[refuses(503)] * 5]
        fetched = downloader.fetch(remote(archive, mirror), tmp_path / "f.gz")
        assert fetched.path.read_bytes() == CONTENT
        assert mirror.ranges("/file")[0].startswith("bytes=")
        assert mirror.served < len(CONTENT)


def test_every_mirror_that_fails_is_named_with_its_reason(
    archive: Archive, downloader: Downloader, tmp_path: Path
) -> None:
    with serve() as empty:
        archive.misdeeds = [refuses(403)]
        with pytest.raises(IngestError) as caught:
            downloader.fetch(remote(archive, empty), tmp_path / "f.gz")
    assert "f.gz: no mirror gave it" in caught.value.problems[0]
    assert f"{archive.address}/file: HTTP 403" in caught.value.problems[1]
    assert f"{empty.address}/file: HTTP 404" in caught.value.problems[2]
    assert len(archive.requests) == 1  # what is refused for good is not asked for again


def test_what_lies_at_the_target_already_is_never_overwritten(
    archive: Archive, downloader: Downloader, tmp_path: Path
) -> None:
    (tmp_path / "f.gz").write_bytes(OTHER)
    with pytest.raises(IngestError, match="is there with another content"):
        downloader.fetch(remote(archive), tmp_path / "f.gz")
    assert (tmp_path / "f.gz").read_bytes() == OTHER
    assert not archive.requests


def test_two_processes_do_not_write_one_file(archive: Archive, downloader: Downloader, tmp_path: Path) -> None:
    with (tmp_path / ".f.gz.part").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(IngestError, match="is being fetched by another process"):
            downloader.fetch(remote(archive), tmp_path / "f.gz")
    assert not archive.requests


def test_a_host_gets_no_more_connections_than_it_is_meant_to(archive: Archive, tmp_path: Path) -> None:
    gate = threading.Event()

    def waits(request: object) -> bool:
        gate.wait(0.2)
        return False

    archive.misdeeds = [waits] * 8
    with Downloader(Manners(connections=2, interval=0.0)) as downloader:
        threads = [
            threading.Thread(target=downloader.fetch, args=(remote(archive), tmp_path / f"{number}.gz"))
            for number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert archive.open_most == 2
    assert len(list(tmp_path.glob("*.gz"))) == 8


def test_requests_to_a_host_begin_apart(archive: Archive, tmp_path: Path) -> None:
    pauses: list[float] = []
    with Downloader(Manners(interval=30.0), sleep=pauses.append) as downloader:
        for number in range(3):
            downloader.fetch(remote(archive), tmp_path / f"{number}.gz")
    assert len(pauses) == 2
    assert 25 < pauses[0] <= 30
    assert 55 < pauses[1] <= 60


def test_a_server_that_is_not_there_is_an_error_that_names_it(downloader: Downloader, tmp_path: Path) -> None:
    with serve() as gone:
        address = gone.address
    with pytest.raises(IngestError, match=address):
        downloader.fetch(Remote((f"{address}/file",), 3, md5(b"abc")), tmp_path / "f.gz")
    with pytest.raises(IngestError, match=address):
        downloader.get(f"{address}/filereport")
