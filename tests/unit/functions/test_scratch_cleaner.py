"""scratch_cleaner: which file may go, and how it goes without leaving its directory or losing anything."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
import yaml
from awscrt import checksums
from hypothesis import given
from hypothesis import strategies as st

from common.catalogue import Catalogue, load
from common.modes import BadRequest, read_mode
from pipelines.leases import lease
from scratch_cleaner.domain import (
    LEASE_LIMIT,
    MODES,
    SKEW,
    Copy,
    Decision,
    Facts,
    Go,
    GoIfCopied,
    Lease,
    Reason,
    Rules,
    Stay,
    decide,
    doubt_of_copy,
    is_leased,
    read_lease,
)
from scratch_cleaner.fast_tree import FastTree
from scratch_cleaner.progress import Progress, shown
from scratch_cleaner.tree import Entry, FileChanged, Reading, StayedAside, Tree
from tests.patience import wait_for

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CATALOG = Path(__file__).parents[3] / "catalog"
LAYOUT = yaml.safe_load((CATALOG / "shared-storage.yaml").read_text())
CLASSES = yaml.safe_load((CATALOG / "data-classes.yaml").read_text())
READS = "raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_T001_R1.fastq.gz"
TAGS = {"data_class": "raw_sequence", "sensitivity": "controlled", "project": "lambda-phage", "site": "hyd-01"}
CLINICAL = next(name for name, each in CLASSES["classes"].items() if each["shared_storage"]["retention_days"] is None)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


def rules(directory: str, *, needs_replica: bool = True) -> Rules:
    return Rules.from_documents(LAYOUT, CLASSES, directory, needs_replica=needs_replica)


def facts(days: float, **other: Any) -> Facts:
    then = NOW - timedelta(days=days)
    known: dict[str, Any] = {
        "is_file": True,
        "is_link": False,
        "size": 5,
        "inode": 7,
        "links": 1,
        "mtime": then,
        "ctime": then,
    }
    return Facts(**(known | other))


# Which file may go ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("directory", "path", "found", "decision"),
    [
        ("scratch", "run/a.tmp", facts(8), Go()),
        ("scratch", "run/a.tmp", facts(6), Stay(Reason.YOUNG)),
        ("intermediate", "run/a.bam", facts(8), Go()),
        ("intermediate", "run/a.bam", facts(6), Stay(Reason.YOUNG)),
        ("scratch", "link", facts(15, is_file=False, is_link=True), Go()),
        ("scratch", "link", facts(1, is_file=False, is_link=True), Stay(Reason.YOUNG)),
        ("scratch", "pipe", facts(15, is_file=False), Stay(Reason.NOT_A_FILE)),
        ("scratch", "a", facts(15, links=2), Stay(Reason.HARD_LINKED)),
        ("scratch", "a", facts(15, ctime=NOW - timedelta(days=1)), Stay(Reason.YOUNG)),
        ("scratch", "a", facts(15, mtime=NOW - timedelta(days=1)), Stay(Reason.YOUNG)),
        ("scratch", "a", facts(-2), Stay(Reason.FROM_THE_FUTURE)),
        ("scratch", READS, facts(8), GoIfCopied(TAGS)),
        ("scratch", READS, facts(6), Stay(Reason.YOUNG)),
        ("published", READS, facts(8), GoIfCopied(TAGS)),
        ("published", READS, facts(6), Stay(Reason.YOUNG)),
        ("published", "notes.txt", facts(800), Stay(Reason.NO_CLASS)),
        ("published", "raw-sequences/x", facts(800), Stay(Reason.NO_CLASS)),
        ("published", READS, facts(800, is_file=False, is_link=True), Stay(Reason.NOT_A_FILE)),
    ],
)
def test_kind_place_class_and_age_decide(
    directory: str, path: str, found: Facts, decision: Decision, catalogue: Catalogue
) -> None:
    assert decide(path, found, rules(directory), catalogue, NOW) == decision


def test_the_clocks_may_differ_by_an_hour(catalogue: Catalogue) -> None:
    edge = timedelta(days=7) + SKEW
    assert decide("a", facts(edge / timedelta(days=1)), rules("scratch"), catalogue, NOW) == Go()
    just_before = (edge - timedelta(seconds=1)) / timedelta(days=1)
    assert decide("a", facts(just_before), rules("scratch"), catalogue, NOW) == Stay(Reason.YOUNG)


def test_a_class_that_is_kept_for_good_never_goes(catalogue: Catalogue) -> None:
    entry = CLASSES["classes"][CLINICAL]
    path = f"{entry['prefix']}/p-1/{entry['code']}_p-1_hyd-01_S1.{entry['extensions'][0]}"
    for directory in ("published", "scratch"):
        assert decide(path, facts(4000), rules(directory), catalogue, NOW) == Stay(Reason.KEPT_FOR_GOOD)


@given(days=st.floats(0, 3), directory=st.sampled_from(["scratch", "intermediate", "published"]), path=st.text())
def test_nothing_young_goes(days: float, directory: str, path: str) -> None:
    assert isinstance(decide(path, facts(days), rules(directory), load(), NOW), Stay)


@pytest.mark.parametrize("directory", ["active", "reference", "nonsense"])
def test_a_directory_that_the_catalogue_does_not_name_is_not_cleaned(directory: str) -> None:
    with pytest.raises(ValueError, match=f"does not say that '{directory}' is cleaned"):
        rules(directory)


# The copy -------------------------------------------------------------------------------------------------------------

GOOD = Copy("v1", 5, "crc=", "COMPLETED", TAGS | {"studied-by": "us"})


@pytest.mark.parametrize(
    ("copy", "doubt"),
    [
        (GOOD, None),
        (Copy("v1", 5, "crc=", "REPLICA", TAGS), None),
        (None, Reason.NO_COPY),
        (Copy("v1", 6, "crc=", "COMPLETED", TAGS), Reason.COPY_DIFFERS),
        (Copy("v1", 5, "other", "COMPLETED", TAGS), Reason.COPY_DIFFERS),
        (Copy("v1", 5, "", "COMPLETED", TAGS), Reason.COPY_NOT_VERIFIED),
        (Copy("v1", 5, "crc=", "PENDING", TAGS), Reason.COPY_NOT_REPLICATED),
        (Copy("v1", 5, "crc=", "FAILED", TAGS), Reason.COPY_NOT_REPLICATED),
        (Copy("v1", 5, "crc=", "", TAGS), Reason.COPY_NOT_REPLICATED),
        (Copy("v1", 5, "crc=", "COMPLETED", {}), Reason.COPY_NOT_TAGGED),
        (Copy("v1", 5, "crc=", "COMPLETED", TAGS | {"sensitivity": "open"}), Reason.COPY_NOT_TAGGED),
    ],
)
def test_a_copy_stands_for_a_file_only_if_all_is_right(copy: Copy | None, doubt: Reason | None) -> None:
    assert doubt_of_copy(copy, facts(8), "crc=", TAGS, rules("published")) == doubt


def test_a_site_without_a_second_region_can_do_without_the_replica() -> None:
    copy = Copy("v1", 5, "crc=", "", TAGS)
    assert doubt_of_copy(copy, facts(8), "crc=", TAGS, rules("published", needs_replica=False)) is None


# Leases ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leased", "path", "covered"),
    [
        ("run-1", "run-1/a", True),
        ("run-1", "run-1", True),
        ("run-1", "run-10/a", False),
        ("run-1/x", "run-1/a", False),
        (".", "anything", True),
        ("", "anything", True),
    ],
)
def test_a_lease_covers_what_lies_below_it(leased: str, path: str, covered: bool) -> None:
    assert is_leased(path, [Lease(leased, NOW)], NOW) is covered


def test_a_lease_that_nobody_renews_ends() -> None:
    assert is_leased("a", [Lease("a", NOW)], NOW + LEASE_LIMIT)
    assert not is_leased("a", [Lease("a", NOW)], NOW + LEASE_LIMIT + SKEW)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"{}", b'{"path": 7}', b'{"path": "/etc"}', b'{"path": "../x"}', b"\xff\xfe"]
)
def test_a_lease_that_cannot_be_read_covers_everything(text: bytes) -> None:
    assert read_lease(text, NOW).covers("any/thing")


def test_a_run_that_holds_a_lease_is_known_to_the_cleaner(tmp_path: Path) -> None:
    tree = Tree(str(tmp_path), LAYOUT["leases"], LAYOUT["undo"])
    assert tree.leases(datetime.now(UTC)) == []
    with lease(tmp_path, "run-1", "run-1"):
        held = tree.leases(datetime.now(UTC))
        assert is_leased("run-1/a", held, datetime.now(UTC))
        assert not is_leased("run-2/a", held, datetime.now(UTC))
    assert tree.leases(datetime.now(UTC)) == []


def test_a_lease_is_renewed_and_comes_back_if_somebody_removes_it(tmp_path: Path) -> None:
    with lease(tmp_path, "run-1", "run-1", renew_seconds=0.02) as file:
        os.utime(file, (1, 1))
        wait_for("a new date", lambda: file.exists() and file.stat().st_mtime > 1, 0.01)
        file.unlink()
        wait_for("the lease", file.exists, 0.01)
    assert not file.exists()


@pytest.mark.parametrize(("path", "holder"), [("/abs", "a"), ("../x", "a"), ("x", ""), ("x", "a/b"), ("x", ".a")])
def test_a_lease_that_makes_no_sense_is_refused(path: str, holder: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must"), lease(tmp_path, path, holder):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_link_among_the_leases_covers_everything(tmp_path: Path) -> None:
    (tmp_path / ".kosha-leases").mkdir()
    (tmp_path / ".kosha-leases" / "x").symlink_to("/etc/passwd")
    tree = Tree(str(tmp_path), ".kosha-leases", ".kosha-undo")
    assert is_leased("any/thing", tree.leases(datetime.now(UTC)), datetime.now(UTC))


# The tree -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "scratch"
    for path in ("a/1", "a/b/2", "a-b", "c", "z/3"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)
    return root


@pytest.fixture(params=[Tree, FastTree])
def tree(root: Path, request: pytest.FixtureRequest) -> Tree:
    made: Tree = request.param(str(root), ".kosha-leases", ".kosha-undo")
    return made


def entries_of(tree: Tree, after: str = "") -> Iterator[Entry]:
    for entries in tree.batches(after):
        yield from entries


def walked(tree: Tree, after: str = "") -> list[str]:
    return [entry.path for entry in entries_of(tree, after)]


def at(tree: Tree, path: str) -> Iterator[Entry]:
    """Stands at an entry as the cleaner does: its directory is open meanwhile."""
    for entry in entries_of(tree):
        if entry.path == path:
            yield entry


def test_the_walk_has_one_order_and_goes_on_from_any_place(tree: Tree) -> None:
    everything = walked(tree)
    assert everything == ["a/1", "a/b/2", "a/b", "a", "a-b", "c", "z/3", "z"]
    for number, path in enumerate(everything):
        assert walked(tree, path) == everything[number + 1 :], path


def test_the_walk_goes_on_when_its_place_is_gone(tree: Tree, root: Path) -> None:
    (root / "a-b").unlink()
    assert walked(tree, "a-b") == ["c", "z/3", "z"]
    (root / "a/b/2").unlink()
    (root / "a/b").rmdir()
    assert walked(tree, "a/b/2") == ["a", "c", "z/3", "z"]


@given(names=st.sets(st.text("ab-.", min_size=1, max_size=3).filter(lambda n: n not in (".", "..")), max_size=6))
@pytest.mark.parametrize("kind", [Tree, FastTree])
def test_slices_of_any_size_see_every_entry_once(
    kind: type[Tree], names: set[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("walk")
    for number, name in enumerate(sorted(names)):
        if number % 2:
            (root / name).mkdir()
            (root / name / name).write_text("")
        else:
            (root / name).write_text("")
    tree = kind(str(root), ".kosha-leases", ".kosha-undo")
    everything, seen, after = walked(tree), [], ""
    while (entry := next(entries_of(tree, after), None)) is not None:
        seen.append(entry.path)
        after = entry.path
    assert seen == everything
    assert len(set(seen)) == len(seen)


def test_links_are_seen_and_not_followed(tree: Tree, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "precious").write_text("x")
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "loop").symlink_to(".")
    found = {entry.path: entry.facts for entry in entries_of(tree)}
    assert (found["out"].is_link, found["out"].is_file) == (True, False)
    assert not any("precious" in path or path.startswith("loop/") for path in found)


def test_a_directory_that_becomes_a_link_meanwhile_leads_nowhere(tree: Tree, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "3").write_text("precious")
    for entry in entries_of(tree):
        if entry.path == "c":
            (root / "z/3").unlink()
            (root / "z").rmdir()
            (root / "z").symlink_to(tmp_path / "outside")
    assert (tmp_path / "outside" / "3").read_text() == "precious"
    for entry in at(tree, "z"):
        assert entry.facts.is_link
        tree.set_aside(entry, "run")
    assert (tmp_path / "outside" / "3").exists()
    assert (root / ".kosha-undo/run/z").is_symlink()


def test_the_cleaners_own_directories_are_left_out(tree: Tree, root: Path) -> None:
    for own in (".kosha-leases", ".kosha-undo"):
        (root / own).mkdir()
        (root / own / "x").write_text("x")
    assert not any(path.startswith(".kosha") for path in walked(tree))


def test_a_file_is_set_aside_under_its_own_path_and_can_be_put_back(tree: Tree, root: Path) -> None:
    for entry in at(tree, "a/b/2"):
        tree.set_aside(entry, "2026-03-01")
        assert not (root / "a/b/2").exists()
        assert (root / ".kosha-undo/2026-03-01/a/b/2").read_text() == "a/b/2"
        tree.put_back(entry, "2026-03-01")
    assert (root / "a/b/2").read_text() == "a/b/2"
    assert not (root / ".kosha-undo/2026-03-01/a/b/2").exists()


def test_a_file_that_changed_since_it_was_looked_at_stays(tree: Tree, root: Path) -> None:
    for entry in at(tree, "c"):
        (root / "c").write_text("anew")
        with pytest.raises(FileChanged):
            tree.set_aside(entry, "run")
    assert (root / "c").read_text() == "anew"


def test_a_file_that_changes_while_it_is_moved_goes_back(
    tree: Tree, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.rename

    def rename(source: str, target: str, **folders: int) -> None:
        (root / "c").write_text("at the last moment")
        real(source, target, **folders)

    monkeypatch.setattr("scratch_cleaner.tree.os.rename", rename)
    for entry in at(tree, "c"):
        with pytest.raises(FileChanged):
            tree.set_aside(entry, "run")
    assert (root / "c").read_text() == "at the last moment"
    assert not (root / ".kosha-undo/run/c").exists()


def test_a_place_that_is_taken_is_not_overwritten(tree: Tree, root: Path) -> None:
    for entry in at(tree, "c"):
        tree.set_aside(entry, "run")
        (root / "c").write_text("somebody's new file")
        with pytest.raises(StayedAside):
            tree.put_back(entry, "run")
    assert (root / "c").read_text() == "somebody's new file"
    assert (root / ".kosha-undo/run/c").read_text() == "c"


def test_two_files_of_one_path_in_one_run_are_both_kept_aside(tree: Tree, root: Path) -> None:
    for text in ("first", "second"):
        (root / "c").write_text(text)
        for entry in at(tree, "c"):
            tree.set_aside(entry, "run")
    aside = {path.name: path.read_text() for path in (root / ".kosha-undo/run").iterdir()}
    assert sorted(aside.values()) == ["first", "second"]
    assert aside["c"] == "second"


def test_the_checksum_is_that_of_s3_and_reading_can_go_on_later(
    tree: Tree, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scratch_cleaner.tree._PIECE", 4)
    (root / "c").write_bytes(b"0123456789")
    for entry in at(tree, "c"):
        reading, complete = tree.read(entry, Reading(), repeat(True))
        assert (reading.offset, complete) == (4, False)
        reading, complete = tree.read(entry, reading, repeat(False))
        assert (reading, complete) == (Reading(10, checksums.crc64nvme(b"0123456789")), True)


def test_a_file_that_is_written_to_while_it_is_read_has_changed(
    tree: Tree, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scratch_cleaner.tree._PIECE", 1)

    def writes() -> Iterator[bool]:
        (root / "c").write_text("longer than before")
        yield from repeat(False)

    (root / "c").write_text("ab")
    for entry in at(tree, "c"):
        with pytest.raises(FileChanged):
            tree.read(entry, Reading(), writes())


def test_only_empty_directories_go(tree: Tree, root: Path) -> None:
    (root / "empty").mkdir()
    gone = [e.path for e in entries_of(tree) if e.is_directory and tree.remove_directory(e)]
    assert gone == ["empty"]
    assert (root / "a/b/2").exists()


def test_what_lies_aside_is_walked_and_its_directories_go_last(tree: Tree, root: Path) -> None:
    for path in ("a/1", "a/b/2"):
        for entry in at(tree, path):
            tree.set_aside(entry, "2026-03-01")
    assert tree.runs_aside() == ["2026-03-01"]
    for entry in (each for entries in tree.batches_aside("2026-03-01") for each in entries):
        if entry.is_directory:
            assert tree.remove_directory(entry), entry.path
        else:
            tree.delete(entry)
    assert tree.runs_aside() == []
    assert (root / "a-b").exists()


def test_names_that_are_no_text_are_files_like_others(tree: Tree, root: Path) -> None:
    name = os.fsdecode(b"bad-\xff\xfe name \n.bam")
    (root / name).write_text("x")
    assert name in walked(tree)
    for entry in at(tree, name):
        tree.set_aside(entry, "run")
    assert not (root / name).exists()


# The checkpoint and the event -----------------------------------------------------------------------------------------


@given(after=st.binary(max_size=40).filter(lambda b: b"\0" not in b), crc=st.integers(0, 2**64 - 1))
def test_a_checkpoint_survives_json(after: bytes, crc: int) -> None:
    progress = Progress(after=os.fsdecode(after))
    progress.counts["files"] += 3
    progress.stay(os.fsdecode(after), Reason.NO_COPY)
    progress.stop_reading("a", facts(3), Reading(17, crc))
    again = Progress.from_document(json.loads(json.dumps(progress.to_document())))
    assert again == progress
    assert again.start_of("a", facts(3)) == Reading(17, crc)
    assert again.start_of("a", facts(2)) == Reading()
    assert again.start_of("b", facts(3)) == Reading()


def test_a_path_is_shown_without_bytes_that_are_no_text() -> None:
    assert shown(os.fsdecode(b"a\xff/\xe0\xa4\x95")) == "a\\xff/क"


@pytest.mark.parametrize("event", [None, [], "clean", {}, {"mode": "delete"}, {"mode": None}])
def test_an_event_without_a_mode_is_refused(event: Any) -> None:
    with pytest.raises(BadRequest, match="send one of clean, continue, dry_run"):
        read_mode(event, MODES)
