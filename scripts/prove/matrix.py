"""What the access matrix says, read from the catalogue and from nothing that Terraform renders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from scripts.paths import CATALOG

type Tags = Mapping[str, str]


@dataclass(frozen=True)
class Session:
    """Who asks: somebody in a duty, with the tags of the session."""

    duty: str
    tags: Tags


@dataclass(frozen=True)
class Object:
    """An object of the lake."""

    key: str
    tags: Tags


class Matrix:
    """``data-classes.yaml`` and ``access.yaml``."""

    def __init__(self, classes: Mapping[str, Any] | None = None, access: Mapping[str, Any] | None = None) -> None:
        self._classes = classes or _read("data-classes")
        self._access = access or _read("access")
        self.classes: Mapping[str, Mapping[str, Any]] = self._classes["classes"]
        self.duties: Mapping[str, Mapping[str, Any]] = self._access["duties"]
        self.places: Mapping[str, list[str]] = {each["sensitivity"]: each["from"] for each in self._access["places"]}
        self.levels = list(self.places)

    def may_read(self, who: Session, what: Object, place: str) -> bool:
        """Whether the matrix lets somebody read an object from ``place`` (platform, institution or anywhere)."""
        duty, tags = self.duties[who.duty], what.tags
        data_class = self.classes.get(tags.get("data_class", ""))
        sensitivity = tags.get("sensitivity", "")
        if data_class is None or who.duty not in data_class["readers"] or sensitivity not in self.levels:
            return False
        rank = self.levels.index
        if not rank(data_class["sensitivity"]) <= rank(sensitivity) <= rank(duty["sensitivity"]):
            return False
        if not {"anywhere", place} & set(self.places[sensitivity]):
            return False
        folder = f"{data_class['prefix']}/"
        for name in ("project", "site"):
            if duty[f"{name}s"] == "own":
                own = who.tags.get(name, "")
                if not own or tags.get(name) != own:
                    return False
        if duty["projects"] == "own":
            folder += f"{who.tags['project']}/"
        return what.key.startswith(folder)

    def may_list(self, who: Session, prefix: str) -> bool:
        """Whether somebody may list the names below a prefix."""
        duty = self.duties[who.duty]
        if any(duty[f"{name}s"] == "own" and not who.tags.get(name) for name in ("project", "site")):
            return False
        own = f"{who.tags['project']}/" if duty["projects"] == "own" else ""
        return any(
            prefix.startswith(f"{each['prefix']}/{own}")
            for each in self.classes.values()
            if who.duty in each["readers"]
        )


def _read(name: str) -> Mapping[str, Any]:
    document: Mapping[str, Any] = yaml.safe_load((CATALOG / f"{name}.yaml").read_text(encoding="utf-8"))
    return document
