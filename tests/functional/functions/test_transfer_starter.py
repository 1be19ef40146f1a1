"""transfer_starter on moto: what it starts, what it says, and what it does when AWS fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from unittest.mock import Mock, patch

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.exceptions import ClientError, ReadTimeoutError

from common.environment import MissingSetting
from tests.functional.functions.conftest import Context, Load, Notices, event
from tests.transfers import SNAPSHOTS, TRANSFER, setting
from transfer_starter.domain import Execution, TaskState

NOW = datetime(2026, 1, 15, 4, 0, 20, tzinfo=UTC)


@pytest.fixture
def task(aws: None, monkeypatch: pytest.MonkeyPatch) -> str:
    datasync = boto3.client("datasync")
    nfs = datasync.create_location_smb(
        ServerHostname="h", Subdirectory="/", User="u", Password="p", AgentArns=["arn:aws:datasync:x"]
    )["LocationArn"]
    s3 = datasync.create_location_s3(
        S3BucketArn="arn:aws:s3:::b", Subdirectory="/", S3Config={"BucketAccessRoleArn": "arn:aws:iam::1:role/r"}
    )["LocationArn"]
    arn: str = datasync.create_task(SourceLocationArn=nfs, DestinationLocationArn=s3)["TaskArn"]
    monkeypatch.setenv("TRANSFERS", setting(replace(TRANSFER, task_arn=arn)))
    return arn


def executions(task: str) -> list[str]:
    listed = boto3.client("datasync").list_task_executions(TaskArn=task)["TaskExecutions"]
    return [each["TaskExecutionArn"] for each in listed]


def client_error(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Op")  # type: ignore[typeddict-item]


class FakeTask:
    """A task whose state and faults the test chooses; ``starts`` counts the calls that reached it."""

    def __init__(self, *states: TaskState | Exception, start: str | Exception = "arn:exec-new") -> None:
        self._states = list(states)
        self._start = start
        self.starts = 0

    def state(self) -> TaskState:
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        if isinstance(state, Exception):
            raise state
        return state

    def start(self) -> str:
        self.starts += 1
        if isinstance(self._start, Exception):
            raise self._start
        return self._start


AVAILABLE = TaskState("AVAILABLE", ())


def run(module: ModuleType, task: FakeTask, context: Context, now: datetime = NOW) -> dict[str, str]:
    with (
        patch.dict(module.starters, transfer=replace(module.starters["transfer"], task=task)),
        patch.object(module, "datetime", Mock(now=Mock(return_value=now))),
    ):
        reply: dict[str, str] = module.handler(event("schedule"), context)["transfer"]
        return reply


def test_starts_the_task_and_says_so(task: str, load: Load, notices: Notices, context: Context) -> None:
    reply = load("transfer_starter").handler(event("schedule"), context)["transfer"]
    assert reply == {"outcome": "started", "execution": executions(task)[0]}
    (notice,) = notices("transfer")
    assert (notice["kind"], notice["severity"]) == ("transfer.started", "info")
    assert notice["details"]["execution"] == reply["execution"]


HALF_PAST = NOW + timedelta(minutes=30)


def both(module: ModuleType, context: Context, now: datetime, **tasks: FakeTask) -> dict[str, dict[str, str]]:
    """One call of a starter that has both transfers."""
    starters = {name: replace(module.starters[name], task=task) for name, task in tasks.items()}
    with (
        patch.dict(module.starters, starters),
        patch.object(module, "datetime", Mock(now=Mock(return_value=now))),
    ):
        reply: dict[str, dict[str, str]] = module.handler(event("schedule"), context)
        return reply


@pytest.fixture
def two_transfers(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFERS", setting(TRANSFER, SNAPSHOTS))


@pytest.mark.usefixtures("two_transfers")
def test_each_transfer_starts_in_its_own_slots(load: Load, notices: Notices, context: Context) -> None:
    module = load("transfer_starter")
    begun = TaskState("AVAILABLE", (Execution("arn:exec-1", "SUCCESS", NOW),))
    at_six = both(module, context, NOW, transfer=FakeTask(AVAILABLE), snapshots=FakeTask(AVAILABLE))
    assert {name: reply["outcome"] for name, reply in at_six.items()} == {"transfer": "started", "snapshots": "started"}
    assert sorted(each["summary"] for each in notices("transfer")) == [
        "The transfer of critical to the data lake has started",
        "The transfer of published to the data lake has started",
    ]
    at_half_past = both(module, context, HALF_PAST, transfer=FakeTask(begun), snapshots=FakeTask(begun))
    assert at_half_past["transfer"]["outcome"] == "started"
    assert at_half_past["snapshots"] == {"outcome": "skipped", "reason": "slot_done"}
    assert [each["details"]["transfer"] for each in notices("transfer")] == ["transfer"]


@pytest.mark.usefixtures("two_transfers")
def test_a_transfer_that_cannot_be_looked_at_keeps_the_other_from_nothing(load: Load, context: Context) -> None:
    snapshots, transfer = FakeTask(client_error("InternalException", 500)), FakeTask(AVAILABLE)
    with pytest.raises(ClientError, match="InternalException"):
        both(load("transfer_starter"), context, NOW, transfer=transfer, snapshots=snapshots)
    assert transfer.starts == 1


def test_a_second_call_starts_nothing_and_says_nothing(
    task: str, load: Load, notices: Notices, context: Context
) -> None:
    module = load("transfer_starter")
    module.handler(event("schedule"), context)
    notices("transfer")
    assert module.handler(event("schedule"), context)["transfer"] == {"outcome": "skipped", "reason": "under_way"}
    assert len(executions(task)) == 1
    assert notices("transfer") == []


@pytest.mark.usefixtures("aws")
def test_a_task_that_does_not_exist_is_a_notice_and_no_retry(load: Load, notices: Notices, context: Context) -> None:
    reply = load("transfer_starter").handler(event("schedule"), context)["transfer"]
    assert reply["outcome"] == "failed"
    (notice,) = notices("transfer")
    assert (notice["kind"], notice["severity"]) == ("transfer.failed_to_start", "critical")
    assert "does not describe the task" in notice["details"]["problem"]


def test_an_unavailable_task_is_a_notice_with_its_reason(
    load: Load, notices: Notices, metrics: Callable[[], dict[str, float]], context: Context
) -> None:
    transfers = FakeTask(TaskState("UNAVAILABLE", (), "LocationError", "no mount target"))
    reply = run(load("transfer_starter"), transfers, context)
    assert reply["outcome"] == "failed"
    assert transfers.starts == 0
    assert "LocationError no mount target" in notices("transfer")[0]["details"]["problem"]
    assert metrics()["TransferStartFailures"] == 1


def test_a_doubled_call_in_one_slot_starts_once_even_when_the_first_transfer_is_over(
    load: Load, context: Context
) -> None:
    over = TaskState("AVAILABLE", (Execution("arn:exec-1", "SUCCESS", NOW - timedelta(seconds=10)),))
    transfers = FakeTask(over)
    reply = run(load("transfer_starter"), transfers, context)
    assert (reply, transfers.starts) == ({"outcome": "skipped", "reason": "slot_done"}, 0)


def test_a_lost_race_is_confirmed_by_the_task_and_is_no_error(load: Load, notices: Notices, context: Context) -> None:
    running = TaskState("RUNNING", (Execution("arn:other", "LAUNCHING", NOW),))
    transfers = FakeTask(AVAILABLE, running, start=client_error("InvalidRequestException"))
    assert run(load("transfer_starter"), transfers, context) == {"outcome": "skipped", "reason": "under_way"}
    assert notices("transfer") == []


def test_a_refused_start_that_the_task_does_not_explain_is_a_failure(
    load: Load, notices: Notices, context: Context
) -> None:
    transfers = FakeTask(AVAILABLE, start=client_error("InvalidRequestException"))
    assert run(load("transfer_starter"), transfers, context)["outcome"] == "failed"
    assert transfers.starts == 1
    assert notices("transfer")[0]["kind"] == "transfer.failed_to_start"


@pytest.mark.parametrize(
    "error",
    [client_error("ThrottlingException"), client_error("InternalException", 500), ReadTimeoutError(endpoint_url="u")],
)
def test_a_passing_fault_is_raised_for_lambda_to_try_again(load: Load, context: Context, error: Exception) -> None:
    module = load("transfer_starter")
    with pytest.raises(type(error)):
        run(module, FakeTask(error), context)
    transfers = FakeTask(AVAILABLE, start=error)
    with pytest.raises(type(error)):
        run(module, transfers, context)
    assert transfers.starts == 1


def test_a_start_whose_answer_was_lost_is_found_and_not_repeated(load: Load, context: Context) -> None:
    ours = TaskState("RUNNING", (Execution("arn:exec-new", "LAUNCHING", NOW),))
    transfers = FakeTask(AVAILABLE, ours, start=ReadTimeoutError(endpoint_url="u"))
    assert run(load("transfer_starter"), transfers, context)["outcome"] == "skipped"
    assert transfers.starts == 1


def test_the_start_itself_is_sent_once_even_when_the_service_fails(task: str, load: Load) -> None:
    module = load("transfer_starter")
    sent: list[Any] = []
    headers: Any = HeadersDict()

    def refuse(**_: Any) -> Any:
        sent.append(1)
        return AWSResponse("u", 500, headers, Mock(stream=Mock(return_value=[b"{}"])))

    client = module.starting
    client.meta.events.register("before-send.datasync.StartTaskExecution", refuse)
    with pytest.raises(ClientError, match="500"):
        module.starters["transfer"].task.start()
    assert len(sent) == 1


def test_a_transfer_that_hangs_is_reported(load: Load, notices: Notices, context: Context) -> None:
    hanging = TaskState("RUNNING", (Execution("arn:exec-1", "TRANSFERRING", NOW - timedelta(hours=6.2)),))
    assert run(load("transfer_starter"), FakeTask(hanging), context)["outcome"] == "skipped"
    (notice,) = notices("transfer")
    assert (notice["kind"], notice["severity"]) == ("transfer.stuck", "warning")
    assert notice["details"]["running_hours"] == 6.2


def test_the_failure_of_the_last_transfer_is_told_with_the_start(
    load: Load, notices: Notices, context: Context
) -> None:
    failed = Execution("arn:exec-1", "ERROR", NOW - timedelta(minutes=30), "NfsError", "stale handle")
    run(load("transfer_starter"), FakeTask(TaskState("AVAILABLE", (failed,))), context)
    (notice,) = notices("transfer")
    assert (notice["kind"], notice["severity"]) == ("transfer.started", "warning")
    assert notice["details"]["failed_before_code"] == "NfsError"


def test_a_start_counts_although_the_notice_is_lost(
    task: str,
    load: Load,
    metrics: Callable[[], dict[str, float]],
    monkeypatch: pytest.MonkeyPatch,
    context: Context,
) -> None:
    monkeypatch.setenv("TRANSFER_TOPIC_ARN", "arn:aws:sns:ap-south-1:123456789012:gone")
    assert load("transfer_starter").handler(event("schedule"), context)["transfer"]["outcome"] == "started"
    assert len(executions(task)) == 1
    written = metrics()
    assert (written["TransfersStarted"], written["NoticesFailed"]) == (1, 1)


@pytest.mark.parametrize("name", ["ENVIRONMENT", "TRANSFERS", "TRANSFER_TOPIC_ARN"])
def test_a_cold_start_names_the_variable_that_is_missing(
    load: Load, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, " ")
    with pytest.raises(MissingSetting, match=name):
        load("transfer_starter")


def test_a_cold_start_refuses_a_number_that_is_none(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFER_STUCK_AFTER_HOURS", "soon")
    with pytest.raises(MissingSetting, match="TRANSFER_STUCK_AFTER_HOURS"):
        load("transfer_starter")
