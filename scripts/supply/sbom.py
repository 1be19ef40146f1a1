"""Bills of materials of the Lambda archives: CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/), one for each zip.

They are read from the archives, not from the lock file: a distribution is what has its metadata in the zip
(https://packaging.python.org/en/latest/specifications/core-metadata/), our own package is a folder of ``lambda_src``
with every file and its SHA-256. Anything else in an archive of a function is an error. In the layer the files of a
distribution cannot be told apart, because the build leaves RECORD out, nor can the C libraries be seen that awscrt was
linked with; the SHA-256 of the whole archive stands for its bytes.

The same archives give the same bytes: a serial number follows from their SHA-256, and there is no timestamp, which the
schema does not require.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
import uuid
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    XsUri,
)
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.metadata import parse_email
from packaging.utils import canonicalize_name

from scripts.build_functions import COMMON, FUNCTIONS, LAYER, LAYER_FOLDER, archives
from scripts.paths import DIST, REPOSITORY
from scripts.talk import UserError

SBOMS = DIST / "sbom"
SUFFIX = ".cdx.json"
OWN = "kosha"
# The longest text that names a licence; some distributions put all of the licence there.
LONGEST_LICENCE = 80


@dataclass(frozen=True)
class Archive:
    """An archive and what a bill of it needs to be named."""

    name: str
    path: Path
    sha256: str
    version: str

    @property
    def purl(self) -> PackageURL:
        return PackageURL("generic", OWN, self.name, self.version, {"checksum": f"sha256:{self.sha256}"})


def serial_number(*described: Archive) -> uuid.UUID:
    """The serial number of a bill of these archives, the same for the same bytes."""
    return uuid.uuid5(uuid.NAMESPACE_URL, " ".join(archive.purl.to_string() for archive in described))


def write_all(source: Path = FUNCTIONS, destination: Path = SBOMS) -> list[Path]:
    """Write the bill of every archive, and remove those of archives that are no more."""
    texts = {name: bill_of(name, source) for name in archives()}
    destination.mkdir(parents=True, exist_ok=True)
    written = [destination / f"{name}{SUFFIX}" for name in texts]
    for path, text in zip(written, texts.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    for path in destination.glob(f"*{SUFFIX}"):
        if path not in written:
            path.unlink()
    return written


def bill_of(name: str, source: Path) -> str:
    """The bill of one archive of the folder ``source`` as JSON, validated."""
    archive = open_archive(name, source)
    layer = open_archive(LAYER, source) if name != LAYER else None
    text = serialize(make_bom(archive, components(archive), layer))
    problem = validator().validate_str(text)
    if problem is not None:
        raise UserError(f"the bill of materials of {archive.path.name} is not CycloneDX 1.6: {problem}")
    return text


@cache
def validator() -> JsonStrictValidator:
    """The library's, made once: reading the schemas takes most of its time."""
    return JsonStrictValidator(SchemaVersion.V1_6)


def open_archive(name: str, source: Path) -> Archive:
    path = source / f"{name}.zip"
    if not path.is_file():
        raise UserError(f"{path} is missing; run: make functions")
    return Archive(name, path, hashlib.sha256(path.read_bytes()).hexdigest(), own_version())


def own_version() -> str:
    """The version of the project."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def make_bom(archive: Archive, contents: list[Component], layer: Archive | None) -> Bom:
    """A bill whose subject is the archive; a function's names the bill of the layer it runs with by a BOM-Link
    (https://cyclonedx.org/capabilities/bomlink/)."""
    subject = Component(
        name=archive.name,
        group=OWN,
        version=archive.version,
        type=ComponentType.LIBRARY if layer is None else ComponentType.APPLICATION,
        bom_ref=archive.purl.to_string(),
        purl=archive.purl,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=archive.sha256)],
    )
    if layer is not None:
        link = XsUri(f"urn:cdx:{serial_number(layer)}/1")
        subject.external_references.add(
            ExternalReference(type=ExternalReferenceType.BOM, url=link, comment=f"the layer it runs with: {LAYER}")
        )
    described = [archive] if layer is None else [archive, layer]
    bom = Bom(serial_number=serial_number(*described), components=contents)
    bom.metadata.component = subject
    bom.register_dependency(subject, contents)
    return bom


def serialize(bom: Bom) -> str:
    """The bill as JSON, without the moment of its making."""
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    del document["metadata"]["timestamp"]
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def components(archive: Archive) -> list[Component]:
    """What an archive holds: distributions in the layer, our own packages in a function's."""
    with zipfile.ZipFile(archive.path) as opened:
        found = list(distributions(opened) if archive.name == LAYER else own_packages(opened, archive))
    if not found:
        raise UserError(f"{archive.path.name} holds nothing that is known")
    return found


def distributions(opened: zipfile.ZipFile) -> Iterator[Component]:
    """The distributions by their metadata."""
    for name in sorted(opened.namelist()):
        path = PurePosixPath(name)
        if not path.full_match(f"{LAYER_FOLDER}/*.dist-info/METADATA"):
            continue
        metadata, _ = parse_email(opened.read(name))
        purl = PackageURL("pypi", None, canonicalize_name(metadata["name"]), metadata["version"])
        licence = metadata.get("license_expression") or metadata.get("license") or ""
        yield Component(
            name=metadata["name"],
            version=metadata["version"],
            type=ComponentType.LIBRARY,
            bom_ref=purl.to_string(),
            purl=purl,
            description=metadata.get("summary"),
            licenses=[LicenseFactory().make_from_string(licence)] if 0 < len(licence) <= LONGEST_LICENCE else None,
        )


def own_packages(opened: zipfile.ZipFile, archive: Archive) -> Iterator[Component]:
    """Our packages with their files; a file outside the function's package and ``common`` is an error."""
    files = defaultdict(list)
    for name in sorted(opened.namelist()):
        package = PurePosixPath(name).parts[0]
        if package not in (archive.name, COMMON):
            raise UserError(f"{archive.path.name} holds {name}, which is of no package that belongs there")
        files[package].append(name)
    for package, names in files.items():
        purl = PackageURL("generic", OWN, package, archive.version)
        yield Component(
            name=package,
            group=OWN,
            version=archive.version,
            type=ComponentType.LIBRARY,
            bom_ref=purl.to_string(),
            purl=purl,
            components=[
                Component(
                    name=name,
                    type=ComponentType.FILE,
                    bom_ref=f"file:{name}",
                    hashes=[HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(opened.read(name)).hexdigest())],
                )
                for name in names
            ],
        )
