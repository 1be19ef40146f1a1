"""transfer_reconciler on moto: what it notices, whom it calls, what it remembers, and what it does when AWS fails."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from unittest.mock import Mock, patch

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from moto.datasync.responses import DataSyncResponse

from common import transfer_event
from common.publisher import NoticeNotSent
from common.slots import slot_of
from common.state import StateStore
from object_tagger.receipts import Receipts
from tests.functional.functions.conftest import REGION, REPORTS, Context, Load, Metrics, Notices
from tests.transfers import SNAPSHOTS, TASK, TRANSFER, setting
from transfer_reconciler.aws import NotAccepted

TAGGER = "arn:aws:lambda:ap-south-1:111122223333:function:kosha-test-object-tagger"
BACKFILL = "arn:aws:lambda:ap-south-1:111122223333:function:kosha-test-tag-backfill"
MINUTE = timedelta(minutes=1)


@dataclass
class World:
    """What DataSync says of the task's executions, the tagger's receipts, and what was sent to Lambda."""

    store: StateStore
    says: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    lambda_status: int = 202

    def execution(self, minutes_ago: float, state: str = "SUCCESS", **more: Any) -> str:
        """An execution that began so long ago and took a minute. Its id."""
        name = f"exec-{len(self.says):017x}"
        started = datetime.now(UTC).timestamp() - minutes_ago * 60
        facts = {"Status": state, "FilesTransferred": 1, "ReportResult": {"Status": "SUCCESS"}}
        self.says[f"{TASK}/execution/{name}"] = facts | {"StartTime": started, "EndTime": started + 60} | more
        return name

    def receipt(self, execution: str, status: str) -> None:
        Receipts(self.store).end(execution, datetime.now(UTC), status, {})

    def memory(self) -> dict[str, Any]:
        return StateStore(boto3.client("s3"), REPORTS, "transfer_reconciler").read("watch-transfer").document

    def lambda_answers(self, request: Any, **_: Any) -> AWSResponse:
        function = request.url.split("/functions/")[1].split("/")[0]
        self.calls.append((function, json.loads(request.body)))
        return AWSResponse(request.url, self.lambda_status, HTTPHeaders(), Mock(stream=lambda: iter([b""])))


@pytest.fixture
def world(aws: None, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("OBJECT_TAGGER_ARN", TAGGER)
    monkeypatch.setenv("TAG_BACKFILL_ARN", BACKFILL)
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=REPORTS, CreateBucketConfiguration={"LocationConstraint": REGION})
    world = World(StateStore(s3, REPORTS, "object_tagger"))

    def describe(response: DataSyncResponse) -> Any:
        arn = json.loads(response.body)["TaskExecutionArn"]
        if "__type" in world.says[arn]:
            return json.dumps({"__type": world.says[arn]["__type"], "message": "m"}), {"status": 400}
        return json.dumps({"TaskExecutionArn": arn} | world.says[arn])

    def listed(response: DataSyncResponse) -> str:
        return json.dumps({"TaskExecutions": [{"TaskExecutionArn": arn, "Status": "SUCCESS"} for arn in world.says]})

    monkeypatch.setattr(DataSyncResponse, "describe_task_execution", describe)
    monkeypatch.setattr(DataSyncResponse, "list_task_executions", listed)
    return world


@pytest.fixture
def module(world: World, load: Load) -> ModuleType:
    loaded = load("transfer_reconciler")
    client = loaded.reconcilers["transfer"].functions._client
    client.meta.events.register("before-send.lambda.Invoke", world.lambda_answers)
    return loaded


def run(module: ModuleType, context: Context, later: timedelta = timedelta(0)) -> dict[str, int]:
    """One call, ``later`` than now."""
    now = datetime.now(UTC) + later
    with patch.object(module.clock, "datetime", Mock(now=Mock(return_value=now))):
        reply: dict[str, int] = module.handler({"schedule": "usual"}, context)["transfer"]
        return reply


def until_next_slot() -> timedelta:
    """From now to the half hour this moment lies in, which is in the past."""
    now = datetime.now(UTC)
    return slot_of(now, TRANSFER.every) - now


def test_a_transfer_with_its_receipt_calls_for_nothing(
    world: World, module: ModuleType, context: Context, notices: Notices
) -> None:
    world.receipt(world.execution(minutes_ago=40), "done")
    assert run(module, context) == {"events_missing": 0, "given_up": 0, "slots_missed": 0}
    assert world.calls == []
    assert notices("transfer") == []


@pytest.mark.parametrize("state", ["SUCCESS", "ERROR"])
def test_an_ending_nobody_heard_of_is_told_and_tagged(
    world: World, module: ModuleType, context: Context, notices: Notices, metrics: Metrics, state: str
) -> None:
    execution = world.execution(minutes_ago=40, state=state)
    assert run(module, context)["events_missing"] == 1
    ((function, event),) = world.calls
    assert function.endswith("object-tagger")
    taken = transfer_event.read(event, [TRANSFER])
    assert isinstance(taken, transfer_event.TransferEvent)
    assert (taken.execution_id, taken.state) == (execution, state)
    (notice,) = notices("transfer")
    assert (notice["kind"], notice["details"]["state"]) == ("transfer.event_missing", state)
    assert metrics()["EventsMissing"] == 1


def test_an_execution_that_has_just_ended_is_given_time(world: World, module: ModuleType, context: Context) -> None:
    world.execution(minutes_ago=20)
    assert run(module, context)["events_missing"] == 0
    assert world.calls == []


def test_tagging_that_gave_up_is_called_three_times_and_then_told_as_critical(
    world: World, module: ModuleType, context: Context, notices: Notices
) -> None:
    world.receipt(world.execution(minutes_ago=40), "incomplete")
    for turn in range(5):
        run(module, context, later=turn * 30 * MINUTE)
    assert len(world.calls) == 3
    told = [notice["kind"] for notice in notices("transfer") if notice["kind"] != "transfer.slot_missed"]
    assert told == ["transfer.event_missing"] * 3 + ["transfer.not_tagged"]


def test_an_execution_whose_report_is_missing_is_left_to_the_backfill(
    world: World, module: ModuleType, context: Context
) -> None:
    execution = world.execution(minutes_ago=40, ReportResult={"Status": "ERROR", "ErrorCode": "AccessDenied"})
    run(module, context)
    run(module, context)
    ((function, request),) = world.calls
    assert function.endswith("tag-backfill")
    assert (request["mode"], request["run"]) == ("apply", f"recon-{execution}")
    assert datetime.fromisoformat(request["modified_since"]) < datetime.now(UTC) - 39 * MINUTE


def test_slots_without_a_transfer_are_told_once(
    world: World, module: ModuleType, context: Context, notices: Notices, metrics: Metrics
) -> None:
    run(module, context)  # the first run: slots before it are not ours
    assert notices("transfer") == []
    metrics()
    assert run(module, context, later=until_next_slot() + 105 * MINUTE)["slots_missed"] == 3
    (notice,) = notices("transfer")
    assert (notice["kind"], notice["severity"]) == ("transfer.slot_missed", "critical")
    assert notice["summary"].startswith("No transfer of published ran in 3 slots of 30 minutes")
    assert metrics()["SlotsMissed"] == 3
    assert run(module, context, later=until_next_slot() + 106 * MINUTE)["slots_missed"] == 0
    assert notices("transfer") == []


def test_a_settled_execution_is_not_asked_about_again(world: World, module: ModuleType, context: Context) -> None:
    execution = world.execution(minutes_ago=40)
    world.receipt(execution, "done")
    run(module, context)
    executions = module.reconcilers["transfer"].executions
    with patch.object(type(executions), "describe", side_effect=AssertionError("asked again")):
        run(module, context)
    assert list(world.memory()["settled"]) == [execution]


def test_an_execution_datasync_has_just_forgotten_is_no_failure(
    world: World, module: ModuleType, context: Context
) -> None:
    world.execution(minutes_ago=40, __type="InvalidRequestException")
    assert run(module, context)["events_missing"] == 0


def test_throttling_is_raised_and_nothing_is_forgotten(world: World, module: ModuleType, context: Context) -> None:
    world.execution(minutes_ago=40)
    fault = ClientError({"Error": {"Code": "ThrottlingException", "Message": "m"}}, "ListTaskExecutions")
    with (
        patch.object(type(module.reconcilers["transfer"].executions), "list", side_effect=fault),
        pytest.raises(ClientError, match="Throttling"),
    ):
        run(module, context)
    assert run(module, context)["events_missing"] == 1


def test_a_call_lambda_does_not_take_is_an_error_and_made_again(
    world: World, module: ModuleType, context: Context
) -> None:
    world.execution(minutes_ago=40)
    world.lambda_status = 200
    with pytest.raises(NotAccepted, match="object-tagger"):
        run(module, context)
    world.lambda_status = 202
    assert run(module, context)["events_missing"] == 1


def test_a_notice_sns_does_not_take_is_told_again(world: World, module: ModuleType, context: Context) -> None:
    run(module, context)
    later = until_next_slot() + 45 * MINUTE
    with (
        patch.object(module.publisher, "publish", return_value=False),
        pytest.raises(NoticeNotSent),
    ):
        run(module, context, later=later)
    assert run(module, context, later=later)["slots_missed"] == 1


def test_a_run_that_is_short_of_time_goes_on_next_time(world: World, module: ModuleType, context: Context) -> None:
    world.execution(minutes_ago=40)
    context.remaining_ms = [1_000]
    assert run(module, context)["events_missing"] == 0
    context.remaining_ms = [300_000]
    assert run(module, context)["events_missing"] == 1


def test_each_transfer_has_its_own_slots_and_its_own_memory(
    world: World, load: Load, notices: Notices, monkeypatch: pytest.MonkeyPatch, context: Context
) -> None:
    monkeypatch.setenv("TRANSFERS", setting(TRANSFER, SNAPSHOTS))
    module = load("transfer_reconciler")

    def look(later: timedelta) -> dict[str, int]:
        now = datetime.now(UTC).replace(minute=15, second=0, microsecond=0) + later
        with patch.object(module.clock, "datetime", Mock(now=Mock(return_value=now))):
            return {name: each["slots_missed"] for name, each in module.handler({}, context).items()}

    assert look(timedelta(0)) == {"snapshots": 0, "transfer": 0}
    assert look(timedelta(hours=2, minutes=30)) == {"snapshots": 2, "transfer": 5}
    told = {each["details"]["transfer"]: each["summary"] for each in notices("transfer")}
    assert told["snapshots"].startswith("No transfer of critical ran in 2 slots of 60 minutes")
    assert told["transfer"].startswith("No transfer of published ran in 5 slots of 30 minutes")
    state = StateStore(boto3.client("s3"), REPORTS, "transfer_reconciler")
    judged = [state.read(f"watch-{name}").document["judged_until"] for name in ("snapshots", "transfer")]
    assert judged[0] != judged[1]


def test_the_lag_is_as_old_as_the_beginning_of_the_last_success(
    world: World, module: ModuleType, context: Context, metrics: Metrics
) -> None:
    world.receipt(world.execution(minutes_ago=100), "done")
    world.receipt(world.execution(minutes_ago=40, state="ERROR"), "done")
    run(module, context)
    assert 99 <= metrics()["TransferLagMinutes"] <= 115  # an execution begins some minutes before it ends
    world.receipt(world.execution(minutes_ago=40), "done")
    run(module, context)
    assert 39 <= metrics()["TransferLagMinutes"] <= 55
    run(module, context, later=60 * MINUTE)  # remembered, though nothing is asked about it again
    assert 99 <= metrics()["TransferLagMinutes"] <= 115


def test_before_the_first_success_the_lag_counts_from_the_first_look(
    world: World, module: ModuleType, context: Context, metrics: Metrics
) -> None:
    run(module, context)
    assert metrics()["TransferLagMinutes"] < 1
    run(module, context, later=90 * MINUTE)
    assert 89 <= metrics()["TransferLagMinutes"] <= 91
