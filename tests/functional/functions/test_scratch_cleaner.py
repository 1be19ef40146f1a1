"""scratch_cleaner on moto and real directories: what goes, what stays and why, and what happens in between.

A file's time of change cannot be set, so files are made now and the cleaner's clock shows a later day.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipelines.leases import lease
from tests.functional.functions.conftest import LAKE, REPORTS, Context, Load, Metrics, Notices, StandingTime

READS = "raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_T001_R1.fastq.gz"
ALIGNED = "aligned-reads/lambda-phage/ar_lambda-phage_hyd-01_T001_bwa.bam"
TAGS = "data_class=raw_sequence&sensitivity=controlled&project=lambda-phage&site=hyd-01"


class Time(StandingTime):
    """``days`` from now."""

    def __init__(self, days: float = 40, seconds: tuple[float, ...] = ()) -> None:
        super().__init__(datetime.now(UTC) + timedelta(days=days), *seconds)


@pytest.fixture
def replication() -> dict[str, str]:
    """What HeadObject says of a key's replication, which moto does not know; COMPLETED where nothing else is said."""
    return {}


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    root = tmp_path / "shared"
    for directory in ("scratch", "published"):
        (root / directory).mkdir(parents=True)
    return root


@pytest.fixture
def cleaner(
    s3: Any, storage: Path, load: Load, monkeypatch: pytest.MonkeyPatch, replication: dict[str, str]
) -> Callable[..., ModuleType]:
    def start(directory: str, undo_days: str = "7") -> ModuleType:
        monkeypatch.setenv("DIRECTORY", directory)
        monkeypatch.setenv("MOUNT_PATH", str(storage / directory))
        monkeypatch.setenv("UNDO_DAYS", undo_days)
        module = load("scratch_cleaner")
        keys: list[str] = []
        events = module.s3.meta.events
        events.register("before-parameter-build.s3.HeadObject", lambda params, **_: keys.append(params["Key"]))
        events.register(
            "after-call.s3.HeadObject",
            lambda parsed, **_: parsed.update(ReplicationStatus=replication.get(keys[-1], "COMPLETED")),
        )
        return module

    return start


def write(storage: Path, path: str, content: bytes = b"reads") -> Path:
    file = storage / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def upload(s3: Any, key: str, content: bytes = b"reads", tags: str = TAGS, algorithm: str = "CRC64NVME") -> None:
    s3.put_object(Bucket=LAKE, Key=key, Body=content, Tagging=tags, ChecksumAlgorithm=algorithm)


def report_lines(s3: Any, reply: dict[str, Any]) -> list[dict[str, Any]]:
    lines = []
    for address in reply["result"]["reports"]:
        body = s3.get_object(Bucket=REPORTS, Key=address.removeprefix(f"s3://{REPORTS}/"))["Body"].read()
        lines += [json.loads(line) for line in body.splitlines()]
    return lines


def test_old_temporary_files_go_and_young_ones_stay(
    cleaner: Callable[..., ModuleType], storage: Path, s3: Any, notices: Notices
) -> None:
    old, young = write(storage, "scratch/run/a.tmp", b"12345"), write(storage, "scratch/run/b.tmp")
    future = (datetime.now(UTC) + timedelta(days=36)).timestamp()
    os.utime(young, (future, future))
    reply = cleaner("scratch").cleaner.run("clean", Time().clock)
    assert (reply["outcome"], reply["result"]["files"], reply["result"]["bytes"]) == ("finished", 1, 5)
    assert (old.exists(), young.exists()) == (False, True)
    assert reply["result"]["stays"] == {"young": 1}
    started, finished = notices("data")
    assert (started["kind"], finished["kind"]) == ("storage.cleaning_started", "storage.cleaning_finished")
    assert finished["details"]["result"]["bytes"] == 5
    assert finished["severity"] == "info"
    assert [line["path"] for line in report_lines(s3, reply)] == ["run/a.tmp"]


def test_what_was_removed_can_be_brought_back_until_the_time_is_over(
    cleaner: Callable[..., ModuleType], storage: Path
) -> None:
    write(storage, "scratch/run/a.tmp")
    module, time = cleaner("scratch"), Time()
    module.cleaner.run("clean", time.clock)
    aside = storage / "scratch/.kosha-undo" / f"{time.now:%Y-%m-%d}" / "run/a.tmp"
    assert aside.read_bytes() == b"reads"
    _as_of(aside, days=-10)
    module.cleaner.run("clean", Time(46).clock)
    assert aside.exists()
    reply = module.cleaner.run("clean", Time(48).clock)
    assert not aside.exists()
    assert (reply["result"]["deleted_files"], reply["result"]["deleted_bytes"]) == (1, 5)
    assert not (storage / "scratch/.kosha-undo" / f"{time.now:%Y-%m-%d}").exists()


def test_what_somebody_wrote_to_while_it_lay_aside_stays(
    cleaner: Callable[..., ModuleType], storage: Path, notices: Notices
) -> None:
    file = write(storage, "scratch/a.tmp")
    module, time = cleaner("scratch"), Time()
    with file.open("ab") as held:
        module.cleaner.run("clean", time.clock)
        held.write(b" and more")
    module.cleaner.run("clean", Time(50).clock)
    aside = storage / "scratch/.kosha-undo" / f"{time.now:%Y-%m-%d}" / "a.tmp"
    assert aside.read_bytes() == b"reads and more"


def test_without_a_time_to_undo_files_go_at_once(cleaner: Callable[..., ModuleType], storage: Path) -> None:
    write(storage, "scratch/a.tmp")
    reply = cleaner("scratch", undo_days="0").cleaner.run("clean", Time().clock)
    assert reply["result"]["deleted_files"] == 1
    assert [path for path in (storage / "scratch").rglob("*") if path.is_file()] == []


def test_a_file_to_be_kept_goes_only_with_its_copy(
    cleaner: Callable[..., ModuleType], storage: Path, s3: Any, replication: dict[str, str], notices: Notices
) -> None:
    def reads(number: int) -> str:
        return f"raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_T{number:03}_R1.fastq.gz"

    for number in range(1, 9):
        write(storage, f"published/{reads(number)}")
    upload(s3, reads(1))
    upload(s3, reads(2), b"other")
    upload(s3, reads(3), b"longer than that")
    upload(s3, reads(4), tags=TAGS.replace("controlled", "open"))
    upload(s3, reads(5))
    replication[reads(5)] = "FAILED"
    upload(s3, reads(6), algorithm="SHA256")
    upload(s3, reads(7))
    s3.delete_object(Bucket=LAKE, Key=reads(7))
    reply = cleaner("published").cleaner.run("clean", Time().clock)
    assert reply["result"]["stays"] == {
        "copy_differs": 2,
        "copy_not_tagged": 1,
        "copy_not_replicated": 1,
        "copy_not_verified": 1,
        "no_copy": 2,
    }
    assert not (storage / "published" / reads(1)).exists()
    assert all((storage / "published" / reads(number)).exists() for number in range(2, 9))
    finished = notices("data")[1]
    assert finished["severity"] == "warning"
    assert {"path": reads(2), "reason": "copy_differs"} in finished["details"]["staying"]["items"]
    removed = [line for line in report_lines(s3, reply) if line["action"] == "removed"]
    assert [line["path"] for line in removed] == [reads(1)]
    assert removed[0]["crc64nvme"]


def test_what_belongs_to_a_class_is_not_harmless_in_scratch_either(
    cleaner: Callable[..., ModuleType], storage: Path, s3: Any
) -> None:
    file = write(storage, f"scratch/{READS}")
    module = cleaner("scratch")
    assert module.cleaner.run("clean", Time(40).clock)["result"]["stays"] == {"no_copy": 1}
    upload(s3, READS)
    assert module.cleaner.run("clean", Time(47).clock)["result"]["files"] == 1
    assert not file.exists()


def test_a_dry_run_removes_nothing_and_says_what_would_go(
    cleaner: Callable[..., ModuleType], storage: Path, s3: Any, notices: Notices
) -> None:
    file = write(storage, "scratch/a.tmp")
    (storage / "scratch/empty").mkdir()
    reply = cleaner("scratch").cleaner.run("dry_run", Time().clock)
    assert (reply["result"]["files"], file.exists()) == (1, True)
    assert (storage / "scratch/empty").exists()
    assert not (storage / "scratch/.kosha-undo").exists()
    assert [line["action"] for line in report_lines(s3, reply)] == ["would go"]
    [notice] = notices("data")
    assert notice["summary"].startswith("The cleaning of scratch would remove 1 files")


def test_a_run_that_holds_a_lease_keeps_its_files(cleaner: Callable[..., ModuleType], storage: Path) -> None:
    mine, other = write(storage, "scratch/run-1/a"), write(storage, "scratch/run-2/a")
    time = Time()
    with lease(storage / "scratch", "run-1", "run-1") as file:
        os.utime(file, (time.now.timestamp(), time.now.timestamp()))
        reply = cleaner("scratch").cleaner.run("clean", time.clock)
    assert reply["result"]["stays"] == {"in_use": 1}
    assert (mine.exists(), other.exists()) == (True, False)


def test_a_lease_taken_while_a_file_moves_brings_it_back(
    cleaner: Callable[..., ModuleType], storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(storage, "scratch/run-1/a")
    module, time = cleaner("scratch"), Time()
    tree, held = module.cleaner.tree, []
    move = type(tree).set_aside

    def slow(self: Any, entry: Any, run: str) -> None:
        taken = lease(storage / "scratch", "run-1", "run-1")
        os.utime(taken.__enter__(), (time.now.timestamp(), time.now.timestamp()))
        held.append(taken)
        move(self, entry, run)
        assert not file.exists()

    monkeypatch.setattr(type(tree), "set_aside", slow)
    reply = module.cleaner.run("clean", time.clock)
    held[0].__exit__(None, None, None)
    assert reply["result"]["files"] == 0
    assert file.read_bytes() == b"reads"


def test_a_file_written_to_between_look_and_move_stays(
    cleaner: Callable[..., ModuleType], storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(storage, "scratch/a.tmp")
    module = cleaner("scratch")
    move = type(module.cleaner.tree).set_aside

    def late(self: Any, entry: Any, run: str) -> None:
        file.write_bytes(b"written anew")
        move(self, entry, run)

    monkeypatch.setattr(type(module.cleaner.tree), "set_aside", late)
    reply = module.cleaner.run("clean", Time().clock)
    assert reply["result"]["stays"] == {"changed_meanwhile": 1}
    assert file.read_bytes() == b"written anew"


def test_hard_links_and_links_to_elsewhere_are_harmless(
    cleaner: Callable[..., ModuleType], storage: Path, tmp_path: Path
) -> None:
    precious = write(tmp_path, "outside/precious")
    (storage / "scratch/out").symlink_to(precious.parent)
    (storage / "scratch/file").symlink_to(precious)
    os.link(write(storage, "scratch/one"), storage / "scratch/two")
    reply = cleaner("scratch", undo_days="0").cleaner.run("clean", Time().clock)
    assert precious.read_bytes() == b"reads"
    assert reply["result"]["stays"] == {"hard_linked": 2}
    assert not (storage / "scratch/out").is_symlink()


def test_work_goes_on_in_the_next_slice_without_doing_anything_twice(
    cleaner: Callable[..., ModuleType], storage: Path, s3: Any, notices: Notices
) -> None:
    for number in range(10):
        write(storage, f"scratch/{number}.tmp")
    module = cleaner("scratch")
    # Two looks at the time for each file; after the sixth file there is none left.
    reply = module.cleaner.run("clean", Time(seconds=(900.0,) * 6 + (5.0,)).clock)
    assert reply["outcome"] == "under_way"
    gone = 10 - len(list((storage / "scratch").glob("*.tmp")))
    assert 0 < gone < 10
    assert module.cleaner.run("clean", Time().clock)["outcome"] == "busy"
    reply = module.cleaner.run("continue", Time().clock)
    assert reply["result"]["files"] == 10
    assert len({line["path"] for line in report_lines(s3, reply)}) == 10
    assert len(report_lines(s3, reply)) == 10
    assert module.cleaner.run("continue", Time().clock) == {"outcome": "idle"}
    assert module.cleaner.run("clean", Time().clock)["outcome"] == "done_already"
    assert [notice["kind"] for notice in notices("data")] == ["storage.cleaning_started", "storage.cleaning_finished"]


def test_a_file_too_large_for_one_slice_is_read_in_several(
    cleaner: Callable[..., ModuleType], storage: Path, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scratch_cleaner.tree._PIECE", 2)
    file = write(storage, f"published/{READS}", b"ten bytes!")
    upload(s3, READS, b"ten bytes!")
    module, outcomes = cleaner("published"), []
    mode = "clean"
    for _ in range(10):
        reply = module.cleaner.run(mode, Time(seconds=(900.0, 900.0, 900.0, 5.0)).clock)
        outcomes.append(reply["outcome"])
        mode = "continue"
        if reply["outcome"] == "finished":
            break
    assert outcomes[-1] == "finished"
    assert outcomes.count("under_way") >= 2
    assert reply["result"]["files"] == 1
    assert reply["result"]["bytes_read"] == 10
    assert not file.exists()


def test_a_slice_that_dies_is_repeated_from_its_checkpoint(
    cleaner: Callable[..., ModuleType], storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        write(storage, f"scratch/{number}.tmp")
    module = cleaner("scratch")
    move = type(module.cleaner.tree).set_aside

    def dying(self: Any, entry: Any, run: str) -> None:
        if entry.path == "3.tmp":
            raise KeyboardInterrupt
        move(self, entry, run)

    with monkeypatch.context() as patched:
        patched.setattr(type(module.cleaner.tree), "set_aside", dying)
        with pytest.raises(KeyboardInterrupt):
            module.cleaner.run("clean", Time().clock)
    reply = module.cleaner.run("continue", Time().clock)
    assert reply["outcome"] == "finished"
    assert list((storage / "scratch").glob("*.tmp")) == []


def test_a_schedule_that_no_longer_cleans_is_counted(cleaner: Callable[..., ModuleType], storage: Path) -> None:
    module = cleaner("scratch")
    assert module.cleaner.run("continue", Time(40).clock) == {"outcome": "idle"}
    module.cleaner.run("clean", Time(40).clock)
    module.cleaner.run("continue", Time(47).clock)
    assert "CleaningsMissed" not in module.metrics.metric_set
    module.cleaner.run("continue", Time(49).clock)
    assert module.metrics.metric_set["CleaningsMissed"]["Value"] == [1.0]


def test_many_copies_without_a_class_do_not_stall_the_run(
    cleaner: Callable[..., ModuleType], storage: Path, s3: Any, notices: Notices
) -> None:
    """The lake's policy lets nobody read them (modules/data-lake/access.tf)."""
    keys = [f"raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_U{n:03}_R1.fastq.gz" for n in range(8)]
    for key in keys:
        write(storage, f"published/{key}")
        upload(s3, key, tags="run=1")
    module = cleaner("published")

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadObject")

    module.s3.meta.events.register("before-call.s3.HeadObject", refuse)
    reply = module.cleaner.run("clean", Time().clock)
    assert (reply["outcome"], reply["result"]["stays"]) == ("finished", {"copy_not_tagged": 8})


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown"])
def test_copies_that_s3_does_not_show_stop_the_run_and_no_file_goes(
    code: str, cleaner: Callable[..., ModuleType], storage: Path, notices: Notices, s3: Any
) -> None:
    keys = [f"raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_T{n:03}_R1.fastq.gz" for n in range(8)]
    for key in keys:
        write(storage, f"published/{key}")
        upload(s3, key)
    module = cleaner("published")

    def refuse(key: str) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "m"}}, "HeadObject")

    object.__setattr__(module.cleaner, "copies", type("Denied", (), {"find": staticmethod(refuse)})())
    for mode in ("clean", "continue"):
        reply = module.cleaner.run(mode, Time().clock)
        assert reply["outcome"] == "stalled"
        assert code in reply["problem"]
    assert all((storage / "published" / key).exists() for key in keys)
    kinds = [notice["kind"] for notice in notices("data")]
    assert kinds == ["storage.cleaning_started", "storage.cleaning_stalled"]
    again = cleaner("published").cleaner.run("continue", Time().clock)
    assert (again["outcome"], again["result"]["files"], again["result"]["stays"]) == ("finished", 8, {})
    assert [line["path"] for line in report_lines(s3, again) if line["action"] == "removed"] == keys


def test_a_directory_that_cannot_be_read_stalls_the_run(
    cleaner: Callable[..., ModuleType], storage: Path, notices: Notices
) -> None:
    module = cleaner("scratch")
    (storage / "scratch").rmdir()
    reply = module.cleaner.run("clean", Time().clock)
    assert reply == {"outcome": "stalled", "run": reply["run"], "problem": reply["problem"]}
    assert "No such file or directory" in reply["problem"]
    assert notices("data")[1]["severity"] == "critical"


def test_empty_directories_go_when_they_are_old(cleaner: Callable[..., ModuleType], storage: Path) -> None:
    write(storage, "scratch/run/deep/a.tmp")
    module = cleaner("scratch")
    reply = module.cleaner.run("clean", Time(40).clock)
    assert reply["result"]["directories"] == 2
    assert not (storage / "scratch/run").exists()
    (storage / "scratch/new").mkdir()
    assert module.cleaner.run("clean", Time(5).clock)["result"]["directories"] == 0


def test_folders_of_files_that_are_to_be_kept_stay(cleaner: Callable[..., ModuleType], storage: Path, s3: Any) -> None:
    file = write(storage, f"published/{READS}")
    upload(s3, READS)
    assert cleaner("published").cleaner.run("clean", Time().clock)["result"]["files"] == 1
    assert file.parent.is_dir()


def test_the_handler_counts_and_refuses_what_makes_no_sense(
    cleaner: Callable[..., ModuleType], storage: Path, context: Context, metrics: Metrics, s3: Any
) -> None:
    write(storage, "scratch/a.tmp")
    module = cleaner("scratch")
    reply = module.handler({"mode": "remove"}, context)
    assert reply["outcome"] == "refused"
    assert metrics()["EventsIgnored"] == 1
    assert module.handler({"mode": "clean", "schedule": "weekly"}, context)["outcome"] == "finished"
    assert metrics()["FilesRemoved"] == 0  # nothing is old today
    assert (storage / "scratch/a.tmp").exists()


def _as_of(path: Path, days: float) -> None:
    """Set a file's time of writing; its time of change becomes now."""
    moment = (datetime.now(UTC) + timedelta(days=days)).timestamp()
    os.utime(path, (moment, moment))


@pytest.fixture(autouse=True)
def _as_user() -> Iterator[None]:
    """Files made as the cleaner makes them."""
    old = os.umask(0o007)
    yield
    os.umask(old)
