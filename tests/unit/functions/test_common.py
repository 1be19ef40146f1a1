"""The small shared parts: parallel work, settings, failures, events, the catalogue in its two forms."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from botocore.exceptions import ClientError, EndpointConnectionError

from common import arns, catalogue
from common.environment import MissingSetting, positive_number, required
from common.failures import code_of, is_transient
from common.parallel import in_parallel
from common.transfer_event import Refusal, TransferEvent, read

REPOSITORY = Path(__file__).parents[3]
EVENTS = REPOSITORY / "tests" / "events"
TASK = "arn:aws:datasync:ap-south-1:111122223333:task/task-0a1b2c3d4e5f60718"


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
    together = threading.Barrier(4, timeout=10)
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
    found = read(event, TASK, frozenset({"SUCCESS", "ERROR"}))
    expected = f"{TASK}/execution/exec-0123456789abcdef0"
    assert found == TransferEvent(expected, "exec-0123456789abcdef0", name.upper())


def test_every_event_sample_is_described() -> None:
    described = (EVENTS / "README.md").read_text()
    assert all(f"`{path.name}`" in described for path in EVENTS.glob("*.json"))


def test_an_event_of_another_task_is_refused() -> None:
    event = json.loads((EVENTS / "datasync-execution-other-task.json").read_text())
    assert read(event, TASK, frozenset({"SUCCESS"})) is Refusal.OTHER_TASK


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
