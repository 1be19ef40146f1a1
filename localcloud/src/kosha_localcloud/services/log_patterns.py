"""Filter patterns of CloudWatch Logs: does a log event match?

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html. Patterns for text (terms, phrases,
``?`` for any of several, ``-`` for none, ``%regex%``) and for JSON (``{ $.a.b = "c" && ($.n > 1 || $.x IS NULL) }``)
are understood. Patterns for columns (``[a, b]``) are not, and refused: to let everything through would show nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Matches = Callable[[str], bool]
LENGTH = 1024

_MISSING = object()
_TOKEN = re.compile(
    r"""\s*(?:(?P<sign>\(|\)|&&|\|\||!=|<=|>=|=|<|>)|(?P<path>\$(?:\.[\w-]+|\[\d+\]|\[['"][^'"]+['"]\])+)
    |(?P<text>"(?:[^"\\]|\\.)*")|%(?P<regex>[^%]+)%|(?P<word>[\w.*:/+-]+))""",
    re.VERBOSE,
)
_STEP = re.compile(r"\.([\w-]+)|\[(\d+)\]|\[['\"]([^'\"]+)['\"]\]")
_TERM = re.compile(r'\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]+)%|([^\s"]+))')
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


class BadPattern(ValueError):
    """The pattern is wrong, or of a kind that the local cloud does not know."""


def compile_pattern(pattern: str) -> Matches:
    """What tells whether a message matches.

    Raises:
        BadPattern: it says what is wrong.
    """
    stripped = pattern.strip()
    if len(pattern) > LENGTH:
        raise BadPattern(f"the filter pattern has {len(pattern)} characters; CloudWatch Logs allows {LENGTH}")
    if not stripped:
        return lambda _: True
    if stripped.startswith("["):
        raise BadPattern("the local cloud knows filter patterns for text and JSON, none for columns")
    return _Json(stripped).compile() if stripped.startswith("{") else _text(stripped)


def _text(pattern: str) -> Matches:
    every: list[Matches] = []
    some: list[Matches] = []
    none: list[Matches] = []
    position = 0
    while position < len(pattern):
        found = _TERM.match(pattern, position)
        if found is None:
            raise BadPattern(f"the filter pattern is not understood from {pattern[position:]!r} on")
        sign, phrase, regex, word = found.groups()
        {"": every, "?": some, "-": none}[sign].append(_holds(phrase, regex, word))
        position = found.end()
    if every or none:
        # AWS: beside other terms those with ? are ignored.
        return lambda message: all(each(message) for each in every) and not any(each(message) for each in none)
    return lambda message: any(each(message) for each in some)


def _holds(phrase: str | None, regex: str | None, word: str | None) -> Matches:
    if regex is not None:
        expression = _regex(regex)
        return lambda message: expression.search(message) is not None
    term = re.sub(r"\\(.)", r"\1", phrase) if phrase is not None else word or ""
    return lambda message: term in message


def _regex(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise BadPattern(f"the regular expression %{text}% is wrong: {error}") from error


type Test = Callable[[Any], bool]


class _Json:
    """A recursive descent over the tokens of a JSON pattern."""

    def __init__(self, pattern: str) -> None:
        if not pattern.endswith("}"):
            raise BadPattern("a JSON filter pattern ends with }")
        inner = pattern[1:-1]
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while inner[position:].strip():
            found = _TOKEN.match(inner, position)
            if found is None:
                raise BadPattern(f"the filter pattern is not understood from {inner[position:]!r} on")
            kind = str(found.lastgroup)
            self._tokens.append((kind, found[kind]))
            position = found.end()
        self._at = 0

    def compile(self) -> Matches:
        test = self._any()
        if self._at < len(self._tokens):
            raise BadPattern(f"the filter pattern has {self._tokens[self._at][1]!r} where it should end")

        def matches(message: str) -> bool:
            try:
                document = json.loads(message)
            except (ValueError, RecursionError):
                return False
            return isinstance(document, dict) and test(document)

        return matches

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _next(self, *kinds: str) -> tuple[str, str]:
        kind, text = self._peek()
        if kind not in kinds:
            raise BadPattern(f"the filter pattern has {text or 'its end'!r} where {' or '.join(kinds)} should be")
        self._at += 1
        return kind, text

    def _any(self) -> Test:
        tests = [self._all()]
        while self._peek() == ("sign", "||"):
            self._at += 1
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda document: any(each(document) for each in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._peek() == ("sign", "&&"):
            self._at += 1
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda document: all(each(document) for each in tests)

    def _one(self) -> Test:
        if self._peek() == ("sign", "("):
            self._at += 1
            test = self._any()
            if self._next("sign")[1] != ")":
                raise BadPattern("the filter pattern lacks a closing parenthesis")
            return test
        path = self._next("path")[1]
        kind, sign = self._next("sign", "word")
        if kind == "word":
            return self._state(path, sign)
        if sign in ("(", ")", "&&", "||"):
            raise BadPattern(f"the filter pattern has {sign!r} behind {path}: a comparison should be there")
        return _compare(path, sign, *self._next("text", "word", "regex"))

    def _state(self, path: str, first: str) -> Test:
        words = f"{first} {self._next('word')[1]}".upper()
        states: dict[str, Test] = {
            "IS NULL": lambda value: value is None,
            "IS TRUE": lambda value: value is True,
            "IS FALSE": lambda value: value is False,
            "NOT EXISTS": lambda value: value is _MISSING,
        }
        if words not in states:
            raise BadPattern(f"{words!r} is no condition: use {', '.join(states)}")
        return lambda document: states[words](field_at(document, path))


def _compare(path: str, sign: str, kind: str, text: str) -> Test:
    if kind == "word" and _NUMBER.fullmatch(text):
        number = float(text)
        tests: dict[str, Callable[[float], bool]] = {
            "=": lambda value: value == number,
            "!=": lambda value: value != number,
            "<": lambda value: value < number,
            "<=": lambda value: value <= number,
            ">": lambda value: value > number,
            ">=": lambda value: value >= number,
        }

        def numeric(document: Any) -> bool:
            value = field_at(document, path)
            return type(value) in (int, float) and tests[sign](value)

        return numeric
    if sign not in ("=", "!="):
        raise BadPattern(f"{path} {sign} {text}: texts can be = or != only")
    if kind == "regex":
        found = _regex(text).search
    else:
        wanted = re.sub(r"\\(.)", r"\1", text[1:-1]) if kind == "text" else text
        found = re.compile(".*".join(map(re.escape, wanted.split("*"))), re.DOTALL).fullmatch

    def textual(document: Any) -> bool:
        value = field_at(document, path)
        return isinstance(value, str) and (found(value) is not None) == (sign == "=")

    return textual


def field_at(document: Any, path: str) -> Any:
    """What lies at a path of a JSON document; something that is equal to nothing where there is nothing."""
    value = document
    for name, index, quoted in _STEP.findall(path):
        if index:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else _MISSING
        else:
            value = value.get(name or quoted, _MISSING) if isinstance(value, dict) else _MISSING
    return value
