"""Condition operators as IAM's documentation has them, with a key, without it, and with several values."""

from __future__ import annotations

import pytest
from kosha_access.conditions import PolicyError, context, holds, like, resolve


def true(operator: str, wanted: object, *values: str, key: str = "aws:key") -> bool:
    return holds({operator: {key: wanted}}, context({"AWS:Key": values} if values else {}))


@pytest.mark.parametrize(
    ("operator", "wanted", "same", "other"),
    [
        ("StringEquals", "alpha", "alpha", "Alpha"),
        ("StringEqualsIgnoreCase", "Alpha", "alpha", "beta"),
        ("StringLike", "al*a?", "alphas", "beta"),
        ("NumericEquals", "10", "10.0", "11"),
        ("NumericLessThan", "10", "9", "10"),
        ("NumericLessThanEquals", 10, "10", "11"),
        ("NumericGreaterThan", "10", "11", "10"),
        ("NumericGreaterThanEquals", "10", "10", "9"),
        ("DateEquals", "2026-01-01T00:00:00Z", "1767225600", "2026-01-02T00:00:00Z"),
        ("DateLessThan", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"),
        ("DateGreaterThan", "2026-01-01", "2026-01-01T05:30:01+05:30", "2026-01-01T05:30:00+05:30"),
        ("Bool", True, "true", "false"),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", "b3RoZXI="),
        ("IpAddress", "203.0.113.0/24", "203.0.113.9", "203.0.114.9"),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", "203.0.113.9"),
        ("ArnLike", "arn:aws:sns:*:123456789012:t*", "arn:aws:sns:ap-south-1:123456789012:t:u", "arn:aws:sns:x:1:t"),
        ("ArnEquals", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a/b", "arn:aws:iam::1:user/a"),
    ],
)  # fmt: skip
def test_an_operator_with_its_negation_and_without_the_key(
    operator: str, wanted: object, same: str, other: str
) -> None:
    assert true(operator, wanted, same)
    assert not true(operator, wanted, other)
    assert not true(operator, wanted)
    assert true(f"{operator}IfExists", wanted)
    assert not true(f"{operator}IfExists", wanted, other)
    negations = {"StringEquals", "StringEqualsIgnoreCase", "StringLike", "NumericEquals", "DateEquals", "ArnLike"}
    if operator in negations:
        negation = f"{operator[:-6]}NotEquals" if operator.endswith("Equals") else f"{operator[:-4]}NotLike"
        negation = "StringNotEqualsIgnoreCase" if operator == "StringEqualsIgnoreCase" else negation
        assert not true(negation, wanted, same)
        assert true(negation, wanted, other)
        assert true(negation, wanted), "a key that is not there differs from every value"


def test_values_are_alternatives_and_keys_are_not() -> None:
    assert true("StringEquals", ["a", "b"], "b")
    assert not true("StringNotEquals", ["a", "b"], "b")
    known = context({"k1": "a", "k2": "b"})
    assert holds({"StringEquals": {"k1": "a", "K2": "b"}}, known)
    assert not holds({"StringEquals": {"k1": "a", "k2": "c"}}, known)
    assert not holds({"StringEquals": {"k1": "a"}, "StringLike": {"k2": "c*"}}, known)


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
        ("ForAllValues:StringEquals", (), True),
        ("ForAllValues:StringEquals", ("environment",), True),
        ("ForAllValues:StringEquals", ("environment", "cost-center"), True),
        ("ForAllValues:StringEquals", ("environment", "dept"), False),
        ("ForAllValues:StringEquals", ("dept",), False),
        ("ForAnyValue:StringEquals", (), False),
        ("ForAnyValue:StringEquals", ("environment", "dept"), True),
        ("ForAnyValue:StringEquals", ("dept",), False),
        ("ForAnyValue:StringNotEquals", (), False),
        ("ForAnyValue:StringNotEquals", ("environment", "dept"), True),
        ("ForAnyValue:StringNotEquals", ("environment",), False),
        ("ForAllValues:StringNotEquals", ("environment", "dept"), False),
        ("ForAllValues:StringNotEquals", ("dept",), True),
    ],
)
def test_several_values(operator: str, values: tuple[str, ...], expected: bool) -> None:
    assert true(operator, ["environment", "cost-center"], *values) is expected


def test_null_asks_whether_a_key_is_there() -> None:
    assert true("Null", "true")
    assert not true("Null", "true", "x")
    assert true("Null", False, "x")
    assert not true("Null", "false")


def test_variables_come_from_the_request_and_are_no_wildcards() -> None:
    known = context({"aws:username": "a*", "aws:PrincipalTag/project": "alpha"})
    assert resolve("${aws:PrincipalTag/project}/x", known) == "alpha/x"
    assert resolve("${aws:PrincipalTag/site}", known) is None
    assert resolve("${aws:PrincipalTag/site, 'none'}", known) == "none"
    assert like(resolve("home/${aws:username}/?", known) or "", "home/a*/1")
    assert not like(resolve("home/${aws:username}/?", known) or "", "home/ab/1")
    assert like(resolve("what${?}", known) or "", "what?")
    assert not like(resolve("what${?}", known) or "", "what!")
    equals = {"StringEquals": {"tag": "${aws:PrincipalTag/project}"}}
    assert holds(equals, {**known, "tag": ["alpha"]})
    assert not holds({"StringEquals": {"tag": "${aws:PrincipalTag/site}"}}, {**known, "tag": ["alpha"]})
    assert not holds(equals, context({"tag": ""}))


@pytest.mark.parametrize("operator", ["StringEqual", "ForSomeValues:StringEquals", "NullIfExists", "ArnNotLikes"])
def test_what_is_no_operator_is_refused(operator: str) -> None:
    with pytest.raises(PolicyError, match="there is no condition operator"):
        true(operator, "x", "x")
