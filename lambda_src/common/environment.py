"""Settings come from the environment, once, when the function starts cold."""

from __future__ import annotations

from collections.abc import Mapping


class MissingSetting(RuntimeError):
    """A variable the function cannot do without is not set."""


def required(environment: Mapping[str, str], name: str) -> str:
    """The value of ``name``.

    Raises:
        MissingSetting: it is absent or blank; Lambda then reports the name and marks every invocation as failed.
    """
    value = environment.get(name, "").strip()
    if not value:
        raise MissingSetting(f"the environment variable {name} is not set: give it to the function in terraform")
    return value


def positive_number(environment: Mapping[str, str], name: str, default: float | None = None) -> float:
    """The value of ``name`` as a number above zero, or ``default`` where it is not set.

    Raises:
        MissingSetting: it is set to something else, or not set where there is no default.
    """
    text = environment.get(name, "").strip()
    if not text and default is not None:
        return default
    text = required(environment, name)
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise MissingSetting(f"the environment variable {name} is {text!r}: give a number above zero")
    return number


def flag(environment: Mapping[str, str], name: str, default: bool = False) -> bool:
    """The value of ``name``, ``true`` or ``false``, or ``default`` where it is not set.

    Raises:
        MissingSetting: it is set to something else.
    """
    text = environment.get(name, "").strip().lower()
    if text not in ("", "true", "false"):
        raise MissingSetting(f"the environment variable {name} is {text!r}: give true or false")
    return text == "true" if text else default
