"""transfer_notifier on moto: one notice for each ending."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import Mock, patch

import pytest
from botocore.exceptions import ClientError

from common.publisher import NoticeNotSent
from tests.functional.functions.conftest import EXECUTION, Context, Load, Notices, event

COUNTS = {
    "EstimatedFilesToTransfer": 3,
    "FilesTransferred": 3,
    "FilesVerified": 3,
    "FilesSkipped": 40,
    "BytesTransferred": 4096,
    "BytesWritten": 4096,
    "Result": {"TotalDuration": 61_500, "VerifyStatus": "SUCCESS"},
}


def test_a_success_is_told_with_counts_bytes_and_duration(
    load: Load,
    datasync_says: dict[str, Any],
    notices: Notices,
    metrics: Callable[[], dict[str, float]],
    context: Context,
) -> None:
    datasync_says |= COUNTS
    reply = load("transfer_notifier").handler(event("datasync-execution-success"), context)
    assert reply == {"outcome": "transfer.succeeded"}
    (notice,) = notices("transfer")
    assert (notice["kind"], notice["severity"]) == ("transfer.succeeded", "info")
    assert notice["details"] | {"dedupe_key": ""} == {
        "transfer": "transfer",
        "execution": EXECUTION,
        "files_transferred": 3,
        "files_verified": 3,
        "files_skipped": 40,
        "files_left_behind": 0,
        "bytes_transferred": 4096,
        "bytes_written": 4096,
        "duration_seconds": 61.5,
        "verify_status": "SUCCESS",
        "dedupe_key": "",
    }
    written = metrics()
    assert (written["TransfersSucceeded"], written["FilesTransferred"], written["BytesTransferred"]) == (1, 3, 4096)


def test_a_failure_is_told_with_its_error(
    load: Load, datasync_says: dict[str, Any], notices: Notices, context: Context
) -> None:
    datasync_says |= {"Status": "ERROR", "Result": {"ErrorCode": "NfsStale", "ErrorDetail": "Stale file handle"}}
    reply = load("transfer_notifier").handler(event("datasync-execution-error"), context)
    assert reply == {"outcome": "transfer.failed"}
    (notice,) = notices("transfer")
    assert notice["severity"] == "critical"
    assert (notice["details"]["error_code"], notice["details"]["error_detail"]) == ("NfsStale", "Stale file handle")


def test_a_success_that_left_files_behind_is_a_warning(
    load: Load, datasync_says: dict[str, Any], notices: Notices, context: Context
) -> None:
    datasync_says |= COUNTS | {"FilesTransferred": 1}
    load("transfer_notifier").handler(event("datasync-execution-success"), context)
    (notice,) = notices("transfer")
    assert (notice["kind"], notice["severity"]) == ("transfer.partial", "warning")
    assert notice["details"]["files_left_behind"] == 2


def test_an_ending_is_told_even_if_datasync_has_forgotten_the_execution(
    load: Load, datasync_says: dict[str, Any], notices: Notices, context: Context
) -> None:
    datasync_says["__type"] = "InvalidRequestException"
    load("transfer_notifier").handler(event("datasync-execution-error"), context)
    (notice,) = notices("transfer")
    assert notice["kind"] == "transfer.failed"
    assert notice["details"]["counts"] == "unknown to DataSync"


def test_throttling_is_raised_for_lambda_to_try_again(load: Load, notices: Notices, context: Context) -> None:
    module = load("transfer_notifier")
    throttled = ClientError({"Error": {"Code": "ThrottlingException", "Message": "m"}}, "DescribeTaskExecution")
    executions = Mock(describe=Mock(side_effect=throttled))
    with (
        patch.object(module, "notifier", replace(module.notifier, executions=executions)),
        pytest.raises(ClientError, match="ThrottlingException"),
    ):
        module.handler(event("datasync-execution-success"), context)
    assert notices("transfer") == []


def test_a_notice_sns_does_not_take_is_an_error(
    load: Load, datasync_says: dict[str, Any], monkeypatch: pytest.MonkeyPatch, context: Context
) -> None:
    monkeypatch.setenv("TRANSFER_TOPIC_ARN", "arn:aws:sns:ap-south-1:123456789012:gone")
    with pytest.raises(NoticeNotSent):
        load("transfer_notifier").handler(event("datasync-execution-success"), context)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("datasync-execution-transferring", "other_state"),
        ("datasync-execution-other-task", "other_task"),
        ("schedule", "malformed"),
    ],
)
def test_other_events_are_ignored(load: Load, notices: Notices, context: Context, name: str, reason: str) -> None:
    reply = load("transfer_notifier").handler(event(name), context)
    assert reply == {"outcome": "ignored", "reason": reason}
    assert notices("transfer") == []
