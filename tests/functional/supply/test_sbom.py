"""The bills of materials of the archives as built (``make functions``): whole, valid, and the same bytes each time."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from scripts.build_functions import FUNCTIONS, LAYER, archives, find_uv, locked_requirements
from scripts.paths import REPOSITORY
from scripts.supply import sbom

WRITE = """
import sys
from pathlib import Path
from scripts.supply import sbom
sbom.write_all(destination=Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The bills, written twice by processes that hash differently."""
    folders = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    for seed, folder in enumerate(folders):
        subprocess.run(
            [sys.executable, "-c", WRITE, str(folder)],
            cwd=REPOSITORY, env={**os.environ, "PYTHONHASHSEED": str(seed)}, check=True,
        )  # fmt: skip
    return folders


def read(written: tuple[Path, Path], name: str) -> Any:
    return json.loads((written[0] / f"{name}{sbom.SUFFIX}").read_text(encoding="utf-8"))


def test_there_is_one_for_each_archive_and_the_bytes_are_the_same_twice(written: tuple[Path, Path]) -> None:
    first, second = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in written)
    assert set(first) == {f"{name}{sbom.SUFFIX}" for name in archives()}
    assert first == second


@pytest.mark.parametrize("name", archives())
def test_it_is_valid(name: str, written: tuple[Path, Path]) -> None:
    text = (written[0] / f"{name}{sbom.SUFFIX}").read_text(encoding="utf-8")
    assert sbom.validator().validate_str(text) is None
    assert json.loads(text)["specVersion"] == "1.6"


@pytest.mark.parametrize("name", [name for name in archives() if name != LAYER])
def test_a_function_s_lists_each_file_of_the_zip(name: str, written: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(FUNCTIONS / f"{name}.zip") as opened:
        held = opened.namelist()
    listed = [file["name"] for package in read(written, name)["components"] for file in package["components"]]
    assert sorted(listed) == sorted(held)


def test_the_layer_s_lists_what_is_in_the_zip_and_in_the_lock_file(written: tuple[Path, Path]) -> None:
    listed = {component["purl"] for component in read(written, LAYER)["components"]}
    with zipfile.ZipFile(FUNCTIONS / f"{LAYER}.zip") as opened:
        folders = {match[1] for name in opened.namelist() if (match := re.match(r"python/([^/]+)\.dist-info/", name))}
    assert listed == {
        f"pkg:pypi/{name.replace('_', '-')}@{version}" for name, version in (f.split("-") for f in folders)
    }
    locked = re.findall(r"^([\w.-]+)==(\S+)", locked_requirements(find_uv()), re.M)
    assert listed == {f"pkg:pypi/{name}@{version}" for name, version in locked}
