"""What is asked for, which objects that concerns, what it costs, and which method is chosen. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import quote, unquote_plus

from common.catalogue import Catalogue
from common.modes import BadRequest
from common.tagging import Aim, Outcome, Result, aim_at

DEFAULT_HOURS = 24.0
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FIELDS = frozenset(
    {
        "mode",
        "prefix",
        "project",
        "modified_since",
        "finish_within_hours",
        "run",
        "method",
        "versions",
        "schedule",
    }
)


class Mode(StrEnum):
    """What a call asks for. A call without a mode goes on with the open run."""

    ESTIMATE = "estimate"
    APPLY = "apply"
    CANCEL = "cancel"
    CONTINUE = "continue"


class Method(StrEnum):
    """Who writes the tags: this function, or jobs of S3 Batch Operations."""

    DIRECT = "direct"
    BATCH = "batch"


@dataclass(frozen=True)
class Request:
    """What a call asks for, checked. ``run`` is ``""`` where the open run is to be cancelled, whichever it is."""

    mode: Mode
    run: str
    prefix: str = ""
    project: str = ""
    modified_since: datetime | None = None
    finish_within_hours: float = DEFAULT_HOURS
    method: Method | None = None
    versions: bool = False

    def parameters(self) -> dict[str, Any]:
        """As JSON, for the run's document."""
        return {
            "mode": self.mode.value,
            "run": self.run,
            "prefix": self.prefix,
            "project": self.project,
            "modified_since": self.modified_since.isoformat() if self.modified_since else None,
            "finish_within_hours": self.finish_within_hours,
            "method": self.method.value if self.method else None,
            "versions": self.versions,
        }


def read_request(event: Any, call_id: str) -> Request:
    """The request in an event; ``call_id`` names the run where the event does not (Lambda's retries repeat it).

    Raises:
        BadRequest: the event makes no sense.
    """
    if not isinstance(event, Mapping):
        raise BadRequest('the event is no JSON object: send {"mode": "estimate"}')
    if unknown := sorted(set(event) - _FIELDS):
        raise BadRequest(f"unknown: {', '.join(map(str, unknown))}; known are {', '.join(sorted(_FIELDS))}")
    mode = _one_of(Mode, event.get("mode") or Mode.CONTINUE, "mode")
    run = event.get("run") or ("" if mode is Mode.CANCEL else f"{mode.value}-{call_id}")
    if run and (not isinstance(run, str) or not _RUN_ID.fullmatch(run)):
        raise BadRequest(f"run is {run!r}: give up to 64 letters, digits, dots, underscores and hyphens")
    hours = event.get("finish_within_hours")
    if hours is not None and (isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours < 1e4):
        raise BadRequest(f"finish_within_hours is {hours!r}: give a number above zero")
    versions = event.get("versions") or False
    if not isinstance(versions, bool):
        raise BadRequest(f"versions is {versions!r}: give true or false")
    return Request(
        mode=mode,
        run=run,
        prefix=_text(event, "prefix"),
        project=_text(event, "project"),
        modified_since=_moment(event.get("modified_since")),
        finish_within_hours=float(hours) if hours is not None else DEFAULT_HOURS,
        method=_one_of(Method, event["method"], "method") if event.get("method") else None,
        versions=versions,
    )


def _one_of[Choice: StrEnum](kind: type[Choice], value: Any, name: str) -> Choice:
    try:
        return kind(value)
    except ValueError:
        raise BadRequest(f"{name} is {value!r}: give one of {', '.join(kind)}") from None


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name) or ""
    if not isinstance(value, str):
        raise BadRequest(f"{name} is {value!r}: give a text")
    return value


def _moment(value: Any) -> datetime | None:
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadRequest(f"modified_since is {value!r}: give a time such as 2026-01-15T04:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Entry(NamedTuple):
    """An object, or a version of one where ``version_id`` is set, as listed."""

    key: str
    version_id: str | None
    modified: datetime


def concerns(entry: Entry, request: Request) -> bool:
    """Whether the request is about this object. A project is the second folder of a key."""
    if entry.key.endswith("/"):
        return False
    if request.modified_since is not None and entry.modified < request.modified_since:
        return False
    folders = entry.key.split("/")
    return not request.project or (len(folders) > 2 and folders[1] == request.project)


def work_of(entry: Entry, request: Request, catalogue: Catalogue) -> Aim | Result:
    """What to do for a listed object."""
    if not concerns(entry, request):
        return Result(entry.key, Outcome.NOT_A_FILE)
    return aim_at(entry.key, entry.version_id, catalogue)


# ---------------------------------------------------------------------------------------------- money and time


@dataclass(frozen=True)
class Prices:
    """US dollars, for S3 Standard and Lambda on arm64 in ap-south-1.

    Stated 2026-11-24. The lists (https://aws.amazon.com/s3/pricing/, https://aws.amazon.com/lambda/pricing/) could
    not be read on that day: look there before you rely on a large estimate. Second-hand: requests by
    https://c3x.dev/blog/s3-request-fees-explained (no region named), the fee of a job by
    https://sysdesign-wiki.pages.dev/systems/s3-batch-operations/. From memory, not verified: the fee for a million
    objects, Lambda's price, that ap-south-1 costs the same, that tagging is charged as PUT and reading tags as GET.
    """

    put_per_1000: float = 0.005
    list_per_1000: float = 0.005
    get_per_1000: float = 0.0004
    lambda_gb_second: float = 0.0000133334
    batch_job: float = 0.25
    batch_per_million_objects: float = 1.00


@dataclass(frozen=True)
class Speeds:
    """What is assumed until a survey has measured better; none of it is promised by AWS."""

    # 16 workers at 40 ms a call.
    calls_per_second: float = 400.0
    # Of one job. S3 takes 3,500 writes a second for a prefix
    # (https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html).
    batch_objects_per_second: float = 1000.0
    # Preparing a job, and until the next call of the schedule sees that it has ended.
    batch_overhead_hours: float = 0.5


LIST_PAGE = 1000
# How many groups the objects fall into where no survey has counted them.
ASSUMED_GROUPS = 40


@dataclass(frozen=True)
class Plan:
    """What a method costs and how long it takes."""

    method: Method
    calls: int
    jobs: int
    dollars: float
    hours: float

    def document(self) -> dict[str, Any]:
        """For people."""
        return {
            "method": self.method.value,
            "api_calls": self.calls,
            "jobs": self.jobs,
            "dollars": round(self.dollars, 4),
            "hours": round(self.hours, 2),
        }


def plans(
    objects: int,
    to_write: int,
    groups: int,
    memory_gb: float,
    batched: int | None = None,
    prices: Prices | None = None,
    speeds: Speeds | None = None,
) -> dict[Method, Plan]:
    """Both methods for ``to_write`` of ``objects``. Either must list, and read every object's tags to keep others'.

    ``groups`` of ``batched`` objects (all where not given) are large enough for jobs; the function tags the rest.
    """
    batched = to_write if batched is None else batched
    prices, speeds = prices or Prices(), speeds or Speeds()
    pages = -(-objects // LIST_PAGE)
    requests = pages * prices.list_per_1000 / 1000 + objects * prices.get_per_1000 / 1000
    requests += to_write * prices.put_per_1000 / 1000
    reading = (pages + objects) / speeds.calls_per_second
    writing = to_write / speeds.calls_per_second
    jobs = groups if batched else 0
    fees = jobs * prices.batch_job + batched * prices.batch_per_million_objects / 1e6
    rest = (to_write - batched) / speeds.calls_per_second
    working = batched / speeds.batch_objects_per_second
    calls = pages + objects + to_write
    second = memory_gb * prices.lambda_gb_second
    return {
        Method.DIRECT: Plan(
            Method.DIRECT, calls, 0, requests + (reading + writing) * second, (reading + writing) / 3600
        ),
        Method.BATCH: Plan(
            Method.BATCH,
            calls,
            jobs,
            requests + (reading + rest) * second + fees,
            (reading + rest + working) / 3600 + (speeds.batch_overhead_hours if jobs else 0.0),
        ),
    }


def choose(offered: Mapping[Method, Plan], within_hours: float) -> Method:
    """The cheapest method that ends in time; where none does, the quickest."""
    in_time = [plan for plan in offered.values() if plan.hours <= within_hours]
    if in_time:
        return min(in_time, key=lambda plan: (plan.dollars, plan.hours)).method
    return min(offered.values(), key=lambda plan: (plan.hours, plan.dollars)).method


# ---------------------------------------------------------------------------------------------- groups, manifests


def group_of(tags: Mapping[str, str]) -> str:
    """The name of a complete tag set: a job writes one set, and replaces the whole set of every object."""
    return hashlib.sha256(json.dumps(sorted(tags.items())).encode()).hexdigest()[:16]


def manifest_line(bucket: str, key: str, version_id: str | None) -> bytes:
    """A line of a manifest: no header, keys URL-encoded
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-create-job.html#specify-batchjob-manifest).
    Encoded text holds neither commas nor quotes nor line ends, so nothing more is to be escaped."""
    encoded = quote(key, safe="/", errors="surrogatepass")  # a space is %20: right for either kind of decoder
    return f"{bucket},{encoded},{version_id or ''}\n".encode("ascii")


def read_line(line: str) -> tuple[str, str | None]:
    """Key and version of a line of a manifest."""
    _, key, version = line.rstrip("\r\n").split(",")[:3]
    return unquote_plus(key), version or None


def token_of(run: str, group: str) -> str:
    """The client request token of a job: the same run and group never make two (1 to 64 characters)."""
    return hashlib.sha256(f"{run}/{group}".encode()).hexdigest()
