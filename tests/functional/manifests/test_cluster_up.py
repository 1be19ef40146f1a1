"""The order in which a cluster comes up, with programs that only write down what they are asked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from scripts.cluster import __main__ as command_line
from scripts.cluster import up
from scripts.cluster.manifests import Images
from scripts.cluster.samples import IMAGES, SAMPLES, handoff, sample_values
from scripts.infrastructure.environments import load_environment
from scripts.talk import UserError, make_console


def job(condition: str) -> str:
    conditions = [
        {"type": "Suspended", "status": "False"},
        {"type": condition, "status": "True", "message": "it is over"},
    ]
    return json.dumps({"status": {"conditions": conditions}})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], list[list[str]]]:
    """What the programs were asked, in order; one fails when the file ``fails`` names one of its words. Jobs are as the
    file ``job`` says, at first under way and then complete."""
    log = tmp_path / "asked"
    for name in up.PROGRAMS:
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(
            f"#!{sys.executable}\nimport json, sys\nfrom pathlib import Path\nCOMPLETE = {job('Complete')!r}\n"
            f"given = sys.stdin.read() if '-' in sys.argv else ''\n"
            f"with open({str(log)!r}, 'a') as log: log.write(json.dumps([{name!r}, *sys.argv[1:], given]) + '\\n')\n"
            f"bad = Path({str(tmp_path / 'fails')!r})\n"
            "if bad.exists() and bad.read_text() in sys.argv: sys.exit('Error: it is not to be')\n"
            f"job = Path({str(tmp_path / 'job')!r})\n"
            "if '--output=json' in sys.argv:\n"
            "    print(job.read_text() if job.exists() else '{}')\n"
            "    job.write_text(COMPLETE)\n"
        )
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(up, "known_of", lambda _: sample_values())
    monkeypatch.setattr(up, "BUILD", tmp_path)
    monkeypatch.setattr(up, "LOOK_AGAIN_SECONDS", 0.0)
    really = subprocess.run

    def run(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[Any]:
        if "scripts.infrastructure" in command:
            with log.open("a") as file:
                file.write(json.dumps(["terraform", *command[3:], ""]) + "\n")
            return subprocess.CompletedProcess(command, 0)
        return really(command, **options)

    monkeypatch.setattr(subprocess, "run", run)
    return lambda: [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


@pytest.fixture
def reached(asked: Callable[[], list[list[str]]]) -> Callable[[], list[list[str]]]:
    """The same, of a cluster that this machine has been given access to."""
    up.kubeconfig_of(load_environment("dev")).parent.mkdir(parents=True)
    up.kubeconfig_of(load_environment("dev")).touch()
    return asked


def test_the_order(asked: Callable[[], list[list[str]]]) -> None:
    up.up(load_environment("dev"), IMAGES, make_console())
    words = [[word for word in call[:-1] if not word.startswith("/") and word != "--kubeconfig"] for call in asked()]
    # The first Job is asked for twice: once it is under way.
    twice = next(call for call in words if call[1:3] == ["get", "job/directories"])
    assert words.count(twice) == 2
    words.remove(twice)
    assert [call[:4] for call in words] == [
        ["terraform", "apply", "--env", "dev"],
        ["aws", "eks", "update-kubeconfig", "--name"],
        ["kubectl", "get", "namespaces", "--request-timeout=20s"],
        ["helm", "upgrade", "--install", "karpenter-crd"],
        ["helm", "upgrade", "--install", "karpenter"],
        ["kubectl", "apply", "--server-side", "--kustomize"],
        ["kubectl", "delete", "job", "directories"],
        ["kubectl", "apply", "--filename", "-"],
        ["kubectl", "get", "job/directories", "--namespace"],
        ["kubectl", "delete", "job", "smoke-write"],
        ["kubectl", "apply", "--filename", "-"],
        ["kubectl", "get", "job/smoke-write", "--namespace"],
        ["kubectl", "delete", "job", "smoke-read"],
        ["kubectl", "apply", "--filename", "-"],
        ["kubectl", "get", "job/smoke-read", "--namespace"],
    ]
    write, read = (
        json.loads(call[-1])["spec"]["template"]["spec"]["nodeSelector"]["topology.kubernetes.io/zone"]
        for call in asked()
        if call[-1] and "smoke" in call[-1]
    )
    assert (write, read) == ("ap-south-1a", "ap-south-1b")


@pytest.mark.parametrize(
    ("word", "said", "not_done"),
    [
        ("karpenter", "helm upgrade --install karpenter .* it is not to be", "--kustomize"),
    ],
)
def test_what_fails_ends_it_there(
    asked: Callable[[], list[list[str]]], tmp_path: Path, word: str, said: str, not_done: str
) -> None:
    (tmp_path / "fails").write_text(word)
    with pytest.raises(UserError, match=said):
        up.up(load_environment("dev"), IMAGES, make_console())
    assert not [call for call in asked() if not_done in call]


def test_a_job_that_fails_is_not_waited_for(asked: Callable[[], list[list[str]]], tmp_path: Path) -> None:
    (tmp_path / "job").write_text(job("Failed"))
    with pytest.raises(UserError, match=r"has failed \(it is over\)\. Look: kubectl .* describe job/directories"):
        up.up(load_environment("dev"), IMAGES, make_console())
    assert not [call for call in asked() if "smoke-write" in call]


def test_a_job_that_does_not_end_is_given_up(asked: Callable[[], list[list[str]]]) -> None:
    with pytest.raises(UserError, match="has not ended within -1 s"):
        up.finish(load_environment("dev"), [{"metadata": {"name": "n", "namespace": "s"}}], seconds=-1)
    assert asked()


def test_what_is_missing_on_the_machine_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"aws \(https.*helm \(https.*kubectl \(https"):
        up.up(load_environment("dev"), IMAGES, make_console())


def test_the_local_cloud_has_no_kubernetes() -> None:
    with pytest.raises(UserError, match="no Kubernetes: ENV=dev or ENV=prod"):
        up.up(load_environment("local"), IMAGES, make_console())


def call(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["cluster", *words])
    return command_line.main()


def test_a_run_is_started_under_its_name(
    reached: Callable[[], list[list[str]]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["launch", "--env", "dev", "--registry", "host/", "--tag", "7", "--samples", SAMPLES]
    assert call(monkeypatch, *words) == 0
    (created,) = reached()
    job = json.loads(created[-1])
    assert created[3:6] == ["create", "--filename", "-"]  # which refuses a run that is there
    assert job["metadata"]["name"] == "run-lambda-phage"
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == Images("host", "7").of("kosha-sequencing")
    assert "logs --follow job/run-lambda-phage" in capsys.readouterr().out


INGESTION = ("ingest", "--env", "dev", "--registry", "host", "--tag", "7", "--project", "p", "--site", "s")


def test_an_ingestion_is_started_under_what_it_brings(
    reached: Callable[[], list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for names in (["SRR1", "SRR2"], ["SRR2", "SRR1"], ["SRR3"]):
        assert call(monkeypatch, *INGESTION, *names) == 0
    first, again, other = (json.loads(each[-1]) for each in reached())
    assert first["metadata"]["name"] == again["metadata"]["name"] != other["metadata"]["name"]
    (container,) = first["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "host/ingest:7"
    assert container["args"] == ["ena", "--storage", "/shared-storage", "--project", "p", "--site", "s", "SRR1", "SRR2"]
    with pytest.raises(UserError, match="NAMES= missing"):
        call(monkeypatch, *INGESTION)


def test_a_collection_with_terms_wants_them_accepted(
    reached: Callable[[], list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [*INGESTION, "--source", "igsr", "HGDP00001"]
    with pytest.raises(UserError, match=r"read the terms at https://.*ACCEPT_TERMS=1"):
        call(monkeypatch, *words)
    assert call(monkeypatch, *words, "--accept-terms") == 0
    (created,) = reached()
    (container,) = json.loads(created[-1])["spec"]["template"]["spec"]["containers"]
    assert (container["args"][0], "--accept-terms" in container["args"]) == ("igsr", True)


def test_a_run_needs_images_and_access(asked: Callable[[], list[list[str]]], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="TAG= missing"):
        call(monkeypatch, "launch", "--env", "dev", "--tag", "", "--samples", SAMPLES)
    monkeypatch.setattr(command_line, "read_handoff", lambda _environment, root: handoff(root))
    with pytest.raises(UserError, match="make cluster-up ENV=dev"):
        call(monkeypatch, "launch", "--env", "dev", "--tag", "7", "--samples", SAMPLES)
    with pytest.raises(UserError, match="make cluster-up ENV=dev"):
        call(monkeypatch, "launch", "--env", "dev", "--registry", "host", "--tag", "7", "--samples", SAMPLES)
    assert asked() == []
