"""How far an audit has come: what its checkpoint holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tag_auditor.domain import FINDINGS, Judgement, Verdict, percent

# So many findings are named in the notice; all are in the report.
EXAMPLES = 100


@dataclass
class Progress:
    """Position and counts. ``classes`` counts verdicts by the class that names call for."""

    after: str = ""
    classes: dict[str, Counter[str]] = field(default_factory=dict)
    fresh: int = 0
    vanished: int = 0
    unread: int = 0
    examples: list[dict[str, str]] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    problem: str = ""

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Progress:
        """A checkpoint, or the start of a run where there is none."""
        if not document:
            return cls()
        return cls(**{**document, "classes": {name: Counter(each) for name, each in document["classes"].items()}})

    def to_document(self) -> dict[str, Any]:
        """For a checkpoint."""
        classes = {name: dict(each) for name, each in self.classes.items()}
        return {**vars(self), "classes": classes}

    def add(self, found: Judgement) -> None:
        """Take in a judgement."""
        if found.is_fresh:
            self.fresh += 1
            return
        self.classes.setdefault(found.data_class, Counter())[found.verdict] += 1
        if found.verdict in FINDINGS and len(self.examples) < EXAMPLES:
            self.examples.append({"key": found.key, "finding": found.verdict})

    def total(self) -> Counter[str]:
        """The verdicts of all classes."""
        total: Counter[str] = Counter()
        for each in self.classes.values():
            total.update(each)
        return total


def figures(counts: Counter[str]) -> dict[str, float]:
    """Of a class or of everything: how many objects, how many lack tags or have others than theirs; also in percent."""
    audited = counts.total()
    covered = audited - counts[Verdict.UNTAGGED] - counts[Verdict.NO_ROOM] - counts[Verdict.ILLEGAL]
    right = counts[Verdict.RIGHT] + counts[Verdict.HELD]
    return {
        "ObjectsAudited": audited,
        "ObjectsUntagged": audited - covered,
        "ObjectsMistagged": covered - right,
        "TagCoverage": percent(covered, audited),
        "TagCorrectness": percent(right, audited),
    }


def finding_count(counts: Counter[str]) -> int:
    """How many objects need mending."""
    return sum(counts[each] for each in FINDINGS)
