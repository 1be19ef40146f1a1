"""The condition block of a statement.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and, for keys with
several values, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache, partial

Context = Mapping[str, Sequence[str]]
"""Condition key in small letters -> its values. A key that the request lacks is not in it."""


class PolicyError(ValueError):
    """A policy is not as IAM's grammar has it; the message says where."""


def context(values: Mapping[str, str | Sequence[str]]) -> Context:
    """Keys in any case, and single values as they are."""
    return {key.lower(): [value] if isinstance(value, str) else list(value) for key, value in values.items()}


# --------------------------------------------------------------------------------------------- patterns and variables


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(sign, re.escape(sign)) for sign in pattern), re.DOTALL)


@lru_cache(maxsize=65536)
def like(pattern: str, value: str) -> bool:
    """``*`` is any text, ``?`` any sign; case counts. (Literal ones come from :func:`resolve` as private signs.)"""
    if "*" in value or "?" in value:
        value = value.translate(_PRIVATE)
    if "*" not in pattern and "?" not in pattern:
        return pattern == value
    return _expression(pattern).fullmatch(value) is not None


_LITERALS = {"*": "\ue000", "?": "\ue001", "$": "$"}
_PRIVATE = str.maketrans({sign: private for sign, private in _LITERALS.items() if sign != "$"})
_PUBLIC = str.maketrans({private: sign for sign, private in _LITERALS.items() if sign != "$"})
_VARIABLE = re.compile(r"\$\{\s*([^}]*?)\s*\}")
_DEFAULT = re.compile(r"^([^,]+?)\s*,\s*'(.*)'$")


def resolve(text: str, known: Context) -> str | None:
    """A text with its policy variables replaced; None when one has no value and no default.

    What comes from the request is never a wildcard
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html).
    """
    if "${" not in text:
        return text
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        name = found[1]
        if name in _LITERALS:
            return _LITERALS[name]
        default = _DEFAULT.match(name)
        values = known.get((default[1] if default else name).lower(), [])
        if len(values) == 1:
            return values[0].translate(_PRIVATE)
        if default:
            return default[2].translate(_PRIVATE)
        missing = True
        return ""

    resolved = _VARIABLE.sub(value, text)
    return None if missing else resolved


# --------------------------------------------------------------------------------------------------------- operators


def _arn_like(pattern: str, value: str) -> bool:
    """Each of the six parts by itself."""
    wanted, given = pattern.split(":", 5), value.split(":", 5)
    return len(wanted) == len(given) == 6 and all(map(like, wanted, given))


@cache
def _ip(network: str, value: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _moment(text: str) -> float | None:
    """In seconds since 1970; a date without a zone is UTC."""
    try:
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return float(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _compared(
    read: Callable[[str], float | None], holds: Callable[[float, float], bool], wanted: str, value: str
) -> bool:
    one, other = read(wanted), read(value)
    return one is not None and other is not None and holds(other, one)


def _binary(wanted: str, value: str) -> bool:
    try:
        return base64.b64decode(wanted, validate=True) == base64.b64decode(value, validate=True)
    except binascii.Error:
        return False


Test = Callable[[str, str], bool]
"""(value in the policy, value of the request) -> whether it matches."""

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "Equals": lambda value, wanted: value == wanted,
    "LessThan": lambda value, wanted: value < wanted,
    "LessThanEquals": lambda value, wanted: value <= wanted,
    "GreaterThan": lambda value, wanted: value > wanted,
    "GreaterThanEquals": lambda value, wanted: value >= wanted,
}


def _plain(text: str) -> str:
    return text.translate(_PUBLIC)


OPERATORS: dict[str, Test] = {
    "StringEquals": lambda wanted, value: _plain(wanted) == value,
    "StringEqualsIgnoreCase": lambda wanted, value: _plain(wanted).lower() == value.lower(),
    "StringLike": like,
    "Bool": lambda wanted, value: _plain(wanted).lower() == value.lower(),
    "BinaryEquals": _binary,
    "IpAddress": _ip,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    **{f"Numeric{name}": partial(_compared, _number, holds) for name, holds in _COMPARISONS.items()},
    **{f"Date{name}": partial(_compared, _moment, holds) for name, holds in _COMPARISONS.items()},
}
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
SETS = ("ForAllValues", "ForAnyValue")


@cache
def split(operator: str) -> tuple[str, str, bool]:
    """Set operator or empty, operator, whether ``IfExists``; raises :class:`PolicyError` for what is none."""
    quantifier, colon, rest = operator.partition(":")
    if not colon:
        quantifier, rest = "", operator
    name = rest.removesuffix("IfExists")
    known = name in OPERATORS or name in NEGATED or (name == "Null" and rest == "Null")
    if not known or (quantifier and quantifier not in SETS):
        raise PolicyError(f"there is no condition operator {operator}")
    return quantifier, name, rest != name


def holds(block: Mapping[str, Mapping[str, object]], known: Context) -> bool:
    """Whether a condition block is true: every operator of every key."""
    return all(
        _holds(operator, key.lower(), _values(wanted, operator, key), known)
        for operator, keys in block.items()
        for key, wanted in keys.items()
    )


def _values(given: object, operator: str, key: str) -> list[str]:
    listed = given if isinstance(given, list) else [given]
    if not all(isinstance(each, str | bool | int | float) for each in listed):
        raise PolicyError(f"{operator} of {key}: a value is no text, number or truth value")
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in listed]


def _holds(operator: str, key: str, wanted: Iterable[str], known: Context) -> bool:
    quantifier, name, if_exists = split(operator)
    values = known.get(key, [])
    if name == "Null":
        return any((each.lower() == "true") == (not values) for each in wanted)
    # A variable without a value equals nothing.
    patterns = [each for each in (resolve(text, known) for text in wanted) if each is not None]
    negated = name in NEGATED
    test = OPERATORS[NEGATED.get(name, name)]

    def matches(value: str) -> bool:
        return any(test(pattern, value) for pattern in patterns) != negated

    if not values:
        return if_exists or quantifier == "ForAllValues" or (negated and not quantifier)
    if quantifier == "ForAllValues":
        return all(map(matches, values))
    if negated and not quantifier:
        return all(map(matches, values))
    return any(map(matches, values))
