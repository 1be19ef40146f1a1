"""Publishing: whole files, nothing written twice, nothing changed behind the check's back."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.sequencing.run import Run
from pipelines.sequencing.status import BadData
from pipelines.sequencing.steps import publish as module
from pipelines.sequencing.steps.publish import manifest_key, publish
from pipelines.sequencing.steps.reference import sha256_of
from tests.unit.pipeline.samples import CONFIG, finished_files, make_run

SAMPLE = "lambda-phage_hyd-01_S001"
VERSIONS = {"bwa": "0.7.17"}


def tree(run: Run) -> dict[str, tuple[str, int, int]]:
    """Path -> content, inode and date of every published file."""
    return {
        str(path.relative_to(run.published)): (
            path.read_text(encoding="utf-8"),
            path.stat().st_ino,
            path.stat().st_mtime_ns,
        )
        for path in run.published.rglob("*")
        if path.is_file()
    }


def test_publishes_everything_whole_with_a_manifest_that_lists_it(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    files = publish(run, SAMPLE, finished_files(run), VERSIONS)
    assert all(file.written for file in files)
    assert {file.key for file in files} == set(tree(run))
    for file in files:
        assert sha256_of(run.published / file.key) == file.sha256
        assert (run.published / file.key).stat().st_size == file.bytes
    manifest = json.loads((run.published / manifest_key(run, SAMPLE)).read_text(encoding="utf-8"))
    assert {file["key"] for file in manifest["files"]} == set(tree(run)) - {manifest_key(run, SAMPLE)}
    assert manifest["tools"] == VERSIONS
    assert manifest["reference"]["sha256"] == "ab" * 32
    assert manifest["parameters"]["trimming"] == ["MINLEN:36"]
    assert manifest["input"][0]["sha256"] == sha256_of(run.active / "in/R1.fastq.gz")


def test_touches_nothing_when_another_run_made_the_same_with_other_dates(tmp_path: Path) -> None:
    first = make_run(tmp_path, "first")
    publish(first, SAMPLE, finished_files(first), VERSIONS)
    before = tree(first)
    second = make_run(tmp_path, "second")
    files = publish(second, SAMPLE, finished_files(second, stamp=" on another day"), VERSIONS)
    assert not any(file.written for file in files)
    assert tree(second) == before


def test_writes_only_what_differs_when_the_recipe_changed(tmp_path: Path) -> None:
    first = make_run(tmp_path, "first")
    publish(first, SAMPLE, finished_files(first), VERSIONS)
    second = replace(make_run(tmp_path, "second"), config=CONFIG | {"trimming": ["MINLEN:50"]})
    files = publish(second, SAMPLE, finished_files(second, stamp=" trimmed otherwise"), VERSIONS)
    written = {file.key for file in files if file.written}
    assert manifest_key(second, SAMPLE) in written
    assert not any("/rs_" in key or key.endswith(".bam") for key in written)
    assert any("fastqc-trimmed-R1" in key for key in written)


def test_mends_a_published_file_that_was_damaged(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    checked = finished_files(run)
    publish(run, SAMPLE, checked, VERSIONS)
    bam = run.published / "aligned-reads/lambda-phage/ar_lambda-phage_hyd-01_S001_bwa.bam"
    bam.unlink()
    bam.write_text("cut off", encoding="utf-8")
    written = [file.key for file in publish(run, SAMPLE, checked, VERSIONS) if file.written]
    assert written == ["aligned-reads/lambda-phage/ar_lambda-phage_hyd-01_S001_bwa.bam", manifest_key(run, SAMPLE)]
    assert bam.read_text(encoding="utf-8").startswith("content of aligned-reads/")


def test_stops_when_the_fastq_changed_after_its_check(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    checked = finished_files(run)
    (run.active / "in/R2.fastq.gz").write_text("still growing", encoding="utf-8")
    with pytest.raises(BadData, match=r"R2.fastq.gz: it changed after it was checked"):
        publish(run, SAMPLE, checked, VERSIONS)
    assert not list(run.published.rglob("*R2*"))


def test_a_later_change_in_active_does_not_reach_the_published_fastq(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    publish(run, SAMPLE, finished_files(run), VERSIONS)
    source, published = (
        run.active / "in/R1.fastq.gz",
        run.published / "raw-sequences/lambda-phage" / f"rs_{SAMPLE}_R1.fastq.gz",
    )
    before = published.read_bytes()
    with source.open("r+b") as file:
        file.write(b"overwritten in place")
    assert published.read_bytes() == before


def test_replaces_what_a_killed_publish_left_half_written(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    checked = finished_files(run)
    folder = run.published / "aligned-reads/lambda-phage"
    folder.mkdir(parents=True)
    (folder / f".ar_{SAMPLE}_bwa.bam.first.part").write_text("half", encoding="utf-8")
    publish(run, SAMPLE, checked, VERSIONS)
    assert not list(run.published.rglob("*.part"))


def test_a_file_is_never_visible_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path)
    checked = finished_files(run)

    def stop(part: Path, _target: Path) -> None:
        assert part.suffix == ".part"
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_finish", stop)
    with pytest.raises(KeyboardInterrupt):
        publish(run, SAMPLE, checked, VERSIONS)
    assert {path.suffix for path in run.published.rglob("*") if path.is_file()} == {".part"}


def test_copies_where_hard_links_are_not_possible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_paths: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    run = make_run(tmp_path)
    files = publish(run, SAMPLE, finished_files(run), VERSIONS)
    assert all(sha256_of(run.published / file.key) == file.sha256 for file in files)


def test_an_unreadable_manifest_means_that_all_is_compared(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    checked = finished_files(run)
    publish(run, SAMPLE, checked, VERSIONS)
    (run.published / manifest_key(run, SAMPLE)).write_text("{half", encoding="utf-8")
    written = [file.key for file in publish(run, SAMPLE, checked, VERSIONS) if file.written]
    assert written == [manifest_key(run, SAMPLE)]
