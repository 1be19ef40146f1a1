"""The control map, ``docs/controls.yaml``: reading it, and what can be wrong with it without running anything."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from scripts.check_catalog import UniqueKeys, violations
from scripts.paths import REPOSITORY, TERRAFORM
from scripts.talk import UserError

CONTROLS = REPOSITORY / "docs" / "controls.yaml"
SCHEMA = REPOSITORY / "docs" / "controls.schema.json"
DECLARATION = re.compile(r'^(resource|data|module)\s+"([^"]+)"(?:\s+"([^"]+)")?\s*\{(?:\}|(.*?)^\})', re.M | re.S)
SOURCE = re.compile(r'^\s+source\s*=\s*"([^"]+)"', re.M)

Kind = Literal["technical", "organisational", "planned"]
CheckKind = Literal["checkov", "pytest", "terraform", "make"]


@dataclass(frozen=True)
class Check:
    """One thing to run: an id of checkov, a pytest node, ``folder::run`` of ``terraform test``, a make target."""

    kind: CheckKind
    name: str


@dataclass(frozen=True)
class Control:
    """One requirement, and what is done about it. ``resources`` are (root, address without instance keys)."""

    id: str
    source: str
    section: str
    section_verified: bool
    title: str
    requirement: str
    kind: Kind
    owner: str
    does: str = ""
    files: tuple[str, ...] = ()
    resources: tuple[tuple[str, str], ...] = ()
    checks: tuple[Check, ...] = ()
    accepted_skips: Mapping[str, str] = field(default_factory=dict)
    must: str = ""
    missing: str = ""

    def named_files(self) -> list[str]:
        """Every file or folder the control stands on, those of its resources and checks included."""
        named = [*self.files, *(f"terraform/{root}" for root, _ in self.resources)]
        named += [check.name.split("::")[0] for check in self.checks if check.kind in ("pytest", "terraform")]
        return list(dict.fromkeys(named))

    def absent_files(self, repository: Path = REPOSITORY) -> list[str]:
        return [name for name in self.named_files() if not (repository / name).exists()]


@dataclass(frozen=True)
class ControlMap:
    """The whole document: sources by id, owners by role, controls in their order."""

    sources: Mapping[str, Mapping[str, str]]
    owners: Mapping[str, str]
    controls: tuple[Control, ...]

    def checks(self, kind: CheckKind) -> list[str]:
        """The names of all checks of a kind, each once."""
        return sorted({check.name for control in self.controls for check in control.checks if check.kind == kind})


def parse(document: Mapping[str, Any]) -> ControlMap:
    """The model of a document that keeps to the schema."""
    return ControlMap(document["sources"], document["owners"], tuple(map(_control, document["controls"])))


def _control(entry: Mapping[str, Any]) -> Control:
    plain = {key: value for key, value in entry.items() if key not in ("files", "resources", "checks")}
    return Control(
        **plain,
        files=tuple(entry.get("files", ())),
        resources=tuple((root, each) for root, listed in entry.get("resources", {}).items() for each in listed),
        checks=tuple(Check(kind, name) for kind, names in entry.get("checks", {}).items() for name in names),
    )


def load(path: Path = CONTROLS) -> ControlMap:
    """Read the map. Raises :class:`UserError` with every mistake there is."""
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=UniqueKeys)  # noqa: S506 (a SafeLoader)
    found = [*mistakes(document)]
    if found:
        raise UserError(f"{path.name} has mistakes:\n" + "\n".join(f"  {each}" for each in found))
    return parse(document)


def mistakes(document: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a document: first by the schema, then what a schema cannot say."""
    wrong = [*violations(document, json.loads(SCHEMA.read_text(encoding="utf-8")))]
    if wrong:
        yield from wrong
        return
    controls = parse(document)
    for name, count in Counter(control.id for control in controls.controls).items():
        if count > 1:
            yield f"{name}: stands {count} times; give each control an id of its own"
    for control in controls.controls:
        yield from (f"{control.id}: {problem}" for problem in _mistakes_of(control, controls))


def _mistakes_of(control: Control, controls: ControlMap) -> Iterator[str]:
    if control.source not in controls.sources:
        yield f"source {control.source!r} is none of {', '.join(controls.sources)}"
    if control.owner not in controls.owners:
        yield f"owner {control.owner!r} is none of {', '.join(controls.owners)}"
    absent = control.absent_files()
    if absent and not control.missing:
        yield f"{', '.join(absent)} does not exist; mend the name, or say in `missing` that it is yet to be built"
    for name in control.accepted_skips:
        if Check("checkov", name) not in control.checks:
            yield f"accepted_skips names {name}, which is no check of it"
    for root, address in control.resources:
        if f"terraform/{root}" not in absent and not declares(TERRAFORM / root, address):
            yield f"{root} declares no {address} (modules included)"
    for check in control.checks:
        folder, _, run = check.name.partition("::")
        if check.kind == "terraform" and folder not in absent and run not in terraform_runs(folder):
            yield f"{folder} has no test run {run!r}"
        if check.kind == "make" and check.name not in make_targets():
            yield f"there is no target {check.name!r} in the Makefile"


@cache
def terraform_runs(folder: str) -> frozenset[str]:
    """The names of the runs in a module's or root's test files."""
    texts = (path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / folder).glob("tests/*.tftest.hcl")))
    return frozenset(name for text in texts for name in re.findall(r'^run "(\w+)"', text, re.M))


@cache
def make_targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z][a-z-]*):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.M))


@cache
def _declarations(folder: Path) -> dict[str, Path | None]:
    """Addresses of a folder's resources, data sources and modules; of a module, the folder it comes from."""
    found: dict[str, Path | None] = {}
    for path in folder.glob("*.tf"):
        for kind, first, second, body in DECLARATION.findall(path.read_text(encoding="utf-8")):
            if kind == "module":
                source = SOURCE.search(body)
                found[f"module.{first}"] = (folder / source[1]).resolve() if source else None
            else:
                found[f"{'data.' if kind == 'data' else ''}{first}.{second}"] = None
    return found


def declares(folder: Path, address: str) -> bool:
    """Whether the configuration in ``folder`` has a resource or module of this address, which has no instance keys."""
    parts = address.split(".")
    while parts[0] == "module" and len(parts) > 2:
        inside = _declarations(folder).get(".".join(parts[:2]))
        if inside is None:
            return False
        folder, parts = inside, parts[2:]
    return ".".join(parts) in _declarations(folder)
