"""The catalogue of data classes, as the functions see it.

A function zip carries ``data-classes.json`` beside this file, made from ``catalog/data-classes.yaml`` by
``scripts/build_functions.py``; in the repository the YAML itself is read. Both hold the same document.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SHIPPED_NAME = "data-classes.json"
_SHIPPED = Path(__file__).with_name(SHIPPED_NAME)
_REPOSITORY = Path(__file__).resolve().parents[2] / "catalog" / "data-classes.yaml"


@dataclass(frozen=True)
class DataClass:
    """One class: ``name`` is the tag value, ``code`` starts file names, ``prefix`` is the folder in the data lake."""

    name: str
    code: str
    prefix: str
    extensions: frozenset[str]
    sensitivity: str


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
                extensions=frozenset(entry["extensions"]),
                sensitivity=entry["sensitivity"],
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
    """The catalogue that was shipped, else the repository's.

    Raises:
        FileNotFoundError: neither is there, so the zip was not made by ``scripts/build_functions.py``.
    """
    if _SHIPPED.is_file():
        return Catalogue.from_document(json.loads(_SHIPPED.read_text(encoding="utf-8")))
    if not _REPOSITORY.is_file():
        raise FileNotFoundError(f"no catalogue at {_SHIPPED} nor at {_REPOSITORY}: build the zip with make functions")
    import yaml  # the Lambda runtime has no YAML reader, and a zip never comes here

    return Catalogue.from_document(yaml.safe_load(_REPOSITORY.read_text(encoding="utf-8")))
