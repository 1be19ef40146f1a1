"""Command line of the backfill (``make backfill``): tags what lies in the lake already, or says what that takes."""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError
from rich.table import Table

from scripts.handoff import client, read_handoff
from scripts.infrastructure.environments import Environment, load_environment
from scripts.talk import UserError, make_console, run_program

console = make_console()
# A call of the function lasts 15 minutes at most; while it lasts, its state is looked at.
LOOK_SECONDS = 3.0
WAIT_SECONDS = 15.0
THROTTLED = "throttled"
"""Of a call that did not reach the function; it is made again as it was."""
GOES_ON = ("under_way", "busy", "queued", THROTTLED)


def make_event(arguments: argparse.Namespace) -> dict[str, Any]:
    """The event of a first call: only what was given."""
    given = {
        "mode": arguments.mode,
        "prefix": arguments.prefix,
        "project": arguments.project,
        "modified_since": arguments.modified_since,
        "finish_within_hours": arguments.finish_within_hours,
        "method": arguments.method,
        "versions": arguments.versions,
        "run": arguments.run,
    }
    return {key: value for key, value in given.items() if value}


def read_reply(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The function's reply. Raises :class:`UserError` where the function failed or refused."""
    text = answer["Payload"].read().decode()
    if "FunctionError" in answer:
        raise UserError(f"the function failed: {text}\nthe run stays open and goes on within a quarter of an hour")
    reply: dict[str, Any] = json.loads(text)
    if reply["outcome"] == "refused":
        raise UserError(f"the function refused the call: {reply['problem']}")
    return reply


def passing(error: Exception) -> str:
    """The outcome of a call after which to ask again: two are at work already, or the answer took too long."""
    if isinstance(error, ClientError) and error.response["Error"]["Code"] == "TooManyRequestsException":
        return THROTTLED
    return "busy" if isinstance(error, ReadTimeoutError) else ""


class Backfill:
    """Calls the function until the run has ended, and shows how far it is."""

    def __init__(self, environment: Environment) -> None:
        arns = read_handoff(environment, "40-automation")["function_arns"]
        if "tag_backfill" not in arns:
            raise UserError(f"tag_backfill is not deployed in {environment.name}: make apply ENV={environment.name}")
        self._arn = arns["tag_backfill"]
        self._bucket = read_handoff(environment, "20-storage")["reports_bucket"]
        # A call may last as long as the function, and must not be sent twice by a client that lost patience.
        patient = Config(read_timeout=910, retries={"total_max_attempts": 1})
        self._functions = client(environment, "lambda", config=patient)
        self._s3 = client(environment, "s3")

    def call(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """One call, with a line that shows what the run has done meanwhile."""
        box: list[Any] = []

        def invoke() -> None:
            try:
                box.append(self._functions.invoke(FunctionName=self._arn, Payload=json.dumps(event)))
            except (BotoCoreError, ClientError) as error:
                box.append(error)

        thread = threading.Thread(target=invoke, daemon=True)
        thread.start()
        with console.status("working") as status:
            while thread.is_alive():
                thread.join(LOOK_SECONDS)
                status.update(self.progress())
        if isinstance(box[0], Exception):
            if not (outcome := passing(box[0])):
                raise UserError(f"the function {self._arn} cannot be called: {box[0]}")
            return {"outcome": outcome, "problem": str(box[0])}
        return read_reply(box[0])

    def state(self) -> dict[str, Any]:
        """The run's document; empty where it cannot be read."""
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key="automation-state/tag_backfill/run.json")
            document: dict[str, Any] = json.loads(found["Body"].read())
        except (BotoCoreError, ClientError):
            return {}
        return document

    def progress(self) -> str:
        """One line."""
        return progress_line(self.state().get("open") or {})


def progress_line(run: Mapping[str, Any]) -> str:
    """What an open run has done."""
    progress = run.get("progress") or {}
    if not progress:
        return "working"
    counts = {key: count for key, count in progress["counts"].items() if key != "not_a_file"}
    jobs = sum(1 for group in progress["groups"].values() if group["job"])
    parts = [f"{run['id']}: {progress['phase']}", f"{sum(counts.values()):,} objects"]
    parts += [f"{count:,} {key.replace('_', ' ')}" for key, count in sorted(counts.items())]
    return ", ".join(parts + ([f"{jobs} jobs"] if jobs else []))


def run(environment: Environment, event: Mapping[str, Any], wait: Callable[[float], None] = time.sleep) -> int:
    """Carry the run to its end; exit code 1 where objects are left untagged or the run stalls."""
    backfill = Backfill(environment)
    reply = backfill.call(event)
    name: str | None = None
    while reply["outcome"] in GOES_ON:
        if event and reply["outcome"] != THROTTLED:
            name, event = reply.get("run"), {}
        console.print(f"{reply['outcome']}: {reply.get('problem') or backfill.progress()}", highlight=False)
        wait(WAIT_SECONDS)
        reply = backfill.call(event)
        if reply["outcome"] == "idle" and not event:
            last = backfill.state().get("last") or {}
            reply = {"outcome": "finished", "run": last.get("id"), "result": last.get("result", {})}
        if name and reply["outcome"] in ("finished", "estimated") and reply.get("run") != name:
            reply = {"outcome": "queued", "problem": f"{reply['run']} has ended, {name} is next"}
    return show(reply)


def show(reply: Mapping[str, Any]) -> int:
    """Print the end of a run."""
    result = reply.get("result") or {}
    console.print(f"{reply['outcome']}: {reply.get('run', '')} {reply.get('problem', '')}".rstrip(), highlight=False)
    for title, counts in (
        ("objects", result.get("counts")),
        ("to write, by class", result.get("to_write_by_class")),
        ("written, by class", result.get("written_by_class")),
    ):
        if counts:
            table = Table(title, "count")
            for key, count in counts.items():
                table.add_row(key.replace("_", " "), f"{count:,}")
            console.print(table)
    if result.get("methods"):
        table = Table("method", "API calls", "jobs", "US dollars", "hours", "")
        for plan in result["methods"]:
            mark = "recommended" if plan["method"] == result["recommended"] else ""
            figures = (f"{plan['api_calls']:,}", str(plan["jobs"]), f"{plan['dollars']:.4f}", f"{plan['hours']:.2f}")
            table.add_row(plan["method"], *figures, mark)
        console.print(table)
        console.print(f"speed: {result['speed']}", highlight=False)
    if result.get("report"):
        console.print(f"report: {result['report']}", highlight=False, soft_wrap=True)
    return 1 if reply["outcome"] == "stalled" or result.get("not_done_count") else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="backfill", description=__doc__)
    parser.add_argument("--env", required=True)
    parser.add_argument("--mode", default="estimate", help="estimate (default), apply or cancel")
    parser.add_argument("--prefix", default="", help="only objects whose key starts so")
    parser.add_argument("--project", default="", help="only objects of this project")
    parser.add_argument("--modified-since", default="", help="only objects newer than this time, e.g. 2026-01-15")
    parser.add_argument("--finish-within-hours", type=float, help="when it has to be done (24)")
    parser.add_argument("--method", default="", help="direct or batch, to force one")
    parser.add_argument("--versions", action="store_true", help="older versions, too")
    parser.add_argument("--run", default="", help="the name of a run, to cancel it and no other")
    arguments = parser.parse_args()
    arguments.mode = arguments.mode or "estimate"
    return run(load_environment(arguments.env), make_event(arguments))


if __name__ == "__main__":
    run_program(main)
