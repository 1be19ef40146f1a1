"""A real sample through Jobs: pods are taken away, the API refuses, the driver is killed; the results stay the same."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from scripts.paths import REPOSITORY
from tests.functional.kubernetes.fake_cluster import Cluster, Job, cluster
from tests.functional.kubernetes.samples import command, new_storage, profile_in, results, settings_of
from tests.patience import PATIENCE


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """Asks more often."""
    return profile_in(tmp_path, seconds_between_status_checks=1, latency_wait=5, set_threads=["align=2"])


def start(fake: Cluster, storage: Path, profile: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(storage, "--profile", str(profile)),
        cwd=REPOSITORY, env=os.environ | settings_of(fake, profile), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def test_a_disturbed_run_on_a_cluster_gives_what_one_machine_gives(tmp_path: Path, profile: Path) -> None:
    storage = new_storage(tmp_path / "storage")
    done = subprocess.run(command(storage, "--cores", "2"), cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    here = results(storage)
    storage.rename(tmp_path / "here")
    new_storage(storage)  # at the same place, which the header of a CRAM names

    ended: list[str] = []

    def disturb(job: Job) -> None:
        """Take the first pod of one step away, and let the first pod of another fail, as if for want of memory."""
        rule = job.labels["kosha.in/rule"]
        if rule == "check" and "check" not in ended:
            ended.append("check")
            job.pods[-1].end("evicted")
        if rule == "samtools_metrics" and "samtools_metrics" not in ended:
            ended.append("samtools_metrics")
            job.pods[-1].end("oom")

    with cluster() as fake:
        fake.on_start = disturb
        driver = start(fake, storage, profile)
        aligning = fake.wait_for("align", driver)
        driver.send_signal(signal.SIGKILL)
        driver.wait()
        fake.misdeeds = [503, 0]
        driver = start(fake, storage, profile)
        said, _ = driver.communicate(timeout=10 * PATIENCE)
        assert driver.returncode == 0, said + (storage / "intermediate/r/snakemake.log").read_text()
        assert sorted(ended) == ["check", "samtools_metrics"]
        assert len([name for name in fake.created if name.startswith("align-")]) == 1  # attached to, not made again
        assert len(aligning.pods) == 1
        assert len([name for name in fake.created if name.startswith("samtools-metrics-")]) == 2
        assert len([name for name in fake.created if name.startswith("check-lambda")]) == 1
    there = results(storage)
    assert there.keys() == here.keys() != set()
    assert [name for name, content in there.items() if content != here[name]] == []


def test_a_driver_that_is_moved_leaves_its_jobs_and_a_person_who_interrupts_ends_them(
    tmp_path: Path, profile: Path
) -> None:
    storage = new_storage(tmp_path)
    with cluster() as fake:
        fake.on_start = lambda job: os.killpg(job.pods[-1].process.pid, signal.SIGSTOP)  # it works for ever
        driver = start(fake, storage, profile)
        job = fake.wait_for("reference", driver)
        driver.send_signal(signal.SIGTERM)
        assert driver.wait(30) == 130
        assert fake.jobs[job.name] is job
        assert not job.deleted_at
        assert job.pods[0].process.poll() is None
        driver = start(fake, storage, profile)
        while "attached to the Job" not in (storage / "intermediate/r/snakemake.log").read_text():
            assert driver.poll() is None, driver.communicate()[0]
            time.sleep(0.05)
        assert fake.jobs[job.name] is job
        driver.send_signal(signal.SIGINT)
        assert driver.wait(30) == 130
        while fake.jobs:
            time.sleep(0.05)
        assert job.pods[0].process.poll() is not None
