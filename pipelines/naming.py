"""Names of files that are kept, made from the catalogue of data classes (``catalog/data-classes.yaml``).

A file is named ``<code>_<project>_<site>_<sample>[_<part>].<extension>`` and lies at
``<prefix>/<project>/<file name>``. The parts are separated by ``_``, so none of them may hold one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CATALOG = Path(__file__).resolve().parent.parent / "catalog" / "data-classes.yaml"

# Lower case for what becomes a folder of the data lake; sample and part may have capitals (S001, R1).
PROJECT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SAMPLE = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
# https://docs.aws.amazon.com/efs/latest/ug/limits.html
LONGEST_FILE_NAME = 255


class BadName(ValueError):
    """A name that the catalogue does not allow; the message says which part and what is allowed."""


@dataclass(frozen=True, order=True)
class SampleName:
    """What identifies a sample: the project, the site that sequenced it, and its name there."""

    project: str
    site: str
    sample: str

    @property
    def id(self) -> str:
        """The three joined as in file names, e.g. ``lambda-phage_hyd-01_S001``."""
        return f"{self.project}_{self.site}_{self.sample}"


@dataclass(frozen=True)
class DataClass:
    """What naming needs of one data class."""

    name: str
    code: str
    prefix: str
    extensions: tuple[str, ...]


class Catalogue:
    """The data classes of a catalogue document, as far as names go."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.classes = {
            name: DataClass(name, entry["code"], entry["prefix"], tuple(entry["extensions"]))
            for name, entry in document["classes"].items()
            if entry.get("named_by") != "folders"  # people name those
        }

    def file_name(self, data_class: str, sample: SampleName, part: str | None, extension: str) -> str:
        """The file name; raises :class:`BadName` for a part, an extension or a length that is not allowed."""
        entry = self.classes[data_class]
        if extension not in entry.extensions:
            allowed = ", ".join(entry.extensions)
            raise BadName(f"a file of class {data_class} cannot end in .{extension}; the catalogue allows {allowed}")
        for kind, value, pattern in (
            ("project", sample.project, PROJECT),
            ("site", sample.site, PROJECT),
            ("sample", sample.sample, SAMPLE),
            ("part", part, SAMPLE),
        ):
            if value is not None and not pattern.fullmatch(value):
                letters = "lower-case letters" if pattern is PROJECT else "letters"
                raise BadName(f"{kind} {value!r} may only hold {letters}, digits and single hyphens")
        parts = [entry.code, sample.project, sample.site, sample.sample] + ([part] if part else [])
        name = f"{'_'.join(parts)}.{extension}"
        if len(name) > LONGEST_FILE_NAME:
            raise BadName(f"{name[:40]}... has {len(name)} characters; a file name has at most {LONGEST_FILE_NAME}")
        return name

    def key(self, data_class: str, sample: SampleName, part: str | None, extension: str) -> str:
        """The path below ``published/``, which is the key in the data lake."""
        name = self.file_name(data_class, sample, part, extension)
        return f"{self.classes[data_class].prefix}/{sample.project}/{name}"


@cache
def catalogue() -> Catalogue:
    """The catalogue of this repository."""
    return Catalogue(yaml.safe_load(CATALOG.read_text(encoding="utf-8")))
