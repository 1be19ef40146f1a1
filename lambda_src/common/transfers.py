"""The transfers: each is a DataSync task that copies one directory of the shared storage to the data lake.

Which there are, and how often each runs, is ``transfers`` of catalog/shared-storage.yaml; Terraform adds the ARNs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from common.environment import MissingSetting, required
from common.slots import CALLED_EVERY

SETTING = "TRANSFERS"
# The states in which an execution of a task ends. One that ends in ERROR has copied everything but what it failed at.
ENDED = frozenset({"SUCCESS", "ERROR"})


@dataclass(frozen=True)
class Transfer:
    """``directory`` is copied to the keys below ``lake_prefix`` (``""``: the whole lake), ``every`` so often; its task
    reports lie below ``report_prefix``. No prefix has a slash at either end."""

    name: str
    task_arn: str
    directory: str
    every: timedelta
    report_prefix: str
    lake_prefix: str

    def key_of(self, path: str) -> str:
        """The key in the lake of a path that DataSync names: it begins with a slash, at the root of the location."""
        path = path.removeprefix("/")
        return f"{self.lake_prefix}/{path}" if self.lake_prefix else path


def of(environment: Mapping[str, str]) -> tuple[Transfer, ...]:
    """The transfers, from the JSON object in ``TRANSFERS``: name -> task_arn, directory, every_minutes, report_prefix,
    lake_prefix.

    Raises:
        MissingSetting: it is absent, or no such object, or a cadence is no multiple of the starter's calls.
    """
    text = required(environment, SETTING)
    try:
        return tuple(_transfer(name, each) for name, each in sorted(json.loads(text).items()))
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise MissingSetting(
            f"the environment variable {SETTING} cannot be used: {error!r}; terraform gives the function {text!r}"
        ) from None


def _transfer(name: str, document: Mapping[str, Any]) -> Transfer:
    every = timedelta(minutes=document["every_minutes"])
    # Slots are counted from midnight (common/slots.py).
    if every <= timedelta(0) or every % CALLED_EVERY or timedelta(days=1) % every:
        raise ValueError(f"{name} runs every {every}; the starter can do that every {CALLED_EVERY} or a multiple of it")
    return Transfer(
        name=name,
        task_arn=document["task_arn"],
        directory=document["directory"],
        every=every,
        report_prefix=document["report_prefix"].strip("/"),
        lake_prefix=document["lake_prefix"].strip("/"),
    )


def for_each[T](transfers: Iterable[Transfer], run: Callable[[Transfer], T]) -> dict[str, T]:
    """Name -> result. What goes wrong with one transfer keeps no other from its turn.

    Raises:
        What ``run`` raised, once all have had their turn; an ExceptionGroup where it did so more than once.
    """
    results: dict[str, T] = {}
    errors: list[Exception] = []
    for transfer in transfers:
        try:
            results[transfer.name] = run(transfer)
        except Exception as error:
            error.add_note(f"transfer {transfer.name}")
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ExceptionGroup("; ".join(f"{type(error).__name__}: {error}" for error in errors), errors)
    return results
