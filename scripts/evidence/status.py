"""What a control's status is, computed from what its checks came to (docs/adr/0029).

The order matters: a failure is never hidden by something that was not run, and what was not run is never proved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scripts.evidence.controls import Check, Control


class Outcome(StrEnum):
    """What one check came to."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


class Status(StrEnum):
    """What a control's checks, together, say of it."""

    PROVED = "proved"
    FAILED = "failed"
    NOT_RUN = "not run"
    PLANNED = "planned"
    ORGANISATIONAL = "organisational"


@dataclass(frozen=True)
class Result:
    """What one check came to, on what (``where``), and its message or the reason why it was not run."""

    outcome: Outcome
    where: str = ""
    message: str = ""


@dataclass(frozen=True)
class Planned:
    """How many instances of a resource the plan of its root has; None if there is no such plan."""

    root: str
    address: str
    count: int | None


@dataclass(frozen=True)
class Judgement:
    """A status and the sentences that explain it."""

    status: Status
    reasons: tuple[str, ...] = ()


def judge(
    control: Control,
    results: Mapping[Check, Result],
    planned: Sequence[Planned],
    absent_files: Sequence[str],
) -> Judgement:
    """The status of one control. ``planned`` has an entry for each of its resources."""
    if control.kind == "organisational":
        return Judgement(Status.ORGANISATIONAL, (control.must,))
    if control.kind == "planned":
        return Judgement(Status.PLANNED, (control.missing,))
    if absent_files:
        return Judgement(Status.PLANNED, (control.missing, f"Not there yet: {', '.join(absent_files)}."))
    found = {check: results.get(check, Result(Outcome.NOT_RUN, message="no result")) for check in control.checks}
    failures = [f"{check.name} failed." for check, result in found.items() if result.outcome is Outcome.FAILED]
    failures += [f"The plan of {each.root} has no {each.address}." for each in planned if each.count == 0]
    if failures:
        return Judgement(Status.FAILED, tuple(failures))
    if not found:
        return Judgement(Status.NOT_RUN, ("No check is named, so nothing can be proved.",))
    open_ones = [
        f"{check.name}: {result.message}" for check, result in found.items() if result.outcome is not Outcome.PASSED
    ]
    open_ones += [f"{each.root} was not planned." for each in planned if each.count is None]
    if open_ones:
        return Judgement(Status.NOT_RUN, tuple(open_ones))
    return Judgement(Status.PROVED)
