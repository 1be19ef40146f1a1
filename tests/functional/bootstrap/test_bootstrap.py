"""An empty account gets the bucket of its states once; the state of what made it ends up in it.

The environment is one of AWS, as dev is, whose calls go to the local cloud.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from scripts.infrastructure import bootstrap as bootstrapping
from scripts.infrastructure import commands, environments, workspace
from scripts.infrastructure.bootstrap import bootstrap
from scripts.infrastructure.environments import BOOTSTRAP, Environment, load_environment
from scripts.infrastructure.terraform import CHANGE_KINDS, LOCAL_PARALLELISM, TerraformFailure, TerraformRoot
from scripts.infrastructure.workspace import local_providers
from scripts.localcloud import CREDENTIALS, LocalCloud, own_local_cloud
from scripts.paths import CATALOG, MODULES, TERRAFORM
from scripts.talk import UserError

BUCKET = "kosha-empty-state-ap-south-1"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with own_local_cloud(tmp_path_factory.mktemp("localcloud")) as cloud:
        yield cloud


@pytest.fixture
def account(cloud: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    values = tmp_path / "environments"
    values.mkdir()
    (values / "empty.tfvars").write_text(
        'organisation = "kosha"\nenvironment = "empty"\nregion = "ap-south-1"\nrecovery_region = "ap-south-2"\n'
        "deletion_protection = false\n"
    )
    (values / "empty.s3.tfbackend").write_text(
        f'bucket = "{BUCKET}"\nregion = "ap-south-1"\nuse_path_style = true\nskip_credentials_validation = true\n'
    )
    monkeypatch.setattr(environments, "VALUES", values)
    monkeypatch.setattr(bootstrapping, "BUILD", tmp_path / "build")
    for name, value in (CREDENTIALS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{cloud.port}"}).items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.setenv("TF_CLI_ARGS_apply", f"-parallelism={LOCAL_PARALLELISM}")
    return load_environment("empty")


def stored(key: str = f"{BOOTSTRAP}/terraform.tfstate") -> dict[str, Any]:
    body = boto3.client("s3", region_name="ap-south-1").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    document: dict[str, Any] = json.loads(body)
    return document


def test_the_bucket_of_the_states_keeps_the_state_of_itself(
    account: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    providers = local_providers(BOOTSTRAP)
    # Ctrl-C, the power, the network: whatever happens between the making and the moving, the next one goes on.
    with monkeypatch.context() as broken:
        broken.setattr(TerraformRoot, "migrate_state", _break)
        with pytest.raises(TerraformFailure, match="gone"):
            bootstrap(account, providers)
    assert bootstrap(account, providers) == 0
    buckets = [each["name"] for each in stored()["resources"] if each["type"] == "aws_s3_bucket"]
    assert len(buckets) == 4
    assert not list((tmp_path / "build" / "terraform" / "empty" / "bootstrap").glob("terraform.tfstate*"))
    s3 = boto3.client("s3", region_name="ap-south-1")
    rule = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"

    capsys.readouterr()
    assert bootstrap(account, providers) == 0
    assert f"{BUCKET} is there" in capsys.readouterr().out
    # From now on it is a root as any other, with its state in the bucket.
    monkeypatch.setattr(workspace, "TERRAFORM", tmp_path / "terraform")
    with_providers(tmp_path)
    summary = commands.open_root(account, BOOTSTRAP).plan()
    assert summary.changes == {kind: [] for kind in CHANGE_KINDS}


def with_providers(tmp_path: Path) -> None:
    """A copy of the roots whose bootstrap talks to the local cloud."""
    (tmp_path / "modules").symlink_to(MODULES)
    (tmp_path / "catalog").symlink_to(CATALOG)
    shutil.copytree(TERRAFORM / BOOTSTRAP, tmp_path / "terraform" / BOOTSTRAP)
    (tmp_path / "terraform" / BOOTSTRAP / "local_override.tf").write_text(local_providers(BOOTSTRAP))


def _break(_: TerraformRoot) -> None:
    raise TerraformFailure("the network is gone")


def test_another_bucket_than_bootstrap_would_make_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "VALUES", tmp_path)
    (tmp_path / "new.tfvars").write_text('organisation = "kosha"\nenvironment = "new"\nregion = "ap-south-1"\n')
    (tmp_path / "new.s3.tfbackend").write_text('bucket = "mine"\nregion = "ap-south-1"\n')
    with pytest.raises(UserError, match='the bucket is "mine", and bootstrap makes "kosha-new-state-ap-south-1"'):
        bootstrap(load_environment("new"))
