"""Which calls a fault meets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kosha_localcloud.gateway.faults import Fault, FaultError, FaultList, parse


def meets(fault: Fault, service: str = "s3", operation: str = "PutObject", region: str = "ap-south-1") -> bool:
    return fault.meets(service, operation, region, internal=False)


def test_fault_without_names_meets_every_call() -> None:
    assert meets(parse({"kind": "error"}))


@pytest.mark.parametrize(
    ("names", "met"),
    [
        ({"service": "s3"}, True),
        ({"service": "S3", "operation": "put*"}, True),
        ({"operation": "Get*"}, False),
        ({"region": "ap-south-?"}, True),
        ({"region": "ap-south-2"}, False),
    ],
)
def test_names_and_patterns_choose_the_calls(names: dict[str, str], met: bool) -> None:
    assert meets(parse({"kind": "drop", **names})) is met


def test_internal_calls_are_met_only_on_request() -> None:
    assert not parse({"kind": "drop"}).meets("s3", "PutObject", "ap-south-1", internal=True)
    assert parse({"kind": "drop", "internal": True}).meets("s3", "PutObject", "ap-south-1", internal=True)


@given(st.floats(0, 1), st.integers(0, 1000))
def test_probability_is_repeatable_from_its_seed(probability: float, seed: int) -> None:
    document = {"kind": "error", "probability": probability, "seed": seed}
    first, second = parse(document), parse(document)
    assert [meets(first) for _ in range(30)] == [meets(second) for _ in range(30)]


def test_probability_of_none_and_of_all() -> None:
    assert not any(meets(parse({"kind": "error", "probability": 0})) for _ in range(20))
    assert all(meets(parse({"kind": "error", "probability": 1})) for _ in range(20))


def test_delays_add_up_and_the_first_ending_fault_wins() -> None:
    faults = FaultList()
    faults.add([parse({"kind": "delay", "seconds": 1}), parse({"kind": "throttle"}), parse({"kind": "drop"})])
    met = faults.meeting("s3", "PutObject", "ap-south-1", internal=False)
    assert [fault.kind for fault in met] == ["delay", "throttle"]
    assert (met[1].code, met[1].status) == ("ThrottlingException", 429)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({}, "kind is None"),
        ({"kind": "explode"}, "use one of"),
        ({"kind": "error", "colour": 1}, "unknown field 'colour'"),
        ({"kind": "error", "status": 200}, "status is 200"),
        ({"kind": "error", "times": 0}, "times is 0"),
        ({"kind": "error", "probability": 2}, "probability is 2"),
        ({"kind": "error", "seed": True}, "seed is True"),
        ({"kind": "error", "service": ""}, "service is ''"),
        ({"kind": "error", "internal": "yes"}, "internal is 'yes'"),
        ({"kind": "delay"}, "needs seconds"),
    ],
)
def test_wrong_fault_names_its_field(document: dict[str, object], complaint: str) -> None:
    with pytest.raises(FaultError, match=complaint):
        parse(document)
