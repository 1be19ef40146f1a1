"""Metric math, as far as alarms and dashboards of the platform use it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html. A series is its values by the
number of their period; two series meet where both have a value. What is not understood is refused, never guessed.
"""

from __future__ import annotations

import ast
import math
import operator
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

type Series = dict[int, float]


@dataclass(frozen=True)
class Band:
    """What ANOMALY_DETECTION_BAND gives: the lowest and the highest value that is expected."""

    lower: Series
    upper: Series


type Value = float | Series | Band | list[Value]


class BadExpression(ValueError):
    """An expression that is not understood here."""


@dataclass(frozen=True)
class Scope:
    """What an expression can ask for.

    Args:
        values: The results of the other queries, by id.
        periods: How many periods the answer has, numbered from 0.
        seconds: The length of a period by the id of its query.
        history: Earlier values of a metric, from which a band is made.
    """

    values: Mapping[str, Value]
    periods: int
    seconds: Callable[[str], int]
    history: Callable[[str], Sequence[float]]


_ARITHMETIC: dict[type[ast.operator | ast.cmpop], Callable[[float, float], float | bool]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_REDUCE: dict[str, Callable[[Sequence[float]], float]] = {
    "SUM": math.fsum,
    "AVG": statistics.fmean,
    "MIN": min,
    "MAX": max,
}
_EACH: dict[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}


def calculate(expression: str, scope: Scope) -> Value:
    """The value of an expression. Raises :class:`BadExpression`."""
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except SyntaxError as error:
        raise BadExpression(f"metric math {expression!r} is not understood here: {error.msg}") from error
    return _Calculation(expression, scope).of(tree)


@dataclass(frozen=True)
class _Calculation:
    expression: str
    scope: Scope

    def of(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name) if name in self.scope.values:
                return self.scope.values[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _pairwise(operator.mul, -1.0, self._plain(operand))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return _pairwise(_ARITHMETIC[type(op)], self._plain(left), self._plain(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _ARITHMETIC:
                return _pairwise(_ARITHMETIC[type(op)], self._plain(left), self._plain(right))
            case ast.List(elts=elements):
                return [self.of(each) for each in elements]
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(name, arguments)
        raise self._bad(ast.unparse(node))

    def _call(self, name: str, arguments: list[ast.expr]) -> Value:
        match name, arguments:
            case "PERIOD", [ast.Name(id=metric)]:
                return float(self.scope.seconds(metric))
            case "ANOMALY_DETECTION_BAND", [ast.Name(id=metric), *width]:
                deviations = self.of(width[0]) if width else 2.0
                if isinstance(deviations, float):
                    return self._band(metric, deviations)
            case "FILL", [series, filling]:
                value, fill = self._plain(series), self.of(filling)
                if isinstance(value, dict) and isinstance(fill, float):
                    return {number: value.get(number, fill) for number in range(self.scope.periods)}
            case "IF", [condition, *branches] if 1 <= len(branches) <= 2:
                return self._choose(self._plain(condition), [self._plain(each) for each in branches])
            case reduction, [one] if reduction in _REDUCE:
                return self._reduce(_REDUCE[reduction], self.of(one))
            case function, [one] if function in _EACH:
                return _pairwise(lambda value, _: _EACH[function](value), self._plain(one), 0.0)
        raise self._bad(name)

    def _plain(self, node: ast.expr) -> float | Series:
        value = self.of(node)
        if isinstance(value, float | dict):
            return value
        raise self._bad(ast.unparse(node))

    def _bad(self, what: str) -> BadExpression:
        return BadExpression(f"metric math {self.expression!r} is not understood here, at {what}")

    def _reduce(self, reduction: Callable[[Sequence[float]], float], value: Value) -> Value:
        """A list of series gives a series, one series a number."""
        if isinstance(value, list):
            series = [each for each in value if isinstance(each, dict)]
            if len(series) != len(value):
                raise self._bad("a list that holds more than series")
            numbers = sorted({number for each in series for number in each})
            return {number: reduction([each[number] for each in series if number in each]) for number in numbers}
        if isinstance(value, dict):
            return reduction([*value.values()]) if value else {}
        raise self._bad("what is to be summed up")

    def _choose(self, condition: float | Series, branches: list[float | Series]) -> Series:
        tests = condition if isinstance(condition, dict) else dict.fromkeys(range(self.scope.periods), condition)
        chosen: Series = {}
        for number, test in tests.items():
            branch = branches[0] if test else branches[1] if len(branches) == 2 else {}
            value = branch.get(number) if isinstance(branch, dict) else branch
            if value is not None:
                chosen[number] = value
        return chosen

    def _band(self, metric: str, deviations: float) -> Band:
        """The mean of the past, and so many standard deviations around it. CloudWatch learns hours and weekdays."""
        past = self.scope.history(metric)
        if len(past) < 2:
            return Band({}, {})
        middle, spread = statistics.fmean(past), deviations * statistics.pstdev(past)
        numbers = range(self.scope.periods)
        return Band(dict.fromkeys(numbers, middle - spread), dict.fromkeys(numbers, middle + spread))


def _pairwise(
    function: Callable[[float, float], float | bool], left: float | Series, right: float | Series
) -> float | Series:
    def value(one: float, other: float) -> float | None:
        try:
            return float(function(one, other))
        except ZeroDivisionError:
            return None  # no value, as in CloudWatch

    if isinstance(left, float) and isinstance(right, float):
        number = value(left, right)
        return {} if number is None else number
    places = [set(each) for each in (left, right) if isinstance(each, dict)]
    found = {
        place: value(
            left[place] if isinstance(left, dict) else left, right[place] if isinstance(right, dict) else right
        )
        for place in sorted(set.intersection(*places))
    }
    return {place: number for place, number in found.items() if number is not None}
