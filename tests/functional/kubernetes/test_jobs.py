"""Jobs of steps: their names, what they ask for, and what becomes of them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from pipelines.kubernetes import __main__ as commands
from pipelines.kubernetes.cluster import Look, cancel_run, check, status, submit
from pipelines.kubernetes.jobs import SIZE_LABEL, TEMPLATE, JobError, Step, manifest, read_template
from tests.functional.kubernetes.fake_cluster import VERSION, Cluster, cluster
from tests.patience import wait_for

IMAGE = "123456789012.dkr.ecr.ap-south-1.amazonaws.com/kosha/classic:1"


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    with cluster() as fake:
        monkeypatch.setenv("KUBECONFIG", str(fake.kubeconfig(tmp_path)))
        monkeypatch.setenv("KOSHA_PIPELINE_IMAGE", IMAGE)
        yield fake


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The directory of a run, on a storage with a space in its name."""
    directory = tmp_path / "shared storage" / "intermediate" / "run7"
    directory.mkdir(parents=True)
    (directory / "run.json").write_text('{"run_id": "run7"}')
    return directory


def script(run: Path, does: str = "true", **changes: Any) -> Path:
    properties = {
        "type": "single", "rule": "mark_duplicates", "wildcards": {"id": "p1_hyd-01_S1", "aligner": "bwa"},
        "params": {}, "log": ["samples/S1/logs/mark.log"], "threads": 2, "jobid": 7,
        "resources": {"mem_mb": 2000, "runtime": 720}, "output": None,
    }  # fmt: skip
    path = run / "snakejob.sh"
    path.write_text(
        f"#!/bin/sh\n# properties = {json.dumps(properties | changes)}\ncd {shlex.quote(str(run))}\n{does}\n"
    )
    return path


def until(run: Path, name: str, state: str) -> None:
    wait_for(f"{name} is {state}", lambda: status(name, run, Look(fresh=0)) == state, 0.02)


def test_a_name_is_derived_from_the_work_and_from_nothing_else(run: Path) -> None:
    step = Step.read(script(run), run)
    assert step.name.startswith("mark-duplicates-p1-hyd-01-s1-bwa-")
    later = script(run, does="exit 1", jobid=99, resources={"mem_mb": 4000, "runtime": 60})
    assert Step.read(later, run).name == step.name
    others = [
        Step.read(script(run, rule="validate"), run).name,
        Step.read(script(run, wildcards={"id": "p1_hyd-01_S1", "aligner": "bowtie2"}), run).name,
        Step.read(script(run), run.parent / "run8").name,
    ]
    assert len({step.name, *others}) == 4


def test_long_names_and_odd_signs_become_labels_of_dns_that_differ(run: Path) -> None:
    names = [
        Step.read(script(run, wildcards={"id": f"{'x' * 60}_{end}", "aligner": "b.w_a"}), run).name for end in "AaB"
    ]
    assert len(set(names)) == 3
    assert all(len(name) <= 63 and name.replace("-", "").isalnum() and name == name.lower() for name in names)


def test_a_job_follows_the_schema_and_asks_for_what_the_step_needs(run: Path) -> None:
    job = manifest(Step.read(script(run), run), read_template(), IMAGE)
    kubernetes_validate.validate(job, VERSION, strict=True)
    spec = job["spec"]
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"], spec["podReplacementPolicy"]) == (0, 43200, "Failed")
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == IMAGE
    assert container["resources"]["requests"] == {"cpu": "1300m", "memory": "3012Mi", "ephemeral-storage": "1Gi"}
    assert container["resources"]["limits"]["memory"] == "3012Mi"
    assert "cpu" not in container["resources"]["limits"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounts["shared-storage"] == str(run.parents[1])
    assert pod["automountServiceAccountToken"] is False
    assert "hostPath" not in json.dumps(pod)
    assert pod["nodeSelector"] == {"kosha.in/pool": "restartable", SIZE_LABEL: "2"}


def test_a_step_gets_a_node_of_its_size_where_the_template_selects_by_it(run: Path) -> None:
    def selected(template: dict[str, Any], **changes: Any) -> dict[str, str]:
        job = manifest(Step.read(script(run, **changes), run), template, IMAGE)
        found: dict[str, str] = job["spec"]["template"]["spec"]["nodeSelector"]
        return found

    template = read_template()
    assert selected(template, threads=1)[SIZE_LABEL] == "2"
    assert selected(template, threads=3)[SIZE_LABEL] == "4"
    assert selected(template, threads=1, resources={"mem_mb": 20_000})[SIZE_LABEL] == "4"
    with pytest.raises(JobError, match="16 threads and 3012 MiB; the largest node has 8 processors"):
        selected(template, threads=16)
    del template["spec"]["template"]["spec"]["nodeSelector"][SIZE_LABEL]
    assert selected(template, threads=16) == {"kosha.in/pool": "restartable"}


def test_a_wrong_field_in_the_template_is_refused_by_the_schema(run: Path) -> None:
    template = read_template()
    template["spec"]["template"]["spec"]["restartPolice"] = "Never"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest(Step.read(script(run), run), template, IMAGE), VERSION, strict=True)


@pytest.mark.parametrize("content", ["- 1", "a: [", "spec: {}", "kind: Job"])
def test_what_is_no_template_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    (tmp_path / "job.yaml").write_text(content)
    monkeypatch.setenv("KOSHA_JOB_TEMPLATE", str(tmp_path / "job.yaml"))
    with pytest.raises(JobError, match="template of Jobs"):
        read_template()


def test_groups_and_other_scripts_are_refused(run: Path) -> None:
    with pytest.raises(JobError, match="groups of jobs have no names"):
        Step.read(script(run, type="group"), run)
    (run / "other.sh").write_text("#!/bin/sh\n")
    with pytest.raises(JobError, match="no job script of Snakemake"):
        Step.read(run / "other.sh", run)


def test_a_step_runs_and_its_output_is_kept(fake: Cluster, run: Path) -> None:
    name = submit(script(run, does='echo "what is said"; echo made > made'), run)
    until(run, name, "success")
    assert (run / "jobs" / f"{name}.log").read_text() == "what is said\n"
    assert (run / "made").is_file()
    failing = submit(script(run, does='echo "why"; exit 3', rule="trim"), run)
    until(run, failing, "failed")
    assert (run / "jobs" / f"{failing}.log").read_text() == "why\n"


def test_a_job_at_work_is_attached_to_and_a_finished_one_made_anew(fake: Cluster, run: Path) -> None:
    name = submit(script(run, does="sleep 30"), run)
    assert submit(script(run, does="sleep 30", jobid=3), run) == name
    assert fake.created == [name]
    fake.jobs[name].pods[0].end("killed")
    until(run, name, "failed")
    assert submit(script(run), run) == name
    until(run, name, "success")
    assert submit(script(run), run) == name
    assert fake.created == [name] * 3


def test_other_work_under_the_same_name_ends_what_is_there_first(fake: Cluster, run: Path) -> None:
    name = submit(script(run, does="sleep 30"), run)
    (first,) = fake.jobs[name].pods
    (run / "run.json").write_text('{"run_id": "run7", "config": "another"}')
    assert submit(script(run), run) == name
    assert first.process.poll() is not None
    until(run, name, "success")


def test_a_job_that_is_being_deleted_is_waited_for(fake: Cluster, run: Path) -> None:
    name = submit(script(run, does="sleep 30"), run)
    job = fake.jobs[name]
    fake.delete(name, "Foreground")
    assert submit(script(run), run) == name
    assert fake.jobs[name] is not job
    assert job.pods[0].process.poll() is not None


def test_a_pod_that_is_taken_away_is_replaced(fake: Cluster, run: Path) -> None:
    name = submit(script(run, does="if [ -f began ]; then touch whole; else touch began; sleep 30; fi"), run)
    wait_for("the pod", (run / "began").exists, 0.01)
    fake.jobs[name].pods[0].end("evicted")
    until(run, name, "success")
    assert (run / "whole").exists()
    assert len(fake.jobs[name].pods) == 2
    assert fake.created == [name]


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("oom", "took more memory than it had (OOMKilled)"),
        ("killed", "BackoffLimitExceeded: Job has reached the specified backoff limit"),
    ],
)
def test_why_a_job_failed_is_in_the_log_of_the_step(fake: Cluster, run: Path, end: str, reason: str) -> None:
    name = submit(script(run, does="sleep 30"), run)
    fake.jobs[name].pods[0].end(end)
    until(run, name, "failed")
    assert reason in (run / "samples/S1/logs/mark.log").read_text().splitlines()[-1]


def test_a_job_that_somebody_deleted_has_failed(fake: Cluster, run: Path) -> None:
    name = submit(script(run, does="sleep 30"), run)
    fake.delete(name, "Background")
    assert status(name, run, Look(fresh=0)) == "failed"
    assert "somebody deleted it" in (run / "samples/S1/logs/mark.log").read_text()


def test_an_api_that_is_not_well_is_waited_for(fake: Cluster, run: Path) -> None:
    fake.misdeeds = [500, 0, 429, 503]
    name = submit(script(run, does="sleep 1"), run)
    fake.misdeeds = [503, 0, 500]
    assert [status(name, run, Look(fresh=0)) for _ in range(3)] == ["running"] * 3
    until(run, name, "success")


def test_an_api_that_never_answers_again_is_a_failure_in_the_end(fake: Cluster, run: Path) -> None:
    name = submit(script(run, does="sleep 30"), run)
    fake.misdeeds = [503] * 2
    assert status(name, run, Look(fresh=0)) == "running"
    assert status(name, run, Look(fresh=0, patience=0)) == "failed"
    assert "no answer for" in (run / "samples/S1/logs/mark.log").read_text()


def test_a_refusal_is_the_reason_in_the_log(
    fake: Cluster, run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(run)
    fake.misdeeds = [403]
    assert commands.main(["submit", str(script(run))]) == 1
    assert "could not be submitted: the server is not well" in capsys.readouterr().err
    assert "could not be submitted" in (run / "samples/S1/logs/mark.log").read_text()


def test_one_list_answers_for_all_jobs_of_a_run(fake: Cluster, run: Path) -> None:
    names = [submit(script(run, does="sleep 30", wildcards={"id": f"S{number}"}), run) for number in range(5)]
    fake.requests.clear()
    assert [status(name, run, Look(fresh=30)) for name in names] == ["running"] * 5
    assert len(fake.requests) == 1
    # A Job made anew is not judged by the old list.
    fake.jobs[names[0]].pods[0].end("killed")
    until(run, names[0], "failed")
    submit(script(run, does="sleep 30", wildcards={"id": "S0"}), run)
    assert status(names[0], run, Look(fresh=30)) == "running"


def test_cancelling_a_run_leaves_the_jobs_of_others(fake: Cluster, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = run.parent / "run8"
    other.mkdir()
    (other / "run.json").write_text("{}")
    names = [submit(script(run, does="sleep 30", wildcards={"id": f"S{number}"}), run) for number in range(2)]
    theirs = submit(script(other, does="sleep 30"), other)
    monkeypatch.chdir(run)
    assert commands.main(["cancel", names[0], "not-there"]) == 0
    assert cancel_run(run) == 1
    wait_for("the end of the Jobs", lambda: set(fake.jobs) == {theirs}, 0.01)


def test_what_is_missing_is_said_before_anything_runs(
    fake: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check()
    fake.misdeeds = [403]
    with pytest.raises(JobError, match="does not let us see Jobs of the namespace research"):
        check()
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(JobError, match="no cluster is configured"):
        check()
    monkeypatch.delenv("KOSHA_PIPELINE_IMAGE")
    with pytest.raises(JobError, match="set KOSHA_PIPELINE_IMAGE"):
        check()


def test_the_template_runs_as_the_user_whom_the_storage_belongs_to() -> None:
    pod = yaml.safe_load(TEMPLATE.read_text())["spec"]["template"]["spec"]
    posix = yaml.safe_load(Path("catalog/shared-storage.yaml").read_text())["posix"]
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == (posix["uid"], posix["gid"])
