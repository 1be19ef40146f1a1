"""The tree with many steps at once comes to what the plain one comes to, whatever lies there, wherever slices end."""

from __future__ import annotations

import json
import os
import random
import resource
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.clock import Clock
from pipelines.leases import lease
from scratch_cleaner import fast_tree
from scratch_cleaner.fast_tree import FastTree
from scratch_cleaner.tree import Tree
from tests.functional.functions.conftest import REPORTS, Load

NOW = datetime.now(UTC) + timedelta(days=40)
READS = "raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_T001_R1.fastq.gz"


class Slices:
    """Lambda's time, over after so many looks at it."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    @property
    def clock(self) -> Clock:
        left = [self.looks]

        def remaining() -> float:
            left[0] -= 1
            return 900.0 if left[0] >= 0 else 1.0

        return Clock(lambda: NOW, remaining, lambda seconds: None)


def plant(root: Path, seed: int) -> None:
    """Files old and young, links, hard links, folders empty and nested; the same for the same seed."""
    chance = random.Random(seed)
    folders = [root]
    for number in range(120):
        folder = chance.choice(folders)
        path = folder / f"{chance.choice('ab-~')}{number}"
        kind = chance.choice(["file"] * 5 + ["folder", "folder", "young", "link", "loop", "twin", "fifo"])
        if kind == "folder":
            path.mkdir()
            folders.append(path)
        elif kind == "link":
            path.symlink_to("/etc/passwd")
        elif kind == "loop":
            path.symlink_to("..")
        elif kind == "fifo":
            os.mkfifo(path)
        else:
            path.write_text("x" * number)
            if kind == "young":
                os.utime(path, (NOW.timestamp(), NOW.timestamp()))
            elif kind == "twin":
                os.link(path, folder / f"twin-{number}")
    kept = root / READS
    kept.parent.mkdir(parents=True)
    kept.write_text("reads")


def cleaned(
    load: Load, s3: Any, monkeypatch: pytest.MonkeyPatch, root: Path, kind: type[Tree], undo_days: str, looks: int
) -> dict[str, Any]:
    """What is there after a cleaning, and what it says of itself."""
    monkeypatch.setenv("DIRECTORY", "scratch")
    monkeypatch.setenv("MOUNT_PATH", str(root))
    monkeypatch.setenv("UNDO_DAYS", undo_days)
    for each in s3.list_objects_v2(Bucket=REPORTS).get("Contents", []):
        s3.delete_object(Bucket=REPORTS, Key=each["Key"])
    cleaner = replace(load("scratch_cleaner").cleaner, tree=kind(str(root), ".kosha-leases", ".kosha-undo"))
    reply = cleaner.run("clean", Slices(looks).clock)
    for _ in range(20):
        if reply["outcome"] == "under_way":
            reply = cleaner.run("continue", Slices(looks).clock)
    assert reply["outcome"] == "finished", reply
    lines = []
    for address in reply["result"].pop("reports"):
        body = s3.get_object(Bucket=REPORTS, Key=address.removeprefix(f"s3://{REPORTS}/"))["Body"].read()
        lines += [(line["action"], line["path"], line["bytes"]) for line in map(json.loads, body.splitlines())]
    left = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
    return {"left": left, "result": reply["result"], "lines": lines}


@pytest.fixture(params=["as deployed", "small"])
def limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With small numbers a small tree comes to every edge of a batch, of a chunk and of what is read ahead."""
    if request.param == "small":
        for name, number in {"BATCH": 7, "BATCH_FOLDERS": 3, "ASIDE_FOLDERS": 2, "FIRST": 2, "CHUNK": 3}.items():
            monkeypatch.setattr(fast_tree, name, number)
        monkeypatch.setattr(fast_tree, "AHEAD", 2)
        monkeypatch.setattr(fast_tree, "AHEAD_IN_ALL", 3)


@pytest.mark.usefixtures("limits")
@pytest.mark.parametrize(("undo_days", "looks"), [("7", 10_000), ("0", 10_000), ("0", 25)])
@pytest.mark.parametrize("seed", range(3))
def test_both_trees_come_to_the_same(
    seed: int, undo_days: str, looks: int, load: Load, s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = []
    for kind in (Tree, FastTree):
        root = tmp_path / kind.__name__
        root.mkdir()
        plant(root, seed)
        with lease(root, "a1", "run") as file:
            os.utime(file, (NOW.timestamp(), NOW.timestamp()))
            found.append(cleaned(load, s3, monkeypatch, root, kind, undo_days, looks))
    assert found[0] == found[1]
    assert found[0]["result"]["files"] > 30


@pytest.fixture
def few_files_may_be_open() -> Iterator[None]:
    """As many as Lambda allows."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("few_files_may_be_open")
def test_many_folders_do_not_take_more_open_files_than_lambda_allows(
    load: Load, s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for number in range(2500):
        folder = tmp_path / f"{number % 3}" / f"{number}"
        folder.mkdir(parents=True)
        (folder / "part.tmp").write_text("")
    before = len(list(Path("/proc/self/fd").iterdir()))
    found = cleaned(load, s3, monkeypatch, tmp_path, FastTree, "7", 1_000_000)
    assert found["result"]["files"] == 2500
    assert found["result"]["stays"] == {}
    assert len(list(Path("/proc/self/fd").iterdir())) - before < 20


def test_a_lease_taken_while_a_batch_moves_brings_back_what_it_covers(
    load: Load, s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("run-1/a", "run-1/b", "run-2/a"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    taken: list[Any] = []
    move = FastTree.set_aside

    def slow(self: FastTree, entry: Any, run: str) -> None:
        move(self, entry, run)
        if entry.path == "run-2/a":
            taken.append(lease(tmp_path, "run-1", "run-1"))
            os.utime(taken[0].__enter__(), (NOW.timestamp(), NOW.timestamp()))

    monkeypatch.setattr(FastTree, "set_aside", slow)
    try:
        found = cleaned(load, s3, monkeypatch, tmp_path, FastTree, "0", 10_000)
    finally:
        taken[0].__exit__(None, None, None)
    assert found["result"]["stays"] == {"changed_meanwhile": 2}
    assert [(tmp_path / name).read_text() for name in ("run-1/a", "run-1/b")] == ["run-1/a", "run-1/b"]
    assert not (tmp_path / "run-2/a").exists()


def test_files_whose_leases_cannot_be_read_any_more_go_back(
    load: Load, s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a").write_text("precious")
    looks, read = [], FastTree.leases

    def failing(self: FastTree, now: datetime) -> Any:
        looks.append(now)
        if len(looks) == 2:
            raise PermissionError(13, "Permission denied")
        return read(self, now)

    monkeypatch.setattr(FastTree, "leases", failing)
    found = cleaned(load, s3, monkeypatch, tmp_path, FastTree, "0", 10_000)
    assert found["result"]["stays"] == {"refused": 1}
    assert (tmp_path / "a").read_text() == "precious"


def test_a_file_that_waits_for_a_second_is_looked_at_again_before_it_moves(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a").write_text("x")
    monkeypatch.setattr(fast_tree, "SEEN_SECONDS", -1.0)
    tree = FastTree(str(tmp_path), ".kosha-leases", ".kosha-undo")
    for [entry] in tree.batches(""):
        (tmp_path / "a").chmod(0o600)
        [problem] = tree.each(lambda each: tree.set_aside(each, "run"), [entry])
    assert type(problem).__name__ == "FileChanged"
    assert not (tmp_path / ".kosha-undo").exists()
