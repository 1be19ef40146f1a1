"""The charts of ``helm-values/charts.yaml``: how they are installed, and which values they know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from scripts.paths import REPOSITORY

FOLDER = REPOSITORY / "helm-values"
_LABELS = ("nodeSelector.", "podLabels.", "additionalLabels.")


@dataclass(frozen=True)
class Chart:
    """``known`` are values that Terraform knows: value of the chart -> key of the handoff."""

    release: str
    chart: str
    version: str
    namespace: str
    repository: str = ""
    values: str = ""
    known: Mapping[str, str] = field(default_factory=dict)

    @property
    def values_file(self) -> Path | None:
        return FOLDER / self.values if self.values else None

    @property
    def keys_file(self) -> Path:
        """The values that this version knows, one dotted path a line."""
        return FOLDER / "keys" / f"{self.release}-{self.version}.txt"

    @property
    def source(self) -> list[str]:
        repository = ["--repo", self.repository] if self.repository else []
        return [self.chart, *repository, "--version", self.version]

    def install(self, handoff: Mapping[str, str]) -> list[str]:
        """The command that installs or upgrades it and waits until it works."""
        values = ["--values", str(self.values_file)] if self.values_file else []
        known = [word for name, key in self.known.items() for word in ("--set-string", f"{name}={handoff[key]}")]
        return [
            "helm", "upgrade", "--install", self.release, *self.source, "--namespace", self.namespace, *values, *known,
            "--wait", "--timeout", "10m",
        ]  # fmt: skip


def charts() -> list[Chart]:
    """All of them, in the order of installation."""
    document = yaml.safe_load((FOLDER / "charts.yaml").read_text(encoding="utf-8"))
    return [
        Chart(**{name: value for name, value in entry.items() if name != "set"}, known=entry.get("set", {}))
        for entry in document["charts"]
    ]


def paths(values: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """The dotted paths of values; what is no mapping, or an empty one, ends a path."""
    for name, value in values.items():
        path = f"{before}.{name}" if before else str(name)
        if isinstance(value, Mapping) and value:
            yield from paths(value, path)
        else:
            yield path


def unknown(used: Mapping[str, Any], known: set[str]) -> list[str]:
    """Paths of ``used`` of which the chart knows neither the path nor a beginning of it.

    A mapping that is empty in the chart is free, and so is one of labels, whatever the chart has in it.
    """

    def is_known(path: str) -> bool:
        if path.startswith(_LABELS):
            return True
        words = path.split(".")
        return any(".".join(words[:length]) in known for length in range(1, len(words) + 1)) or any(
            each.startswith(f"{path}.") for each in known
        )

    return [path for path in paths(used) if not is_known(path)]
