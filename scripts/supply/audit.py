"""Known vulnerabilities of the packages in ``uv.lock``, from OSV (https://osv.dev) through ``uv audit``.

uv sends every package and version of the lock file, those of all environments, in one question. Why not pip-audit: it
asks PyPI's JSON API package by package, and of an index without that API it gets 404s, which it takes for packages to
skip. Here no answer is no audit, and said to be none.

``uv audit`` and its JSON are previews (https://docs.astral.sh/uv/concepts/preview/): a report of another shape is an
error. It knows Python packages only, not those of Debian, npm or Terraform.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from scripts.build_functions import find_uv
from scripts.paths import REPOSITORY
from scripts.talk import UserError

ACCEPTED = REPOSITORY / "policy" / "advisories.yaml"
# uv ends with 0 when it found nothing, with 1 when it found something; both with a report.
REPORTED = (0, 1)
# How uv says that a request over the network came to nothing: it names the address, or that it may ask none (offline).
NO_ANSWER = ("for url (", "requires network access")
SHORTEST_REASON = 20


class UnavailableError(Exception):
    """The advisory service gave no answer: nothing is known, good or bad."""


@dataclass(frozen=True)
class Accepted:
    """An advisory that is accepted until ``review``."""

    id: str
    reason: str
    review: date


@dataclass(frozen=True)
class Advisory:
    """One advisory on one package of the lock file."""

    package: str
    version: str
    id: str
    aliases: frozenset[str]
    summary: str
    fixed_in: tuple[str, ...]
    link: str

    @property
    def names(self) -> frozenset[str]:
        return self.aliases | {self.id}


@dataclass
class Verdict:
    """What an audit comes to."""

    packages: int
    open: list[Advisory] = field(default_factory=list)
    accepted: list[tuple[Advisory, Accepted]] = field(default_factory=list)
    overdue: list[tuple[Advisory, Accepted]] = field(default_factory=list)
    gone: list[Accepted] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (self.open or self.overdue or self.quarantined)


def audit(today: date, service: str | None = None, accepted: Path = ACCEPTED) -> Verdict:
    """Ask for the advisories of ``uv.lock`` and judge them. Raises :class:`UnavailableError` without an answer."""
    known = read_accepted(accepted)
    return judge(report(service), known, today)


def report(service: str | None = None) -> Mapping[str, Any]:
    """uv's report; ``service`` is an address that speaks OSV's API, instead of OSV's own."""
    arguments = [
        "audit", "--frozen", "--no-progress", "--output-format", "json",
        "--preview-features", "audit-command,json-output",
        *(["--service-url", service] if service else []),
    ]  # fmt: skip
    done = subprocess.run([find_uv(), *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return read_report(done.returncode, done.stdout, done.stderr)


def read_report(exit_code: int, output: str, errors: str) -> Mapping[str, Any]:
    """The report in what uv wrote; says apart a service that does not answer and a uv that cannot do this."""
    if exit_code not in REPORTED:
        unfolded = " ".join(errors.split())
        if any(sign in unfolded for sign in NO_ANSWER):
            raise UnavailableError(reason_of(unfolded))
        raise UserError(f"uv audit failed; an older uv has no such command (uv self update):\n{errors.strip()}")
    try:
        document = json.loads(output)
        summary = document["summary"]
        if len(document["vulnerabilities"]) != summary["vulnerabilities"] or not summary["audited_packages"] > 0:
            raise ValueError("its counts do not fit")
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"uv audit answered with a report of another shape ({error!r}): {output[:200]}") from error
    assert isinstance(document, dict)
    return document


def reason_of(errors: str) -> str:
    """uv's error and its causes in one line, without its warnings."""
    return "; ".join(re.split(r"\s*\b(?:error|cause|Caused by): ", errors)[1:]) or errors


def judge(document: Mapping[str, Any], accepted: Sequence[Accepted], today: date) -> Verdict:
    """Sort the advisories of a report into open, accepted and overdue for review."""
    verdict = Verdict(document["summary"]["audited_packages"])
    found = [advisory_of(entry) for entry in document["vulnerabilities"]]
    for advisory in found:
        entry = next((each for each in accepted if each.id in advisory.names), None)
        if entry is None:
            verdict.open.append(advisory)
        elif today >= entry.review:
            verdict.overdue.append((advisory, entry))
        else:
            verdict.accepted.append((advisory, entry))
    verdict.gone = [each for each in accepted if not any(each.id in advisory.names for advisory in found)]
    # A project's own status (PEP 792): what an index has locked away is taken for malicious, the rest is for people.
    for status in document.get("adverse_statuses", []):
        text = f"{status['name']} is {status['status']}" + (f": {status['reason']}" if status.get("reason") else "")
        (verdict.quarantined if status["status"] == "quarantined" else verdict.remarks).append(text)
    return verdict


def advisory_of(entry: Mapping[str, Any]) -> Advisory:
    """An entry of uv's report."""
    return Advisory(
        package=entry["dependency"]["name"],
        version=entry["dependency"]["version"],
        id=entry["id"],
        aliases=frozenset(entry.get("aliases") or ()),
        summary=entry.get("summary") or "",
        fixed_in=tuple(entry.get("fix_versions") or ()),
        link=entry.get("link") or "",
    )


def read_accepted(path: Path) -> list[Accepted]:
    """The accepted advisories; each has an id, a reason and the date of its review."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    accepted = []
    for entry in document["advisories"]:
        if set(entry) != {"id", "reason", "review"}:
            raise UserError(f"{path.name}: an advisory has id, reason and review, not {', '.join(sorted(entry))}")
        if not isinstance(entry["review"], date):
            raise UserError(f"{path.name}: the review of {entry['id']} is no date: write YYYY-MM-DD")
        if len(entry["reason"].strip()) < SHORTEST_REASON:
            raise UserError(f"{path.name}: {entry['id']} is accepted without a reason")
        accepted.append(Accepted(entry["id"], entry["reason"], entry["review"]))
    return accepted
