"""Takes out of clinical records what identifies people, by the rules of ``catalog/deidentification.yaml``.

Pseudonyms and the days by which a patient's dates move are keyed hashes (HMAC-SHA-256) of a secret of the project: the
same in every run, another in every project, and not to be undone without the secret.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.ingest.problems import IngestError, Refused

CATALOG = Path(__file__).resolve().parents[3] / "catalog" / "deidentification.yaml"
LEAST_SECRET_BYTES = 32
_PSEUDONYM_DIGITS = 24
_SHIFT_DAYS = 365
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T.*)?")
_YEAR = re.compile(r"(\d{4})(-\d{2})?")
_REFERENCE = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/.*)?")


@dataclass(frozen=True)
class Rules:
    """Resource type -> path, and segment -> number of the field, -> what is done to it; see the catalogue."""

    oldest_age: int
    resources: Mapping[str, Mapping[str, str]]
    segments: Mapping[str, Mapping[int, str]]


@cache
def rules() -> Rules:
    """The rules of this repository."""
    document = yaml.safe_load(CATALOG.read_text(encoding="utf-8"))
    segments = {
        name: {int(field): rule for field, rule in fields.items()} for name, fields in document["segments"].items()
    }
    return Rules(document["oldest_age"], document["resources"], segments)


class Pseudonyms:
    """The pseudonyms of one project.

    Args:
        secret: random bytes that only the ingestion knows; whoever has them can find a patient's pseudonym.
        project: the project's name; the same patient has another pseudonym in another.

    Raises:
        IngestError: the secret is too short to be one.
    """

    def __init__(self, secret: bytes, project: str) -> None:
        if len(secret) < LEAST_SECRET_BYTES:
            raise IngestError(
                f"the secret of the pseudonyms has {len(secret)} bytes, but needs {LEAST_SECRET_BYTES}; "
                "make one with: openssl rand -out secret 32"
            )
        self._secret = secret
        self._project = project

    def _digest(self, *parts: str) -> bytes:
        return hmac.digest(self._secret, "\0".join((self._project, *parts)).encode(), hashlib.sha256)

    def of(self, kind: str, identifier: str) -> str:
        """The pseudonym of a resource: hexadecimal digits, which name nothing."""
        return self._digest("id", kind, identifier).hex()[:_PSEUDONYM_DIGITS]

    def days_back(self, patient: str) -> int:
        """By how many days a patient's dates move into the past: 1 to 365."""
        return 1 + int.from_bytes(self._digest("days", patient)[:8]) % _SHIFT_DAYS


def patient_of(resource: Mapping[str, Any]) -> str:
    """The id of the patient a resource is of; raises :class:`Refused` when it says none."""
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    for field in ("subject", "patient"):
        match = _REFERENCE.fullmatch(str(resource.get(field, {}).get("reference", "")))
        if match and match[1] == "Patient":
            return match[2]
    raise Refused(f"{resource['resourceType']}: subject.reference names no patient")


def deidentify(resource: Mapping[str, Any], pseudonyms: Pseudonyms, today: date) -> dict[str, Any]:
    """What may be kept of a valid FHIR resource.

    Args:
        resource: a resource of FHIR R4 that has been validated.
        pseudonyms: of the project.
        today: for the age of people.

    Raises:
        Refused: the rules do not know its type, or it is of no patient. The reason holds no value of the resource.
    """
    kind = str(resource["resourceType"])
    if kind not in rules().resources:
        raise Refused(f"{kind}: there are no rules for this type; taken are {', '.join(rules().resources)}")
    patient = patient_of(resource)
    worker = _Worker(rules(), pseudonyms, kind, timedelta(days=pseudonyms.days_back(patient)), today)
    kept = worker.object(resource, "")
    return {"resourceType": kind, **kept}


@dataclass(frozen=True)
class _Worker:
    rules: Rules
    pseudonyms: Pseudonyms
    kind: str
    shift: timedelta
    today: date

    def object(self, value: Mapping[str, Any], above: str) -> dict[str, Any]:
        found = ((name, self._value(each, f"{above}{name}")) for name, each in value.items())
        return {name: each for name, each in found if each not in (None, [], {})}

    def _value(self, value: Any, path: str) -> Any:
        if isinstance(value, list):
            return [kept for each in value if (kept := self._value(each, path)) not in (None, [], {})]
        if isinstance(value, Mapping):
            return self.object(value, f"{path}.")
        match self.rules.resources[self.kind].get(path):
            case "keep":
                return value
            case "pseudonym":
                return self.pseudonyms.of(self.kind, str(value))
            case "reference":
                match = _REFERENCE.fullmatch(str(value))
                return f"{match[1]}/{self.pseudonyms.of(match[1], match[2])}" if match else None
            case "date":
                return self._date(str(value))
            case "birth":
                return self._birth(str(value))
        return None

    def _date(self, text: str) -> str | None:
        if match := _DAY.fullmatch(text):
            return (date.fromisoformat(match[1]) - self.shift).isoformat() + (match[2] or "")
        match = _YEAR.fullmatch(text)
        return match[1] if match else None

    def _birth(self, text: str) -> str | None:
        year = int(text[:4])
        is_old = self.today.year - year > self.rules.oldest_age
        return None if is_old else self._date(text)
