"""What a Markdown document names: links, headings, commands."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

REPOSITORY = Path(__file__).parents[2]

_FENCE = re.compile(r"^ *(```+|~~~+).*?^ *\1 *$", re.M | re.S)
_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.S)
# A link's target, at one level of parentheses; pictures are links too.
_LINK = re.compile(r"\]\(\s*<?((?:[^()\s>]|\([^()\s]*\))+)>?(?:\s+\"[^\"]*\")?\s*\)")
_REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]:\s+<?(\S+?)>?\s*$", re.M)
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*$", re.M)
_HTML_ANCHOR = re.compile(r"<a\s+(?:id|name)=\"([^\"]+)\"")
# Where a command begins: of a line, or behind what joins commands; settings and sudo may stand before it.
_COMMAND = re.compile(r"(?:^|[;&|(]|\$ )\s*(?:sudo\s+|nice\s+|[A-Z_]+=\S+\s+)*make\s+([a-z][a-z-]*)", re.M)


def documents() -> list[Path]:
    """Every Markdown file git knows, or would."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return sorted(path for line in listed if (path := REPOSITORY / line).exists())


def name(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def code_blocks(text: str) -> list[str]:
    """The content of each fenced block of commands: those that are called something else (text, mermaid) are none."""
    blocks = [match[0].strip().splitlines() for match in _FENCE.finditer(text)]
    return ["\n".join(lines[1:-1]) for lines in blocks if lines[0].strip("`~ ") in {"", "sh", "bash"}]


def links(text: str) -> list[str]:
    """The targets of all links outside of code."""
    prose = _CODE.sub("", _FENCE.sub("", text))
    return _LINK.findall(prose) + _REFERENCE.findall(prose)


def anchors(text: str) -> set[str]:
    """What can stand behind ``#`` in a link: each heading as GitHub names it, a second of a name with ``-1``.

    Rule: https://docs.github.com/en/get-started/writing-on-github (section links)
    """
    found: dict[str, int] = {}
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        shown = re.sub(r"\]\([^)]*\)", "", heading).replace("[", "").replace("`", "").replace("*", "")
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        found[slug] = found.get(slug, 0) + 1
    return {
        slug if number == 0 else f"{slug}-{number}" for slug, times in found.items() for number in range(times)
    } | set(_HTML_ANCHOR.findall(text))


def targets(text: str) -> set[str]:
    """The make targets it tells people to type: in blocks of code and in code within lines."""
    blocks = [re.sub(r"(^|\s)#.*$", "", block, flags=re.M) for block in code_blocks(text)]
    spans = [match[2] for match in _CODE.finditer(_FENCE.sub("", text))]
    return {target for code in (*blocks, *spans) for target in _COMMAND.findall(code)}


def broken(document: Path, text: str) -> Iterator[str]:
    """The links of ``text``, which stands in ``document``, that lead nowhere in this repository."""
    for link in links(text):
        if re.match(r"[a-z][a-z+.-]*:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = document.parent / path if path else document
        if not target.exists():
            yield f"{link}: no such file"
        elif anchor and target.suffix == ".md":
            there = text if target == document else target.read_text(encoding="utf-8")
            if anchor not in anchors(there):
                yield f"{link}: no such heading"
