"""The rule of a composite alarm (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html)."""

from __future__ import annotations

import re
from collections.abc import Callable

type States = Callable[[str], str | None]
"""The state of an alarm by its name or ARN; none for one that is not there."""

_TOKEN = re.compile(
    r'\s*(?:(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"(?P<quoted>[^"]+)"|(?P<plain>[^"()\s]+))\s*\)'
    r"|(?P<word>AND|OR|NOT|TRUE|FALSE|\(|\)))"
)


class BadRule(ValueError):
    """A rule that is not one."""


class Rule:
    """A rule: ``NOT`` before ``AND`` before ``OR``. Raises :class:`BadRule`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens: list[re.Match[str]] = []
        place = 0
        while text[place:].strip():
            token = _TOKEN.match(text, place)
            if token is None:
                raise BadRule(f"the rule {text!r} is not understood at {text[place:].strip()[:40]!r}")
            self._tokens.append(token)
            place = token.end()
        self._next = 0
        self._test = self._any()
        if self._next != len(self._tokens):
            raise BadRule(f"the rule {text!r} goes on behind its end")

    @property
    def names(self) -> list[str]:
        """The alarms it asks for, as it names them."""
        return [token["quoted"] or token["plain"] for token in self._tokens if token["state"]]

    def holds(self, states: States) -> bool:
        """Whether it holds while the alarms are in these states."""
        return self._test(states)

    def _word(self) -> str | None:
        return self._tokens[self._next]["word"] if self._next < len(self._tokens) else None

    def _any(self) -> Callable[[States], bool]:
        tests = [self._all()]
        while self._word() == "OR":
            self._next += 1
            tests.append(self._all())
        return lambda states: any(test(states) for test in tests)

    def _all(self) -> Callable[[States], bool]:
        tests = [self._one()]
        while self._word() == "AND":
            self._next += 1
            tests.append(self._one())
        return lambda states: all(test(states) for test in tests)

    def _one(self) -> Callable[[States], bool]:
        if self._next >= len(self._tokens):
            raise BadRule(f"the rule {self.text!r} ends too early")
        token = self._tokens[self._next]
        self._next += 1
        if token["state"]:
            name, wanted = token["quoted"] or token["plain"], token["state"]
            return lambda states: states(name) == wanted
        match token["word"]:
            case "NOT":
                test = self._one()
                return lambda states: not test(states)
            case "TRUE" | "FALSE" as word:
                return lambda _: word == "TRUE"
            case "(":
                test = self._any()
                if self._word() != ")":
                    raise BadRule(f"the rule {self.text!r} lacks a closing parenthesis")
                self._next += 1
                return test
        raise BadRule(f"the rule {self.text!r} has {token['word']} where an alarm should stand")
