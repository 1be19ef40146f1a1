"""The catalogue, as the functions see it.

A function zip carries every document of ``catalog/`` as ``common/catalog/<name>.json``, made by
``scripts/build_functions.py``; in the repository the YAML itself is read. Both hold the same document.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SHIPPED_FOLDER = "catalog"
_SHIPPED = Path(__file__).with_name(SHIPPED_FOLDER)
_REPOSITORY = Path(__file__).resolve().parents[2] / "catalog"


@dataclass(frozen=True)
class DataClass:
    """One class: ``name`` is the tag value, ``code`` starts file names, ``prefix`` is the folder in the data lake.

    Where ``is_named_by_folders``, project and site are the folders below the prefix, the file's name is free, and there
    are no ``extensions``.
    """

    name: str
    code: str
    prefix: str
    extensions: frozenset[str]
    sensitivity: str
    is_named_by_folders: bool = False


@dataclass(frozen=True)
class Catalogue:
    """All classes by code, the governed tag keys, and the sensitivities from least to most sensitive."""

    classes: Mapping[str, DataClass]
    governed_tags: tuple[str, ...]
    sensitivities: tuple[str, ...]
    unclassified: Mapping[str, str]

    def sensitivity_of(self, data_class: str) -> str | None:
        """The sensitivity of a class by its name (not its code); ``None`` for a class the catalogue does not have."""
        return next((each.sensitivity for each in self.classes.values() if each.name == data_class), None)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Catalogue:
        """Read the parsed YAML or JSON; the schema check of ``scripts/check_catalog.py`` has been before us."""
        classes = [
            DataClass(
                name=name,
                code=entry["code"],
                prefix=entry["prefix"],
                extensions=frozenset(entry.get("extensions", ())),
                sensitivity=entry["sensitivity"],
                is_named_by_folders=entry.get("named_by") == "folders",
            )
            for name, entry in document["classes"].items()
        ]
        return cls(
            classes={each.code: each for each in classes},
            governed_tags=tuple(document["governed_tags"]),
            sensitivities=tuple(document["sensitivities"]),
            unclassified=dict(document["unclassified"]),
        )


@cache
def load() -> Catalogue:
    """The data classes. Raises FileNotFoundError as :func:`read_document` does."""
    return Catalogue.from_document(read_document("data-classes"))


@cache
def read_document(name: str) -> Mapping[str, Any]:
    """A document of the catalogue by its file name without ending: the one that was shipped, else the repository's.

    Raises:
        FileNotFoundError: neither is there, so the zip was not made by ``scripts/build_functions.py``.
    """
    shipped, source = _SHIPPED / f"{name}.json", _REPOSITORY / f"{name}.yaml"
    if shipped.is_file():
        return dict(json.loads(shipped.read_text(encoding="utf-8")))
    if not source.is_file():
        raise FileNotFoundError(
            f"no catalogue document at {shipped} nor at {source}: build the zip with make functions"
        )
    import yaml  # the Lambda runtime has no YAML reader, and a zip never comes here

    document: Mapping[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    return document
