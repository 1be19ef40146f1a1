"""The lines and error documents that Lambda writes around an invocation. Pure.

Shapes: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html and
https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime

from kosha_localcloud.lambda_executor.sandbox import Ending

LARGEST_RESPONSE = 6_291_556  # bytes


@dataclass(frozen=True)
class Usage:
    """What an invocation used. Times in milliseconds (`init` only of a cold start), memory in MiB."""

    duration: float
    init: float | None
    memory_size: int
    memory_used: int


def error_document(ending: Ending, request_id: str, timeout: int) -> bytes:
    """What the caller gets when the function process did not answer by itself."""
    prefix = f"RequestId: {request_id} Error: "
    if ending.kind == "timeout":
        kind, message = "Sandbox.Timedout", f"{prefix}Task timed out after {timeout:.2f} seconds"
    elif ending.kind == "too_large":
        kind = "Function.ResponseSizeTooLarge"
        message = f"Response payload size exceeded maximum allowed payload size ({LARGEST_RESPONSE} bytes)."
    else:
        kind, message = "Runtime.ExitError", f"{prefix}Runtime exited with error: {ending.detail}"
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def mount_failure(message: str) -> Ending:
    """The file system of a function is not there."""
    return Ending("init_error", json.dumps({"errorType": "EFSMountFailureException", "errorMessage": message}).encode())


def closing_line(ending: Ending, request_id: str, timeout: int, now: datetime) -> str:
    """The line that Lambda adds to the log of an invocation that it had to end."""
    moment = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"
    if ending.kind == "timeout":
        return f"{moment} {request_id} Task timed out after {timeout:.2f} seconds"
    if ending.kind in ("exit", "memory"):
        return f"RequestId: {request_id} Error: Runtime exited with error: {ending.detail}"
    return ""


def framed_log(body: str, request_id: str, version: str, usage: Usage, *, as_json: bool, now: datetime) -> str:
    """The log of one invocation between its START and its END and REPORT."""
    inner = "" if not body.strip() else body.strip("\n") + "\n"
    billed = math.ceil(usage.duration + (usage.init or 0))
    if as_json:
        moment = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"
        start = {"time": moment, "type": "platform.start", "record": {"requestId": request_id, "version": version}}
        metrics = {"durationMs": round(usage.duration, 3), "billedDurationMs": billed,
                   "memorySizeMB": usage.memory_size, "maxMemoryUsedMB": usage.memory_used}  # fmt: skip
        if usage.init is not None:
            metrics["initDurationMs"] = round(usage.init, 3)
        report = {"time": moment, "type": "platform.report", "record": {"requestId": request_id, "metrics": metrics}}
        return f"{json.dumps(start)}\n{inner}{json.dumps(report)}\n"
    cold = "" if usage.init is None else f"\tInit Duration: {usage.init:.2f} ms"
    return (
        f"START RequestId: {request_id} Version: {version}\n"
        f"{inner}END RequestId: {request_id}\n"
        f"REPORT RequestId: {request_id}\tDuration: {usage.duration:.2f} ms\tBilled Duration: {billed} ms\t"
        f"Memory Size: {usage.memory_size} MB\tMax Memory Used: {usage.memory_used} MB{cold}\n"
    )
