"""The images as they are shipped: each tool answers in them, and a sample goes through as the user of the storage."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from pipelines.sequencing.steps.versions import PICARD_COMMAND
from scripts.example_data import lay_out
from scripts.paths import BUILD, REPOSITORY

POSIX = yaml.safe_load((REPOSITORY / "catalog/shared-storage.yaml").read_text(encoding="utf-8"))["posix"]
COMMON = {
    "bwa": "Version: ",
    "bowtie2 --version": "version ",
    "samtools --version": "samtools ",
    "bcftools --version": "bcftools ",
}
TOOLS = {
    "classic": COMMON
    | {
        "fastqc --version": "FastQC v",
        "TrimmomaticPE -version": "0.",
        f"java {' '.join(PICARD_COMMAND)} MarkDuplicates --version": "Version:",
    },
    "fast": COMMON | {"fastp --version": "fastp "},
}


class Image:
    """A container of an image, without an engine: buildah, isolated by chroot."""

    def __init__(self, toolchain: str, folder: Path) -> None:
        self.toolchain = toolchain
        self._buildah = [
            "buildah", "--storage-driver", "vfs", "--root", str(folder / "store"), "--runroot", str(folder / "run"),
        ]  # fmt: skip
        archive = BUILD / "images" / f"{toolchain}.oci.tar"
        if not archive.is_file():
            pytest.fail(f"there is no {archive}; run: make images", pytrace=False)
        done = subprocess.run(
            [*self._buildah, "from", "--quiet", f"oci-archive:{archive}"], capture_output=True, text=True, check=True
        )
        self._container = done.stdout.strip().splitlines()[-1]

    def run(self, command: str, storage: Path | None = None) -> subprocess.CompletedProcess[str]:
        mount = ["--volume", f"{storage}:/shared-storage"] if storage else []
        return subprocess.run(
            [*self._buildah, "run", "--isolation", "chroot", *mount, self._container, "--", *shlex.split(command)],
            capture_output=True, text=True, errors="replace", timeout=300, check=False,
        )  # fmt: skip


INGEST = {
    "fasterq-dump --version": "fasterq-dump",
    "vdb-validate --version": "vdb-validate",
    "python -m scripts.ingest --help": "usage: ",
    "python -m scripts.ingest fhir --help": "--pseudonyms",
    # without it S3's CRC64NVME cannot be made, and no record stored
    """python -c 'from botocore.compat import HAS_CRT; print("CRT", HAS_CRT)'""": "CRT True",
}


def test_the_image_of_the_ingestion_has_what_it_needs_and_no_more(tmp_path: Path) -> None:
    image = Image("ingest", tmp_path)
    said = {command: done.stdout + done.stderr for command in INGEST for done in [image.run(command)]}
    assert {command: text for command, text in said.items() if INGEST[command] not in text} == {}
    assert image.run("id -u").stdout.strip() == str(POSIX["uid"])
    assert image.run("sh -c 'command -v bwa'").stdout == ""


@pytest.fixture(scope="module", params=sorted(TOOLS))
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Image:
    return Image(request.param, tmp_path_factory.mktemp(request.param))


def test_each_tool_answers(image: Image) -> None:
    said = {command: done.stdout + done.stderr for command in TOOLS[image.toolchain] for done in [image.run(command)]}
    assert {command: text for command, text in said.items() if TOOLS[image.toolchain][command] not in text} == {}


def test_it_runs_as_the_user_whom_the_storage_belongs_to(image: Image) -> None:
    assert image.run("id -u").stdout.strip() == str(POSIX["uid"])
    assert image.run("id -g").stdout.strip() == str(POSIX["gid"])
    assert image.run("test -w /opt/kosha").returncode != 0


def test_nothing_of_the_other_toolchain_is_in_it(image: Image) -> None:
    other = "fastp" if image.toolchain == "classic" else "java"
    assert image.run(f"sh -c 'command -v {other}'").stdout == ""


def test_a_sample_goes_through(image: Image, tmp_path: Path) -> None:
    lay_out(tmp_path, pairs=2000)
    with (tmp_path / "active/lambda-phage/config.yaml").open("a", encoding="utf-8") as config:
        config.write(f"toolchain: {image.toolchain}\n")
    for path in [tmp_path, *tmp_path.rglob("*")]:
        os.chown(path, POSIX["uid"], POSIX["gid"])
    done = image.run(
        "python -m scripts.pipeline run --storage /shared-storage --run-id r "
        "--samples /shared-storage/active/lambda-phage/samples.tsv",
        tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / "intermediate/r/result.json").read_text(encoding="utf-8"))
    assert [sample["state"] for sample in result["samples"]] == ["published"]
    versions = json.loads((tmp_path / "intermediate/r/versions.json").read_text(encoding="utf-8"))
    assert "unknown" not in json.dumps(versions)
    extension = "bam" if image.toolchain == "classic" else "cram"
    assert list((tmp_path / "published").rglob(f"ar_*.{extension}"))
    assert {path.stat().st_uid for path in (tmp_path / "published").rglob("*")} == {POSIX["uid"]}
