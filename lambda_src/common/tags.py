"""How the governed tags join the tags an object already has.

S3 replaces the whole tag set on every write (``PutObjectTagging``), allows ten tags on an object, 128 characters in a
key, 256 in a value, and reserves ``aws:``
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html). So: read, merge, write only what changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from common.catalogue import Catalogue

TAG_LIMIT = 10
KEY_LIMIT = 128
VALUE_LIMIT = 256
# Letters and digits of any script, space and + - = . _ : / @
_LEGAL = re.compile(r"[\w \+\-=\.:/@]*")


@dataclass(frozen=True)
class Write:
    """Replace the object's tags by these."""

    tags: Mapping[str, str]


@dataclass(frozen=True)
class Keep:
    """The tags are right already."""


@dataclass(frozen=True)
class Conflict:
    """The object carries a more sensitive class than its name says; nothing is written."""

    present: str
    wanted: str


@dataclass(frozen=True)
class QuotaExceeded:
    """The governed tags do not fit beside the ``foreign`` tags of others; nothing is written, nothing is evicted."""

    foreign: int


@dataclass(frozen=True)
class Illegal:
    """A value S3 would refuse; nothing is written, nothing is shortened."""

    key: str


type Decision = Write | Keep | Conflict | QuotaExceeded | Illegal


def merge(present: Mapping[str, str], wanted: Mapping[str, str], catalogue: Catalogue) -> Decision:
    """Decide what to write on an object that has the tags ``present`` and should have the governed tags ``wanted``.

    Others' tags are kept. Governed keys that ``wanted`` lacks (the project of an unclassified file) are dropped: they
    would grant by a value nobody vouches for. So are keys that are governed ones but for their case: for S3 they are
    other keys, for the condition keys of a policy the same
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html).
    """
    for key, value in wanted.items():
        if not is_legal(key, value):
            return Illegal(key)
    if _rank_present(present, catalogue) > catalogue.sensitivities.index(wanted["sensitivity"]):
        return Conflict(present=_describe(present), wanted=_describe(wanted))
    foreign = {key: value for key, value in present.items() if key.lower() not in catalogue.governed_tags}
    merged = foreign | dict(wanted)
    if merged == dict(present):
        return Keep()
    if len(merged) > TAG_LIMIT:
        return QuotaExceeded(foreign=len(foreign))
    return Write(merged)


def is_legal(key: str, value: str) -> bool:
    """Whether S3 takes this tag."""
    return (
        0 < len(key) <= KEY_LIMIT
        and len(value) <= VALUE_LIMIT
        and not key.lower().startswith("aws:")
        and _LEGAL.fullmatch(key) is not None
        and _LEGAL.fullmatch(value) is not None
    )


def _rank_present(present: Mapping[str, str], catalogue: Catalogue) -> int:
    """How sensitive the object is marked now: -1 for not at all, above the highest for a mark the catalogue lacks.

    The mark of an unclassified file says "not known yet", so a class that has since been added may replace it.
    """
    known, unclassified = catalogue.sensitivities, catalogue.unclassified
    classes, marks = _values(present, "data_class"), _values(present, "sensitivity")
    if classes == [unclassified["data_class"]] and set(marks) <= {unclassified["sensitivity"]}:
        return -1
    for data_class in classes:
        of_class = catalogue.sensitivity_of(data_class)
        marks.append(unclassified["sensitivity"] if data_class == unclassified["data_class"] else of_class or "unknown")
    return max((known.index(mark) if mark in known else len(known) for mark in marks), default=-1)


def _values(present: Mapping[str, str], name: str) -> list[str]:
    """Of a key in any case."""
    return [value for key, value in present.items() if key.lower() == name]


def _describe(tags: Mapping[str, str]) -> str:
    return f"{tags.get('data_class', 'no class')} ({tags.get('sensitivity', 'no sensitivity')})"
