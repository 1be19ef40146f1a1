"""What identifies a person does not come out, whatever else a record holds; what research needs does."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from pipelines.ingest.hospital.deidentify import Pseudonyms, deidentify, rules
from pipelines.ingest.problems import IngestError, Refused

SECRET = bytes(range(32))
TODAY = date(2026, 11, 26)
PSEUDONYMS = Pseudonyms(SECRET, "thalassemia")
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "mrn-4711",
    "identifier": [{"system": "urn:aadhaar", "value": "9999 8888 7777"}],
    "name": [{"family": "Rao", "given": ["Asha"]}],
    "telecom": [{"system": "phone", "value": "+91 98765 43210"}],
    "gender": "female",
    "birthDate": "1980-05-17",
    "address": [{"text": "12 MG Road, Hyderabad", "postalCode": "500001"}],
    "text": {"status": "generated", "div": "<div>Asha Rao</div>"},
    "contact": [{"name": {"text": "Ravi Rao"}}],
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "obs-1",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "718-7", "display": "Hb of Asha"}], "text": "Asha's Hb"},
    "subject": {"reference": "Patient/mrn-4711", "display": "Asha Rao"},
    "effectiveDateTime": "2026-03-01T09:30:00+05:30",
    "valueQuantity": {"value": 11.2, "unit": "g/dL"},
    "note": [{"text": "seen by Dr Ravi Rao"}],
    "performer": [{"display": "Dr Ravi Rao"}],
    "extension": [{"url": "http://his/room", "valueString": "ward 7"}],
}
IDENTIFYING = (
    "mrn-4711", "9999", "Rao", "Asha", "Ravi", "98765", "MG Road", "500001", "1980-05-17", "obs-1", "2026-03-01",
    "ward 7",
)  # fmt: skip


def test_a_patient_keeps_what_research_needs_and_nothing_that_names_them() -> None:
    kept = deidentify(PATIENT, PSEUDONYMS, TODAY)
    assert set(kept) == {"resourceType", "id", "gender", "birthDate"}
    assert kept["gender"] == "female"
    assert kept["id"] == PSEUDONYMS.of("Patient", "mrn-4711")
    assert abs((date.fromisoformat(kept["birthDate"]) - date(1980, 5, 17)).days) <= 365


def test_an_observation_keeps_its_code_its_value_and_its_patient() -> None:
    kept = deidentify(OBSERVATION, PSEUDONYMS, TODAY)
    assert kept["code"] == {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}
    assert kept["valueQuantity"] == {"value": 11.2, "unit": "g/dL"}
    assert kept["subject"] == {"reference": f"Patient/{deidentify(PATIENT, PSEUDONYMS, TODAY)['id']}"}


@pytest.mark.parametrize("record", [PATIENT, OBSERVATION], ids=lambda each: each["resourceType"])
def test_nothing_identifying_is_anywhere_in_what_is_kept(record: dict[str, Any]) -> None:
    text = json.dumps(deidentify(record, PSEUDONYMS, TODAY))
    assert not [each for each in IDENTIFYING if each in text]


def test_intervals_of_a_patient_survive_and_times_of_day_too() -> None:
    later = OBSERVATION | {"id": "obs-2", "effectiveDateTime": "2026-03-15T09:30:00+05:30", "issued": "2026-03-15"}
    first, second = (deidentify(each, PSEUDONYMS, TODAY) for each in (OBSERVATION, later))
    ours, theirs = (datetime.fromisoformat(each["effectiveDateTime"]) for each in (first, second))
    assert (theirs - ours).days == 14
    assert ours.strftime("%H:%M%z") == "09:30+0530"
    assert second["issued"] == second["effectiveDateTime"][:10]
    born = date.fromisoformat(deidentify(PATIENT, PSEUDONYMS, TODAY)["birthDate"])
    assert ours.date() - born == date(2026, 3, 1) - date(1980, 5, 17)


def test_dates_move_into_the_past_by_days_of_the_patients_own() -> None:
    days = {PSEUDONYMS.days_back(f"p{number}") for number in range(300)}
    assert min(days) >= 1
    assert max(days) <= 365
    assert len(days) > 150


@pytest.mark.parametrize(
    ("text", "kept"), [("1980", "1980"), ("1980-05", "1980"), ("1936-12-31", None), ("1936", None)]
)
def test_a_part_of_a_date_becomes_its_year_and_great_age_is_left_out(text: str, kept: str | None) -> None:
    found = deidentify(PATIENT | {"birthDate": text}, PSEUDONYMS, TODAY).get("birthDate")
    assert found == kept


def test_ninety_is_great_age_and_eighty_nine_is_not() -> None:
    assert "birthDate" in deidentify(PATIENT | {"birthDate": "1937-12-31"}, PSEUDONYMS, date(2026, 1, 1))
    assert "birthDate" not in deidentify(PATIENT | {"birthDate": "1936-12-31"}, PSEUDONYMS, date(2026, 1, 1))


def test_a_project_has_pseudonyms_of_its_own_and_the_same_every_time() -> None:
    assert PSEUDONYMS.of("Patient", "a") == Pseudonyms(SECRET, "thalassemia").of("Patient", "a")
    others = [Pseudonyms(SECRET, "other"), Pseudonyms(bytes(32), "thalassemia")]
    assert len({each.of("Patient", "a") for each in (PSEUDONYMS, *others)}) == 3
    assert PSEUDONYMS.of("Patient", "a") != PSEUDONYMS.of("Observation", "a")


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(IngestError, match="has 8 bytes, but needs 32"):
        Pseudonyms(b"password", "p")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"resourceType": "Appointment"}, "Appointment: there are no rules for this type"),
        ({"subject": {"display": "Asha"}}, "Observation: subject.reference names no patient"),
        ({"subject": {"reference": "#contained"}}, "names no patient"),
        ({"subject": {"reference": "Group/7"}}, "names no patient"),
    ],
)
def test_what_the_rules_do_not_know_is_refused_without_its_values(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused, match=reason) as caught:
        deidentify(OBSERVATION | change, PSEUDONYMS, TODAY)
    assert "Asha" not in str(caught.value)


def test_references_by_whole_address_are_replaced_as_well() -> None:
    kept = deidentify(OBSERVATION | {"subject": {"reference": "https://his/fhir/Patient/mrn-4711"}}, PSEUDONYMS, TODAY)
    assert kept["subject"]["reference"] == f"Patient/{PSEUDONYMS.of('Patient', 'mrn-4711')}"


NAMES = st.sampled_from(
    sorted({step for paths in rules().resources.values() for path in paths for step in path.split(".")})
)
LEAVES = st.sampled_from(["SECRET-1", "SECRET-2"])
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES | st.just("note"), inner, max_size=3)
)


@given(st.sampled_from(sorted(rules().resources)), st.dictionaries(NAMES | st.just("text"), TREES, max_size=4))
def test_a_value_comes_out_only_where_a_rule_keeps_it(kind: str, tree: dict[str, Any]) -> None:
    record = {**tree, "resourceType": kind, "id": "SECRET-3", "subject": {"reference": "Patient/SECRET-4"}}
    record |= {name: "2020-01-01" for name in record if rules().resources[kind].get(name) in ("date", "birth")}
    kept = deidentify(record, PSEUDONYMS, TODAY)
    assert "SECRET-3" not in json.dumps(kept)
    assert "SECRET-4" not in json.dumps(kept)
    for path, value in _leaves(kept, ""):
        if value in ("SECRET-1", "SECRET-2"):
            assert rules().resources[kind][path] == "keep"


def _leaves(value: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for name, each in value.items() for leaf in _leaves(each, f"{path}.{name}".lstrip("."))]
    if isinstance(value, list):
        return [leaf for each in value for leaf in _leaves(each, path)]
    return [(path, value)]
