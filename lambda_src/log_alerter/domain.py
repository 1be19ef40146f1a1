"""Which rule a log line belongs to, and which lines are the same thing again. Pure: lines in, decisions out.

The rules are those of ``catalog/log-alerts.yaml``, from which Terraform makes the subscription filters, too.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common.notices import Severity

ANY = "*"
# The beginning of a line tells what it is about.
TELLING = 4096
# In this order: a time holds numbers, an address and an id hold words that look like hex.
_CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b[A-Z]\d{4} \d\d:\d\d:\d\d\.\d+"), "<time>"),  # klog
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b"), "<address>"),
    (re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{1,4}(?![\w:])"), "<address>"),
    (re.compile(r"\b0x[0-9a-fA-F]+\b"), "<address>"),
    (re.compile(r"\b(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{8,}\b"), "<id>"),
    # The tail Kubernetes gives to names of pods: letters without vowels, and digits.
    # https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go
    (re.compile(r"(?:-[bcdfghjklmnpqrstvwxz2456789]{8,10})?-[bcdfghjklmnpqrstvwxz2456789]{5}\b"), "-<id>"),
    (re.compile(r"\d+(?:\.\d+)?"), "<n>"),
)


@dataclass(frozen=True)
class Line:
    """A log event. ``id`` is the same whenever CloudWatch Logs delivers it."""

    id: str
    at: datetime
    message: str
    log_group: str
    stream: str

    @property
    def document(self) -> Mapping[str, Any]:
        """The line as a JSON object; empty where it is none."""
        try:
            found = json.loads(self.message)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Rule:
    """What people are told of, and how. At most ``limit`` notices in each ``window``; ``topic`` is a name."""

    name: str
    title: str
    severity: Severity
    topic: str
    limit: int
    window: timedelta
    runbook: str
    terms: Sequence[str] = ()
    fields: Mapping[str, Sequence[str | int]] | None = None
    streams: Sequence[str] = ()
    group_by: Sequence[str] = ()

    def takes(self, line: Line) -> bool:
        """Whether the line is of this rule."""
        if self.streams and not line.stream.startswith(tuple(self.streams)):
            return False
        if self.terms and not any(term in line.message for term in self.terms):
            return False
        if not self.fields:
            return True
        document = line.document
        return all(_is_one_of(at(document, path), values) for path, values in self.fields.items())

    def values(self, line: Line) -> dict[str, str]:
        """The fields of ``group_by`` that the line has."""
        if not self.group_by:
            return {}
        document = line.document
        found = {path: at(document, path) for path in self.group_by}
        return {path: _text(value) for path, value in found.items() if value is not None}

    def fingerprint(self, line: Line) -> str:
        """The same for lines that are the same thing again, in one log group."""
        values = self.values(line)
        same = json.dumps(values, sort_keys=True) if values else normalised(line.message)
        return hashlib.sha256(f"{self.name}\n{line.log_group}\n{same}".encode("utf-8", "replace")).hexdigest()[:16]


@dataclass(frozen=True)
class Filter:
    """The rules that look at the lines of one subscription filter, in their order."""

    name: str
    rules: Mapping[str, Rule]

    def rule_for(self, line: Line) -> Rule | None:
        """The first rule that takes the line."""
        return next((rule for rule in self.rules.values() if rule.takes(line)), None)


def filters(document: Mapping[str, Any]) -> dict[str, Filter]:
    """The filters of the catalogue; ``scripts/check_catalog.py`` has checked the document."""
    return {
        name: Filter(name, {rule: _rule(rule, entry) for rule, entry in each["rules"].items()})
        for name, each in document["filters"].items()
    }


def _rule(name: str, entry: Mapping[str, Any]) -> Rule:
    return Rule(
        name=name,
        title=entry["title"],
        severity=Severity(entry["severity"]),
        topic=entry["topic"],
        limit=entry["limit"]["notices"],
        window=timedelta(minutes=entry["limit"]["minutes"]),
        runbook=entry["runbook"],
        terms=tuple(entry.get("terms", ())),
        fields=entry.get("fields"),
        streams=tuple(entry.get("streams", ())),
        group_by=tuple(entry.get("group_by", ())),
    )


def normalised(message: str) -> str:
    """The message without what changes from line to line: times, ids, addresses, numbers."""
    message = message[:TELLING]
    for pattern, name in _CHANGING:
        message = pattern.sub(name, message)
    return " ".join(message.split())


def at(document: Mapping[str, Any], path: str) -> Any:
    """What lies at a path such as ``objectRef.resource``; ``None`` where nothing does."""
    found: Any = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _is_one_of(found: Any, values: Sequence[str | int]) -> bool:
    if isinstance(found, bool) or found is None:
        return False
    return found in values or ANY in values


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
