"""What the engine makes of Snakemake's events, without Snakemake."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.sequencing.engine import Progress, RunInUse, end_leftovers, exclusive, settle
from pipelines.sequencing.status import State, Status, read_status, write_status
from tests.patience import PATIENCE, wait_for
from tests.unit.pipeline.samples import make_run

SAMPLE = "lambda-phage_hyd-01_S001"


def started(job: int, rule: str, sample: str | None = SAMPLE, log: str = "x.log") -> dict[str, object]:
    return {"event": "started", "job": job, "rule": rule, "wildcards": {"id": sample} if sample else {}, "log": [log]}


def test_counts_steps_and_forgets_a_failure_that_a_second_attempt_mended(tmp_path: Path) -> None:
    progress = Progress()
    progress.take({"event": "planned", "rules": {"all": 1, "trim": 1, "total": 2}}, tmp_path)
    assert progress.take(started(1, "trim"), tmp_path) == ("started", SAMPLE, "trim")
    progress.take({"event": "failed", "job": 1}, tmp_path)
    assert progress.failures[SAMPLE][0].rule == "trim"
    progress.take(started(1, "trim"), tmp_path)
    progress.take({"event": "finished", "job": 1}, tmp_path)
    assert (progress.total, progress.finished, progress.failures[SAMPLE]) == (1, 1, [])


def test_shows_a_failure_once_though_snakemake_repeats_it_at_the_end(tmp_path: Path) -> None:
    progress = Progress()
    progress.take(started(1, "trim"), tmp_path)
    assert progress.take({"event": "failed", "job": 1}, tmp_path)
    assert progress.take({"event": "failed", "job": 1}, tmp_path) is None


def test_a_failed_tool_is_reported_with_the_last_words_of_its_log(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.directory.mkdir(parents=True)
    (run.directory / "x.log").write_text("working\nOutOfMemoryError: Java heap space\n\n", encoding="utf-8")
    progress = Progress()
    progress.take(started(1, "mark_duplicates"), run.directory)
    progress.take({"event": "failed", "job": 1}, run.directory)
    (status,) = settle(run, progress)
    assert (status.state, status.step) == (State.FAILED, "mark_duplicates")
    assert status.reasons == ["OutOfMemoryError: Java heap space (log: x.log)"]
    assert read_status(run, SAMPLE) == status


def test_the_failure_of_a_shared_step_is_told_of_every_sample(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    progress = Progress()
    progress.take(started(1, "reference", sample=None), run.directory)
    progress.take({"event": "failed", "job": 1}, run.directory)
    (status,) = settle(run, progress)
    assert (status.state, status.step) == (State.FAILED, "reference")


def test_a_sample_stopped_by_its_data_keeps_its_reasons(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    write_status(run, Status(SAMPLE, State.STOPPED, "check", ["cut off"]))
    progress = Progress()
    progress.take(started(1, "check"), run.directory)
    progress.take({"event": "failed", "job": 1}, run.directory)
    assert settle(run, progress) == [Status(SAMPLE, State.STOPPED, "check", ["cut off"])]


def test_a_sample_whose_steps_did_not_run_is_not_called_published(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    write_status(run, Status(SAMPLE, State.PUBLISHED, "publish"))  # of an earlier start, and its result is gone
    assert settle(run, Progress())[0].state is State.FAILED


def test_a_run_has_one_owner_at_a_time(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with exclusive(run), pytest.raises(RunInUse, match=f"process {os.getpid()} on "), exclusive(run):
        pass
    with exclusive(run):
        pass


def test_ends_processes_of_this_run_and_no_others(tmp_path: Path) -> None:
    run, other = make_run(tmp_path, "mine"), make_run(tmp_path, "other")
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    children = [
        subprocess.Popen(sleep, env=os.environ | {"KOSHA_PIPELINE_RUN": str(each.directory)}) for each in (run, other)
    ]
    try:
        # A child is a zombie until we collect it; then it has no environment any more and is not found.
        wait_for("the end of what was left", lambda: end_leftovers(run))
        assert children[0].wait(timeout=PATIENCE) < 0
        assert children[1].poll() is None
    finally:
        for child in children:
            child.kill()
            child.wait()
