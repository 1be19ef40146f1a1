"""Include and exclude filters.

A filter is one string of patterns divided by `|`. A pattern is matched against the whole path from the location's
root, `*` stands for any characters, `/` too, a backslash takes the special meaning from the character after it, and
whatever a matching folder holds matches. https://docs.aws.amazon.com/datasync/latest/userguide/filtering.html
"""

import re

from kosha_localcloud.services.operations import Document


class FilterError(ValueError):
    """A pattern that DataSync would refuse."""


def split_patterns(value: str) -> list[str]:
    """Divide a filter string at its unescaped bars, leaving out empty patterns."""
    patterns = re.findall(r"(?:\\.|[^|\\])+", value, flags=re.DOTALL)
    return [pattern for pattern in patterns if pattern]


def _regex(pattern: str) -> str:
    parts = re.findall(r"\\.|\*|[^\\*]+", pattern.rstrip("/") or "/", flags=re.DOTALL)
    return "".join(".*" if part == "*" else re.escape(part.removeprefix("\\")) for part in parts)


class Filter:
    """What a list of filter rules lets match. No rules match nothing; `bool(filter)` says whether there are any."""

    def __init__(self, rules: list[Document] | None) -> None:
        self.patterns = [pattern for rule in rules or [] for pattern in split_patterns(rule.get("Value", ""))]
        bodies = [_regex(pattern) for pattern in self.patterns]
        self._match = re.compile("|".join(f"(?:{body})(?:/.*)?" for body in bodies), re.DOTALL) if bodies else None

    def __bool__(self) -> bool:
        return bool(self.patterns)

    def matches(self, path: str) -> bool:
        """Say whether `path` (from the location's root, with a leading slash) or a folder above it matches."""
        return self._match is not None and self._match.fullmatch(path) is not None

    def may_lie_below(self, folder: str) -> bool:
        """Say whether something below `folder` can match though the folder itself does not."""
        below = folder.rstrip("/") + "/"
        return any(pattern.split("*", maxsplit=1)[0].startswith(below) for pattern in self.patterns)


def check_includes(rules: list[Document] | None) -> None:
    """Raise FilterError for an include pattern with `*` anywhere but at its end, which DataSync refuses."""
    for rule in rules or []:
        for pattern in split_patterns(rule.get("Value", "")):
            if "*" in pattern.replace("\\*", "")[:-1]:
                raise FilterError(f"Include pattern {pattern}: '*' may only be the last character.")
