"""A run that is cut off: the next start ends what was left, goes on where it stopped, and gets the same result."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.paths import REPOSITORY
from tests.functional.pipeline.conftest import (
    Outcome,
    add_sample,
    command,
    new_storage,
    pairs,
    run_pipeline,
    write_sheet,
)
from tests.patience import PATIENCE, wait_for

# A shell ignores Ctrl-C for what it starts in the background, and so would the runs started here.
signal.signal(signal.SIGINT, signal.default_int_handler)


def processes_of(directory: Path) -> list[int]:
    """Living processes that carry the mark of a run in their environment."""
    mark = f"KOSHA_PIPELINE_RUN={directory}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


@dataclass(frozen=True)
class Scene:
    """A run of one sample of the shared run under another id; its BWA hangs while the file ``hang`` is there."""

    outcome: Outcome
    run_id: str
    sheet: Path
    hang: Path
    hangs: Path
    environment: dict[str, str]

    @property
    def directory(self) -> Path:
        return self.outcome.storage / "intermediate" / self.run_id

    @property
    def sample(self) -> Path:
        return self.directory / "samples" / "lambda-phage_hyd-01_members"

    def start_and_hang(self) -> subprocess.Popen[bytes]:
        self.hang.touch()
        self.hangs.unlink(missing_ok=True)
        process = subprocess.Popen(
            command(self.outcome.storage, self.sheet, self.run_id),
            cwd=REPOSITORY,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for("the alignment", self.hangs.exists)
        self.hang.unlink()
        return process

    def start(self) -> Outcome:
        return run_pipeline(self.outcome.storage, self.sheet, self.run_id)


@pytest.fixture
def scene(tmp_path: Path, outcome: Outcome) -> Scene:
    inputs = outcome.storage / "active" / "lambda-phage"
    shutil.copy(inputs / "config.yaml", tmp_path)
    rows = (inputs / "samples.tsv").read_text("utf-8").splitlines(keepends=True)
    sheet = tmp_path / "samples.tsv"
    sheet.write_text("".join([rows[0], *(row for row in rows if row.startswith("members\t"))]), encoding="utf-8")
    tools = tmp_path / "tools"
    tools.mkdir()
    shim = tools / "bwa"
    shim.write_text(
        f'#!/bin/sh\nif [ "$1" = mem ] && [ -e "{tmp_path}/hang" ]; then\n'
        f'  touch "{tmp_path}/hangs"\n  sleep 300\nfi\nexec {shutil.which("bwa")} "$@"\n',
        encoding="utf-8",
    )
    shim.chmod(0o755)
    environment = os.environ | {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    return Scene(outcome, tmp_path.name, sheet, tmp_path / "hang", tmp_path / "hangs", environment)


def dates(outcome: Outcome) -> dict[Path, int]:
    """When each published file was written, except the page that every run has of its own."""
    files = [path for path in outcome.published.rglob("*") if path.is_file() and not path.name.endswith("_run.html")]
    return {path: path.stat().st_mtime_ns for path in files}


def test_goes_on_after_kill_9_in_mid_alignment_and_gets_the_same_result(scene: Scene) -> None:
    before = dates(scene.outcome)
    wrapper = scene.start_and_hang()
    # The worst case: the program and Snakemake die at once, and the aligner and the sort live on as orphans.
    snakemake = [
        pid for pid in processes_of(scene.directory) if b"snakemake" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    for pid in (wrapper.pid, *snakemake):
        os.kill(pid, signal.SIGKILL)
    wrapper.wait()
    orphans = set(processes_of(scene.directory)) - set(snakemake)
    assert orphans
    assert (scene.sample / "bwa" / ".align.tmp").is_dir()

    again = scene.start()
    assert again.exit_code == 0, again.said
    assert "processes that an earlier start of this run had left" in again.said
    assert not orphans & set(processes_of(scene.directory))
    done = again.finished_rules()
    assert "align" in done
    assert not {"check", "trim", "check_trimmed", "reference"} & set(done)
    assert again.state("members")["state"] == "published"
    bam = "aligned-reads/lambda-phage/ar_lambda-phage_hyd-01_members_bwa.bam"
    assert (scene.sample / "bwa" / "aligned.bam").read_bytes() == (again.published / bam).read_bytes()
    assert dates(scene.outcome) == before  # the other run published the same, so the transfer has nothing to do


def test_refuses_a_second_start_and_ends_every_process_at_ctrl_c(scene: Scene) -> None:
    wrapper = scene.start_and_hang()
    second = scene.start()
    assert second.exit_code == 1
    assert f"is being worked on by process {wrapper.pid}" in second.said
    assert wrapper.poll() is None
    assert len(processes_of(scene.directory)) > 2
    wrapper.send_signal(signal.SIGINT)
    assert wrapper.wait(timeout=PATIENCE) == 130
    assert processes_of(scene.directory) == []


def test_a_sample_is_published_after_its_data_were_mended_and_then_nothing_is_left_to_do(tmp_path: Path) -> None:
    storage = new_storage(tmp_path)
    first, second = pairs(400)
    sheet = write_sheet(storage, add_sample(storage, "mended", (first, second[:-200])))
    stopped = run_pipeline(storage, sheet, "mend")
    assert stopped.exit_code == 65, stopped.said
    (storage / "active/lambda-phage/mended_R2.fastq.gz").write_bytes(second)
    mended = run_pipeline(storage, sheet, "mend")
    assert mended.exit_code == 0, mended.said
    assert mended.state("mended")["reasons"] == []
    nothing_left = run_pipeline(storage, sheet, "mend")
    assert (nothing_left.exit_code, nothing_left.finished_rules()) == (0, [])
