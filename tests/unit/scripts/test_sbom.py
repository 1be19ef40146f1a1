"""Bills of materials from archives made here: what they list, that they are valid, and the same twice."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from scripts.build_functions import LAYER, write_archive
from scripts.supply import sbom
from scripts.talk import UserError

METADATA = "Metadata-Version: 2.4\nName: Some_Parser\nVersion: 1.2.3\nLicense-Expression: MIT\n\nA text.\n"
CONTENTS = {
    "python/some_parser/__init__.py": b"",
    "python/some_parser-1.2.3.dist-info/METADATA": METADATA.encode(),
    "python/some_parser/vendored-9.dist-info/METADATA": b"Name: vendored\nVersion: 9\n",
}
FUNCTION = {
    "greeter/handler.py": b"def handler(): ...\n",
    "common/tags.py": b"TAGS = 1\n",
    "common/catalog/a.json": b"{}",
}


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the archives of one function and its layer."""
    monkeypatch.setattr(sbom, "archives", lambda: ["greeter", LAYER])
    write_archive(tmp_path / "greeter.zip", FUNCTION)
    write_archive(tmp_path / f"{LAYER}.zip", CONTENTS)
    return tmp_path


def bill(name: str, source: Path) -> Any:
    return json.loads(sbom.bill_of(name, source))


def test_the_subject_is_the_archive_by_its_digest(source: Path) -> None:
    subject = bill("greeter", source)["metadata"]["component"]
    digest = hashlib.sha256((source / "greeter.zip").read_bytes()).hexdigest()
    assert (subject["name"], subject["version"]) == ("greeter", sbom.own_version())
    assert subject["hashes"] == [{"alg": "SHA-256", "content": digest}]
    assert subject["purl"] == f"pkg:generic/kosha/greeter@{sbom.own_version()}?checksum=sha256:{digest}"


def test_a_function_lists_every_file_of_its_packages_with_its_digest(source: Path) -> None:
    listed = {
        file["name"]: file["hashes"][0]["content"]
        for package in bill("greeter", source)["components"]
        for file in package["components"]
    }
    assert listed == {name: hashlib.sha256(content).hexdigest() for name, content in FUNCTION.items()}


def test_the_layer_lists_its_distributions(source: Path) -> None:
    (component,) = bill(LAYER, source)["components"]
    assert component["name"] == "Some_Parser"
    assert component["version"] == "1.2.3"
    assert component["purl"] == "pkg:pypi/some-parser@1.2.3"
    assert component["licenses"] == [{"license": {"id": "MIT"}}]


def test_a_function_names_the_bill_of_its_layer_and_changes_with_it(source: Path) -> None:
    before, layer = bill("greeter", source), bill(LAYER, source)
    (reference,) = before["metadata"]["component"]["externalReferences"]
    assert reference["url"] == f"urn:cdx:{layer['serialNumber'].removeprefix('urn:uuid:')}/{layer['version']}"
    write_archive(source / f"{LAYER}.zip", CONTENTS | {"python/some_parser/more.py": b""})
    assert bill("greeter", source)["serialNumber"] != before["serialNumber"]


def test_it_says_neither_when_nor_where_it_was_made(source: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for name in ("greeter", LAYER):
        (elsewhere / f"{name}.zip").write_bytes((source / f"{name}.zip").read_bytes())
    for name in ("greeter", LAYER):
        assert sbom.bill_of(name, source) == sbom.bill_of(name, elsewhere)
    assert "timestamp" not in bill("greeter", source)["metadata"]


def test_all_are_written_and_old_ones_removed(source: Path) -> None:
    destination = source / "sbom"
    destination.mkdir()
    (destination / "gone.cdx.json").touch()
    written = sbom.write_all(source, destination)
    assert sorted(destination.iterdir()) == sorted(written)
    assert [path.name for path in written] == ["greeter.cdx.json", "dependencies.cdx.json"]


def test_a_file_of_no_package_that_belongs_there_is_an_error(source: Path) -> None:
    write_archive(source / "greeter.zip", FUNCTION | {"requests/__init__.py": b""})
    with pytest.raises(UserError, match="requests/__init__"):
        sbom.bill_of("greeter", source)


def test_an_empty_or_missing_archive_is_an_error(source: Path) -> None:
    write_archive(source / f"{LAYER}.zip", {})
    with pytest.raises(UserError, match="nothing that is known"):
        sbom.bill_of(LAYER, source)
    (source / "greeter.zip").unlink()
    with pytest.raises(UserError, match="make functions"):
        sbom.bill_of("greeter", source)


def test_what_is_not_valid_is_not_written(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sbom, "serialize", lambda bom: '{"bomFormat": "CycloneDX", "specVersion": "1.6", "parts": []}')
    with pytest.raises(UserError, match=r"not CycloneDX 1\.6"):
        sbom.write_all(source, source / "sbom")
    assert not (source / "sbom").exists()
