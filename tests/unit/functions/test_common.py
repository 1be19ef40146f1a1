"""The small shared parts: parallel work, settings, failures, events, the catalogue in its two forms."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from botocore.exceptions import ClientError, EndpointConnectionError

from common import arns, catalogue, transfers
from common.environment import MissingSetting, positive_number, required
from common.failures import code_of, is_transient
from common.parallel import in_parallel
from common.transfer_event import Refusal, TransferEvent, read
from common.transfers import Transfer
from tests.patience import PATIENCE
from tests.transfers import SNAPSHOTS, TASK, TRANSFER, setting

REPOSITORY = Path(__file__).parents[3]
EVENTS = REPOSITORY / "tests" / "events"


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(in_parallel(lambda number: number * 2, range(100), workers=7)) == [n * 2 for n in range(100)]


def test_only_a_bounded_number_of_items_is_taken_ahead_of_the_reader() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(10_000):
            taken += 1
            yield number

    results = in_parallel(lambda number: number, items(), workers=2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    assert taken <= 11
    results.close()  # type: ignore[attr-defined]


def test_work_is_done_at_the_same_time() -> None:
    together = threading.Barrier(4, timeout=PATIENCE)
    list(in_parallel(lambda _: together.wait(), range(4), workers=4))
    assert not together.broken


def test_an_error_of_the_work_reaches_the_reader() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_parallel(lambda number: 1 // number, [1, 0], workers=2))


def test_a_required_setting_is_given_back_without_blanks() -> None:
    assert required({"NAME": " value "}, "NAME") == "value"


@pytest.mark.parametrize("environment", [{}, {"NAME": ""}, {"NAME": "  "}])
def test_a_missing_setting_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(MissingSetting, match="NAME"):
        required(environment, "NAME")


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "six"])
def test_a_number_that_makes_no_sense_is_named(text: str) -> None:
    with pytest.raises(MissingSetting, match="HOURS"):
        positive_number({"HOURS": text}, "HOURS", 6)


def test_a_number_without_a_default_may_not_be_left_out() -> None:
    with pytest.raises(MissingSetting, match="HOURS is not set"):
        positive_number({}, "HOURS")


def test_a_number_may_be_left_out() -> None:
    assert (positive_number({}, "HOURS", 6), positive_number({"HOURS": "1.5"}, "HOURS", 6)) == (6, 1.5)


def client_error(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Op")  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (client_error("SlowDown", 503), True),
        (client_error("ThrottlingException", 400), True),
        (client_error("SomethingNew", 500), True),
        (EndpointConnectionError(endpoint_url="u"), True),
        (client_error("AccessDenied", 403), False),
        (client_error("InvalidRequestException", 400), False),
        (ValueError("ours"), False),
    ],
)
def test_knows_which_failures_pass(error: Exception, transient: bool) -> None:
    assert is_transient(error) is transient


def test_an_error_that_never_reached_aws_has_the_name_of_its_exception() -> None:
    assert code_of(EndpointConnectionError(endpoint_url="u")) == "EndpointConnectionError"


@pytest.mark.parametrize("name", ["success", "error"])
def test_reads_the_event_samples(name: str) -> None:
    event = json.loads((EVENTS / f"datasync-execution-{name}.json").read_text())
    found = read(event, [SNAPSHOTS, TRANSFER])
    expected = f"{TASK}/execution/exec-0123456789abcdef0"
    assert found == TransferEvent(TRANSFER, expected, "exec-0123456789abcdef0", name.upper())


def test_an_event_belongs_to_the_transfer_whose_task_it_names() -> None:
    event = json.loads((EVENTS / "datasync-execution-success.json").read_text())
    event["resources"] = [f"{SNAPSHOTS.task_arn}/execution/exec-1"]
    found = read(event, [TRANSFER, SNAPSHOTS])
    assert found == TransferEvent(SNAPSHOTS, event["resources"][0], "exec-1", "SUCCESS")
    assert read(event, [TRANSFER]) is Refusal.OTHER_TASK


def test_the_transfers_are_read_as_terraform_writes_them() -> None:
    assert transfers.of({"TRANSFERS": setting(TRANSFER, SNAPSHOTS)}) == (SNAPSHOTS, TRANSFER)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "TRANSFERS is not set"),
        ("[]", "cannot be used"),
        ("half an hour", "cannot be used"),
        ('{"transfer": {}}', "every_minutes"),
        (setting(dataclasses.replace(TRANSFER, every=timedelta(minutes=45))), "runs every 0:45:00"),
        (setting(dataclasses.replace(TRANSFER, every=timedelta(minutes=15))), "runs every 0:15:00"),
        (setting(dataclasses.replace(TRANSFER, every=timedelta(0))), "runs every 0:00:00"),
        (setting(dataclasses.replace(TRANSFER, every=timedelta(hours=7))), "runs every 7:00:00"),
    ],
)
def test_transfers_that_cannot_be_kept_are_refused(text: str, problem: str) -> None:
    with pytest.raises(MissingSetting, match=problem):
        transfers.of({"TRANSFERS": text})


def test_a_path_below_a_directory_is_a_key_below_its_prefix() -> None:
    assert TRANSFER.key_of("/raw-sequences/p/x") == "raw-sequences/p/x"
    assert SNAPSHOTS.key_of("/p/s/x") == "snapshots/p/s/x"
    assert SNAPSHOTS.key_of("/p/s//x ") == "snapshots/p/s//x "


def test_what_goes_wrong_with_one_transfer_keeps_no_other_from_its_turn() -> None:
    seen: list[str] = []

    def run(transfer: Transfer) -> str:
        seen.append(transfer.name)
        if transfer is TRANSFER:
            raise ValueError("broken")
        return "done"

    with pytest.raises(ValueError, match="broken") as raised:
        transfers.for_each([TRANSFER, SNAPSHOTS], run)
    assert seen == ["transfer", "snapshots"]
    assert raised.value.__notes__ == ["transfer transfer"]
    with pytest.raises(ExceptionGroup, match="ValueError: broken; ValueError: broken"):
        transfers.for_each([TRANSFER, TRANSFER], run)
    assert transfers.for_each([SNAPSHOTS], run) == {"snapshots": "done"}


def test_every_event_sample_is_described() -> None:
    described = (EVENTS / "README.md").read_text()
    assert all(f"`{path.name}`" in described for path in EVENTS.glob("*.json"))


def test_an_event_of_another_task_is_refused() -> None:
    event = json.loads((EVENTS / "datasync-execution-other-task.json").read_text())
    assert read(event, [SNAPSHOTS, TRANSFER]) is Refusal.OTHER_TASK


@pytest.mark.parametrize(
    "arn",
    [
        "",
        TASK,
        f"{TASK}/execution/",
        f"{TASK}/execution/exec-",
        f"x{TASK}/execution/exec-1",
        f"{TASK}/execution/exec-1/2",
    ],
)
def test_what_is_no_execution_of_the_task_has_no_execution_id(arn: str) -> None:
    assert arns.execution_id(arn, TASK) is None


def test_the_catalogue_reads_the_same_from_json_and_from_yaml() -> None:
    document = yaml.safe_load((REPOSITORY / "catalog" / "data-classes.yaml").read_text(encoding="utf-8"))
    assert catalogue.Catalogue.from_document(json.loads(json.dumps(document))) == catalogue.load()


def test_the_catalogue_orders_the_sensitivities_from_open_to_restricted() -> None:
    assert catalogue.load().sensitivities == ("open", "controlled", "restricted")


def test_a_zip_without_a_catalogue_says_how_to_build_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(catalogue, "_SHIPPED", tmp_path)
    monkeypatch.setattr(catalogue, "_REPOSITORY", tmp_path)
    with pytest.raises(FileNotFoundError, match="make functions"):
        catalogue.read_document.__wrapped__("data-classes")
