"""Secrets in the files git tracks, found by detect-secrets (https://github.com/Yelp/detect-secrets).

Every detector of the library is on, and every tracked file that is text is read: its own list of files to leave out by
their ending (lock files, pictures) and its comments that excuse a line are off. What is no secret stands in
``policy/secrets.yaml`` with the reason, and an entry there that excuses nothing any more is a failure too. The library
is asked for what it finds, never to try it: a key is sent nowhere. The history of the repository is not read.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

from scripts.paths import REPOSITORY
from scripts.talk import UserError

EXCLUSIONS = REPOSITORY / "policy" / "secrets.yaml"
# What would pass over a whole file or line without a word.
FILTERS_OFF = (
    "detect_secrets.filters.allowlist.is_line_allowlisted",
    "detect_secrets.filters.heuristic.is_lock_file",
    "detect_secrets.filters.heuristic.is_non_text_file",
    "detect_secrets.filters.heuristic.is_swagger_file",
)
SHORTEST_REASON = 20


@dataclass(frozen=True)
class Finding:
    """What a detector took for a secret. ``value`` is for matching only: it is never shown."""

    file: str
    line: int
    kind: str
    value: str


@dataclass(frozen=True)
class Exclusion:
    """What looks like a secret and is none: a value, in some files, for a reason."""

    value: re.Pattern[str]
    files: tuple[str, ...]
    reason: str

    def excuses(self, finding: Finding) -> bool:
        path = PurePosixPath(finding.file)
        return any(path.full_match(glob) for glob in self.files) and self.value.fullmatch(finding.value) is not None


@dataclass(frozen=True)
class Scan:
    """The outcome: what is left of the findings, and which exclusions matched nothing. ``no_text`` counts the archives
    and pictures, which the library cannot read."""

    files: int
    no_text: int
    secrets: tuple[Finding, ...]
    excused: int
    unused: tuple[Exclusion, ...]

    @property
    def is_clean(self) -> bool:
        return not self.secrets and not self.unused


def scan(repository: Path, exclusions: Path = EXCLUSIONS) -> Scan:
    """Scan what git tracks in ``repository``."""
    files = tracked_files(repository)
    text = [name for name in files if is_text(repository / name)]
    secrets, excused, unused = judge(find(repository, text), read_exclusions(exclusions))
    return Scan(len(text), len(files) - len(text), secrets, excused, unused)


def tracked_files(repository: Path) -> list[str]:
    """Paths of the tracked files that are there, sorted."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=repository, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        raise UserError(f"git does not list the files of {repository}: {listed.stderr.strip()}")
    return sorted(name for name in listed.stdout.split("\0") if name and (repository / name).is_file())


def is_text(path: Path) -> bool:
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    return True


def find(repository: Path, files: Iterable[str]) -> list[Finding]:
    """What the detectors find, by file and line."""
    plugins: dict[str, type[Any]] = get_mapping_from_secret_type_to_class()
    detectors = sorted(each.__name__ for each in plugins.values())
    with transient_settings({"plugins_used": [{"name": name} for name in detectors]}) as settings:
        settings.disable_filters(*FILTERS_OFF)
        collection = SecretsCollection(root=str(repository))
        for file in files:
            collection.scan_file(file)
        found = [Finding(file, each.line_number, each.type, each.secret_value or "") for file, each in collection]
    return sorted(found, key=lambda finding: (finding.file, finding.line, finding.kind))


def judge(
    findings: Sequence[Finding], exclusions: Sequence[Exclusion]
) -> tuple[tuple[Finding, ...], int, tuple[Exclusion, ...]]:
    """(secrets, how many findings are excused, exclusions that excuse nothing)."""
    secrets = tuple(each for each in findings if not any(exclusion.excuses(each) for exclusion in exclusions))
    unused = tuple(exclusion for exclusion in exclusions if not any(map(exclusion.excuses, findings)))
    return secrets, len(findings) - len(secrets), unused


def read_exclusions(path: Path) -> list[Exclusion]:
    """The exclusions of a file: each a regular expression for a whole value, globs of files, and a reason."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    exclusions = []
    for entry in document["exclusions"]:
        if set(entry) != {"value", "files", "reason"}:
            raise UserError(f"{path.name}: an exclusion has value, files and reason, not {', '.join(sorted(entry))}")
        if len(entry["reason"].strip()) < SHORTEST_REASON:
            raise UserError(f"{path.name}: the exclusion of {entry['value']} does not say why")
        try:
            value = re.compile(entry["value"])
        except re.error as error:
            raise UserError(f"{path.name}: {entry['value']} is no regular expression: {error}") from error
        exclusions.append(Exclusion(value, tuple(entry["files"]), entry["reason"]))
    return exclusions
