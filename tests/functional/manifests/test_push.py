"""Images reach the registry of an environment once, and never under a tag that is another image."""

from __future__ import annotations

import base64
import json
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from scripts.cluster import push
from scripts.infrastructure.environments import load_environment
from scripts.talk import UserError, make_console

REGISTRY = "123456789012.dkr.ecr.ap-south-1.amazonaws.com/kosha-dev"


@pytest.fixture
def ecr(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("ecr", region_name="ap-south-1")
        for name in ("fast", "ingest"):
            client.create_repository(repositoryName=f"kosha-dev/{name}")
        monkeypatch.setattr(push, "client", lambda _environment, _service: client)
        monkeypatch.setattr(push, "read_handoff", lambda _environment, _root: {"registry": REGISTRY})
        yield client


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """Two images are built; skopeo writes down what it is asked, and with which login."""
    log = tmp_path / "log"
    skopeo = tmp_path / "bin" / "skopeo"
    skopeo.parent.mkdir()
    skopeo.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        "words = sys.argv[1:]\n"
        "archive = next(word for word in words if word.startswith('oci-archive:')).removeprefix('oci-archive:')\n"
        "if words[0] == 'inspect':\n    sys.exit(print(open(archive).read()))\n"
        "login = words[words.index('--authfile') + 1]\n"
        f"with open({str(log)!r}, 'a') as file:\n"
        "    json.dump({'words': words, 'login': open(login).read(), 'mode': os.stat(login).st_mode}, file)\n"
        "    file.write('\\n')\n"
    )
    skopeo.chmod(0o755)
    monkeypatch.setenv("PATH", str(skopeo.parent))
    monkeypatch.setattr(push, "PLACE", tmp_path)
    for name in ("fast", "ingest"):
        (tmp_path / f"{name}.oci.tar").write_text(f"sha256:{name}")
    return lambda: [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def dev() -> Any:
    return load_environment("dev")


def test_each_image_gets_its_tag_with_a_login_nobody_else_reads(
    ecr: Any, pushed: Callable[[], list[dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    push.push(dev(), "7", make_console())
    calls = pushed()
    assert [call["words"][-1] for call in calls] == [f"docker://{REGISTRY}/{name}:7" for name in ("fast", "ingest")]
    assert all("--preserve-digests" in call["words"] for call in calls)
    assert {stat.S_IMODE(call["mode"]) for call in calls} == {0o600}
    login = json.loads(calls[0]["login"])["auths"]["123456789012.dkr.ecr.ap-south-1.amazonaws.com"]["auth"]
    assert base64.b64decode(login).startswith(b"AWS:")
    assert not any(login in word for call in calls for word in call["words"])
    assert f"{REGISTRY}/fast:7 is sha256:fast" in capsys.readouterr().out


def test_what_is_there_is_left_and_another_image_refused(
    ecr: Any, pushed: Callable[[], list[dict[str, Any]]], tmp_path: Path
) -> None:
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = json.dumps(
        {"schemaVersion": 2, "mediaType": kind, "config": {"digest": "sha256:c", "size": 1}, "layers": []}
    )
    stored = ecr.put_image(repositoryName="kosha-dev/fast", imageManifest=manifest, imageTag="7")
    (tmp_path / "fast.oci.tar").write_text(stored["image"]["imageId"]["imageDigest"])
    push.push(dev(), "7", make_console())
    assert [call["words"][-1] for call in pushed()] == [f"docker://{REGISTRY}/ingest:7"]
    (tmp_path / "fast.oci.tar").write_text("sha256:other")
    with pytest.raises(UserError, match="TAG=7 is another image already of fast"):
        push.push(dev(), "7", make_console())
    assert len(pushed()) == 1


def test_what_is_missing_is_named(
    ecr: Any, pushed: Callable[[], list[dict[str, Any]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="keeps no images"):
        push.push(load_environment("local"), "7", make_console())
    (tmp_path / "ingest.oci.tar").unlink()
    with pytest.raises(UserError, match="not built: ingest; run make images"):
        push.push(dev(), "7", make_console())
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(UserError, match="skopeo is not on this machine"):
        push.push(dev(), "7", make_console())
    assert pushed() == []


def test_a_repository_that_is_not_there_is_no_missing_image(
    ecr: Any, pushed: Callable[[], list[dict[str, Any]]]
) -> None:
    ecr.delete_repository(repositoryName="kosha-dev/fast", force=True)
    with pytest.raises(UserError, match="kosha-dev/fast cannot be read"):
        push.push(dev(), "7", make_console())
    assert pushed() == []
