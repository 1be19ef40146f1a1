"""Build the Lambda archives: ``python -m scripts.build_functions [--check]`` (``make functions``).

``dist/functions/<package>.zip`` holds the package, ``common`` and the catalogue as JSON. The locked dependencies of the
uv group ``functions`` for arm64 are most of the bytes and change least: they are one layer that all functions share,
``dependencies.zip`` (docs/adr/0020). The same sources give the same bytes on any machine: files are in sorted order,
dated 1980, with fixed permissions, and stored uncompressed, because compressors differ between zlib builds. Terraform
sees a change only where there is one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import stat
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import yaml
from rich.console import Console

from scripts.paths import CATALOG, DIST, REPOSITORY
from scripts.talk import UserError, run_program

SOURCES = REPOSITORY / "lambda_src"
FUNCTIONS = DIST / "functions"
COMMON = "common"
LAYER = "dependencies"
# Where the Python runtime looks in a layer: https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html
LAYER_FOLDER = "python"
# The platform of modules/function: python3.13 on arm64.
PYTHON_VERSION = "3.13"
PYTHON_PLATFORM = "aarch64-manylinux2014"
# What an installer leaves behind that says where and how it was installed, not what.
INSTALLER_FILES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"})
EPOCH = (1980, 1, 1, 0, 0, 0)
FILE_MODE = stat.S_IFREG | 0o644
INPUTS = ".inputs.json"
OWN_UV = REPOSITORY / ".venvs" / "uv" / "bin" / "uv"

console = Console(stderr=True)


def packages() -> list[str]:
    """The function packages: every folder of ``lambda_src`` with a handler."""
    return sorted(path.parent.name for path in SOURCES.glob("*/handler.py"))


def archives() -> list[str]:
    """Names of the archives: the functions' and the layer's."""
    return [*packages(), LAYER]


def main() -> int:
    """Build what changed, or with ``--check`` build twice and compare."""
    parser = argparse.ArgumentParser(description="Build the Lambda archives into dist/functions.")
    parser.add_argument("--check", action="store_true", help="build everything twice in fresh folders and compare")
    arguments = parser.parse_args()
    return check() if arguments.check else build_changed()


def build_changed(destination: Path = FUNCTIONS) -> int:
    """Build into ``destination`` unless it holds archives of the same inputs already."""
    uv = find_uv()
    requirements = locked_requirements(uv)
    inputs = fingerprint(requirements)
    if is_current(destination, inputs):
        console.print(f"functions: {len(archives())} archives are up to date")
        return 0
    digests = build(uv, requirements, destination)
    (destination / INPUTS).write_text(json.dumps({"inputs": inputs, "archives": digests}, indent=2) + "\n")
    return 0


def check() -> int:
    """Build twice from nothing; 0 if every archive has the same bytes both times."""
    uv = find_uv()
    requirements = locked_requirements(uv)
    digests = []
    for attempt in (1, 2):
        with tempfile.TemporaryDirectory(prefix=f"kosha-functions-{attempt}-") as folder:
            digests.append(build(uv, requirements, Path(folder)))
    differing = [name for name in digests[0] if digests[0][name] != digests[1][name]]
    if differing:
        raise UserError(f"two builds of the same sources differ: {', '.join(differing)}; compare them with zipinfo -v")
    console.print(f"functions: two builds gave the same {len(digests[0])} archives")
    return 0


def build(uv: str, requirements: str, destination: Path) -> dict[str, str]:
    """Write every archive into ``destination``; returns name -> SHA-256."""
    destination.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kosha-dependencies-") as folder:
        console.print("functions: installing the locked dependencies for arm64")
        install(uv, requirements, Path(folder))
        contents = {LAYER: {f"{LAYER_FOLDER}/{path}": code for path, code in tree(Path(folder)).items()}}
    shared = python_files(COMMON) | catalogue_files()
    contents |= {package: shared | python_files(package) for package in packages()}
    digests = {}
    for name in archives():
        archive = destination / f"{name}.zip"
        write_archive(archive, contents[name])
        digests[name] = hashlib.sha256(archive.read_bytes()).hexdigest()
        size = archive.stat().st_size / 1e6
        console.print(f"functions: {name}.zip, {size:.1f} MB, sha256 {digests[name][:12]}")
    return digests


def find_uv() -> str:
    """The uv program: the environment variable ``UV``, else on the PATH, else the one ``make setup`` installed."""
    uv = os.environ.get("UV") or shutil.which("uv") or shutil.which(str(OWN_UV))
    if not uv or shutil.which(uv) is None:
        where = f"UV={uv} is no program" if uv else "uv is not on the PATH"
        raise UserError(f"{where}: run make setup, or set UV to the uv program (https://docs.astral.sh/uv/)")
    return uv


def locked_requirements(uv: str) -> str:
    """The dependencies of the group ``functions`` with their hashes, as ``uv.lock`` has them."""
    arguments = ["export", "--quiet", "--frozen", "--only-group", "functions", "--no-header", "--no-emit-project"]
    return run_uv(uv, arguments, "uv.lock does not give the dependencies of the group functions: run uv lock")


def install(uv: str, requirements: str, target: Path) -> None:
    """Install wheels for Lambda's platform into ``target``; never builds from source."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", prefix="kosha-") as file:
        file.write(requirements)
        file.flush()
        arguments = [
            "pip", "install", "--quiet", "--no-config", "--no-deps", "--require-hashes", "--only-binary", ":all:",
            "--target", str(target), "--python-platform", PYTHON_PLATFORM, "--python-version", PYTHON_VERSION,
            "--link-mode", "copy", "--requirement", file.name,
        ]  # fmt: skip
        run_uv(
            uv, arguments, "the functions' dependencies cannot be installed: is a package index or a cache in reach?"
        )


def run_uv(uv: str, arguments: list[str], problem: str) -> str:
    """Run uv in the repository; its output, or a UserError with ``problem`` and what uv said."""
    done = subprocess.run([uv, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UserError(f"{problem}\n{done.stderr.strip()}")
    return done.stdout


def tree(folder: Path) -> dict[str, bytes]:
    """Installed files by their path in the archive, without what is not code or differs between machines."""
    files = {}
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if not path.is_file() or "__pycache__" in relative.parts or relative.parts[0] in ("bin", ".lock"):
            continue
        if relative.parts[0].endswith(".dist-info") and relative.name in INSTALLER_FILES:
            continue
        files[relative.as_posix()] = path.read_bytes()
    return files


def python_files(package: str) -> dict[str, bytes]:
    """A package's modules by their path in the archive."""
    return {path.relative_to(SOURCES).as_posix(): path.read_bytes() for path in (SOURCES / package).rglob("*.py")}


def catalogue_files() -> dict[str, bytes]:
    """Every document of the catalogue as JSON, in the order of the YAML: that of the sensitivities has a meaning."""
    return {
        f"{COMMON}/catalog/{path.stem}.json": (
            json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), ensure_ascii=False, indent=1) + "\n"
        ).encode()
        for path in CATALOG.glob("*.yaml")
    }


def write_archive(archive: Path, files: Mapping[str, bytes]) -> None:
    """Write a zip whose bytes follow from ``files`` alone; a build that is stopped leaves the old archive."""
    unfinished = archive.with_suffix(f".zip.{os.getpid()}")
    with zipfile.ZipFile(unfinished, "w", compression=zipfile.ZIP_STORED) as target:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=EPOCH)
            entry.create_system = 3  # Unix, whatever system builds
            entry.external_attr = FILE_MODE << 16
            target.writestr(entry, files[name])
    unfinished.replace(archive)


def fingerprint(requirements: str) -> str:
    """A digest of everything an archive is made from."""
    digest = hashlib.sha256()
    parts = {"requirements": requirements.encode(), "build": Path(__file__).read_bytes()} | catalogue_files()
    for package in (COMMON, *packages()):
        parts |= python_files(package)
    for name in sorted(parts):
        digest.update(f"{name}\0{len(parts[name])}\0".encode() + parts[name])
    return digest.hexdigest()


def is_current(destination: Path, inputs: str) -> bool:
    """Whether ``destination`` holds whole archives that were made from ``inputs``."""
    try:
        made = json.loads((destination / INPUTS).read_text())
        built = {name: hashlib.sha256((destination / f"{name}.zip").read_bytes()).hexdigest() for name in archives()}
    except (OSError, ValueError):
        return False
    return isinstance(made, dict) and made.get("inputs") == inputs and made.get("archives") == built


if __name__ == "__main__":
    run_program(main)
