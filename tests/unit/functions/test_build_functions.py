"""The archives: the same bytes from the same sources, whole, and able to run beside boto3 alone."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import boto3
import pytest

from scripts import build_functions
from scripts.talk import UserError
from tests.patience import PATIENCE
from tests.transfers import TRANSFER, setting

# boto3 and what it brings along: all the Lambda runtime offers besides the standard library.
RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3")


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("functions")
    assert build_functions.build_changed(folder) == 0
    return folder


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds boto3 and nothing else."""
    folder, installed = tmp_path_factory.mktemp("runtime"), Path(boto3.__file__).parents[1]
    for name in RUNTIME:
        (folder / name).symlink_to(installed / name)
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.zip")}


def test_builds_an_archive_for_every_function(archives: Path) -> None:
    sources = Path(build_functions.__file__).parents[1] / "lambda_src"
    functions = {f"{handler.parent.name}.zip" for handler in sources.glob("*/handler.py")}
    assert {"object_tagger.zip", "transfer_notifier.zip", "transfer_starter.zip"} <= functions
    assert set(digests(archives)) == functions | {"dependencies.zip"}


def test_builds_nothing_when_nothing_changed(archives: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("built although nothing changed")

    monkeypatch.setattr(build_functions, "build", fail)
    assert build_functions.build_changed(archives) == 0


def test_builds_again_when_a_source_or_a_dependency_changes(
    archives: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requirements = build_functions.locked_requirements(build_functions.find_uv())
    before = build_functions.fingerprint(requirements)
    assert build_functions.is_current(archives, before)
    assert build_functions.fingerprint(requirements + "x==2\n") != before
    shutil.copytree(build_functions.SOURCES, tmp_path / "lambda_src")
    monkeypatch.setattr(build_functions, "SOURCES", tmp_path / "lambda_src")
    assert build_functions.fingerprint(requirements) == before
    handler = tmp_path / "lambda_src" / "object_tagger" / "handler.py"
    handler.write_text(handler.read_text() + "# changed\n")
    assert not build_functions.is_current(archives, build_functions.fingerprint(requirements))


def test_builds_again_when_an_archive_is_damaged(archives: Path, tmp_path: Path) -> None:
    """From nothing but the sources, so the same bytes come a second time."""
    shutil.copytree(archives, tmp_path, dirs_exist_ok=True)
    (tmp_path / "object_tagger.zip").write_bytes(b"cut off")
    build_functions.build_changed(tmp_path)
    assert digests(tmp_path) == digests(archives)


def test_an_archive_holds_no_trace_of_the_machine_it_was_built_on(archives: Path) -> None:
    for path in archives.glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
        assert [each.filename for each in entries] == sorted(each.filename for each in entries)
        assert {each.date_time for each in entries} == {(1980, 1, 1, 0, 0, 0)}
        assert {each.external_attr >> 16 for each in entries} == {0o100644}
        unwanted = ("__pycache__", ".pyc", "/RECORD", "/INSTALLER", "direct_url.json")
        assert [each.filename for each in entries if any(part in each.filename for part in unwanted)] == []


def test_an_archive_holds_one_function_only(archives: Path) -> None:
    with zipfile.ZipFile(archives / "object_tagger.zip") as archive:
        top = {name.split("/")[0] for name in archive.namelist()}
    assert top == {"object_tagger", "common"}


def test_the_layer_holds_the_dependencies_where_the_runtime_looks(archives: Path) -> None:
    with zipfile.ZipFile(archives / "dependencies.zip") as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {"python"}
    top = {name.split("/")[1] for name in names}
    assert {"aws_lambda_powertools", "ijson", "awscrt"} <= top
    assert not {"boto3", "botocore", "common"} & top


def test_machine_code_in_the_layer_is_for_arm64(archives: Path) -> None:
    with zipfile.ZipFile(archives / "dependencies.zip") as archive:
        libraries = [name for name in archive.namelist() if ".so" in Path(name).suffixes]
        # ELF header: e_machine at offset 18 is 183 on AArch64
        machines = {int.from_bytes(archive.read(name)[18:20], "little") for name in libraries}
    assert libraries
    assert machines == {183}


HANDLERS = {
    "object_tagger": ("datasync-execution-transferring", {"outcome": "ignored", "reason": "other_state"}),
    "transfer_notifier": ("datasync-execution-transferring", {"outcome": "ignored", "reason": "other_state"}),
}
CONTEXT = """
import json, sys
class Context:
    function_name = "f"; memory_limit_in_mb = 1; invoked_function_arn = "a"; aws_request_id = "r"
    def get_remaining_time_in_millis(self): return 60000
"""


def in_clean_interpreter(function: Path, runtime: Path, code: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "AWS_REGION": "ap-south-1",
        "AWS_DEFAULT_REGION": "ap-south-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "ENVIRONMENT": "test",
        "TRANSFERS": setting(TRANSFER),
        "TRANSFER_TOPIC_ARN": "arn:aws:sns:ap-south-1:111122223333:t",
        "DATA_TOPIC_ARN": "arn:aws:sns:ap-south-1:111122223333:d",
        "LAKE_BUCKET": "lake",
        "REPORTS_BUCKET": "reports",
        "POWERTOOLS_METRICS_NAMESPACE": "Kosha",
        "POWERTOOLS_SERVICE_NAME": "test",
        "PYTHONPATH": os.pathsep.join((str(function), str(function.parent / "dependencies" / "python"), str(runtime))),
    } | more
    # -S: no site-packages; -P: not the folder of the tests either
    return subprocess.run(
        [sys.executable, "-S", "-P", "-c", CONTEXT + code],
        env=environment, cwd=function, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def unpacked(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a folder for each archive."""
    folder = tmp_path_factory.mktemp("unpacked")
    for path in archives.glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder / path.stem)
    return folder


@pytest.mark.parametrize("function", HANDLERS)
def test_an_archive_runs_beside_boto3_alone(unpacked: Path, runtime: Path, function: str) -> None:
    name, expected = HANDLERS[function]
    event = (Path(__file__).parents[2] / "events" / f"{name}.json").read_text()
    code = f"""
from {function}.handler import handler
print("REPLY", json.dumps(handler(json.loads({event!r}), Context())))
print("FROM", sys.modules["aws_lambda_powertools"].__file__)
"""
    done = in_clean_interpreter(unpacked / function, runtime, code)
    assert done.returncode == 0, done.stderr
    assert f"REPLY {json.dumps(expected)}" in done.stdout
    assert f"FROM {unpacked / 'dependencies'}" in done.stdout


def test_the_starter_runs_beside_boto3_alone(unpacked: Path, runtime: Path) -> None:
    code = """
import time
from transfer_starter.handler import handler
time.sleep = lambda seconds: None  # botocore's, between its tries
try:
    handler({}, Context())
except Exception as error:
    print("RAISED", type(error).__name__)
"""
    done = in_clean_interpreter(unpacked / "transfer_starter", runtime, code, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert done.returncode == 0, done.stderr
    assert "RAISED EndpointConnectionError" in done.stdout


def test_an_archive_carries_the_catalogue_and_reads_task_reports(unpacked: Path, runtime: Path) -> None:
    code = """
import io
from common import catalogue
from common.classification import classify
from datetime import timedelta
from common.transfers import Transfer
from object_tagger.report import read_part
transfer = Transfer("t", "arn", "published", timedelta(hours=1), "reports", "")
print("READ", [e.key for e in read_part(io.BytesIO(b'{"Transferred": [{"RelativePath": "/a/b"}]}'), "x", transfer)])
print("CLASS", classify("raw-sequences/p/rs_p_s_S1.fastq.gz", catalogue.load()).data_class, "yaml" in sys.modules)
"""
    done = in_clean_interpreter(unpacked / "object_tagger", runtime, code)
    assert done.returncode == 0, done.stderr
    assert "READ ['a/b']" in done.stdout
    assert "CLASS raw_sequence False" in done.stdout


def test_a_missing_setting_fails_at_cold_start_with_its_name(unpacked: Path, runtime: Path) -> None:
    done = in_clean_interpreter(unpacked / "object_tagger", runtime, "import object_tagger.handler", LAKE_BUCKET="")
    assert done.returncode != 0
    assert "LAKE_BUCKET is not set" in done.stderr


def test_says_what_to_do_when_uv_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(build_functions, "OWN_UV", tmp_path / "uv")
    with pytest.raises(UserError, match="make setup"):
        build_functions.find_uv()
    monkeypatch.setenv("UV", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="nowhere"):
        build_functions.find_uv()


def test_says_what_uv_said_when_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"(?s)cannot be installed.*no-such-command"):
        build_functions.run_uv(build_functions.find_uv(), ["no-such-command"], "it cannot be installed")


def test_two_builds_that_differ_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    built = iter([{"a": "1", "b": "1"}, {"a": "1", "b": "2"}])
    monkeypatch.setattr(build_functions, "build", lambda *_: next(built))
    with pytest.raises(UserError, match="differ: b;"):
        build_functions.check()
