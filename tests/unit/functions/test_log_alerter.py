"""Which lines are told of, what is the same thing again, and when people hear of it."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import catalogue
from common.notices import Severity, render
from log_alerter import messages
from log_alerter.delivery import Control, Delivery, Poison, read
from log_alerter.domain import Filter, Line, Rule, filters, normalised
from log_alerter.masking import LIMIT, MASK, shown
from log_alerter.memory import CLAIM, GROUPS, IDS, OTHERS, REMEMBER_IDS, Memory

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GROUP = "/aws/eks/kosha-test/cluster"
DOCUMENT = catalogue.read_document("log-alerts")
FILTERS = filters(DOCUMENT)
RULES = [(watched, rule) for watched in FILTERS.values() for rule in watched.rules.values()]
RULE = Rule("broken", "It is broken", Severity.CRITICAL, "platform", 2, 60 * MINUTE, "docs/runbooks/x.md")
numbers = iter(range(10**9))


def line(message: str, stream: str = "one", group: str = GROUP, at: datetime = NOW, id: str = "") -> Line:
    return Line(id or str(next(numbers)), at, message, group, stream)


def payload(**changes: Any) -> dict[str, Any]:
    return {
        "messageType": "DATA_MESSAGE",
        "owner": "111122223333",
        "logGroup": GROUP,
        "logStream": "kube-apiserver-audit-0a1b",
        "subscriptionFilters": ["kosha-test-log-alerter-cluster-audit--control-plane"],
        "logEvents": [{"id": "1", "timestamp": 1_764_000_000_000, "message": "m"}],
    } | changes


def packed(document: Any) -> dict[str, Any]:
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(document).encode())).decode()}}


# The rules ------------------------------------------------------------------------------------------------------------


def example(watched: Filter, rule: Rule) -> Line:
    text: str = DOCUMENT["filters"][watched.name]["rules"][rule.name]["example"]
    return line(text, stream=f"{rule.streams[0]}-0a1b" if rule.streams else "one")


@pytest.mark.parametrize(("watched", "rule"), RULES, ids=lambda each: each.name)
def test_the_example_of_a_rule_is_a_line_of_that_rule(watched: Filter, rule: Rule) -> None:
    assert watched.rule_for(example(watched, rule)) is rule


@pytest.mark.parametrize(("watched", "rule"), RULES, ids=lambda each: each.name)
def test_the_fields_a_rule_groups_by_are_in_its_example(watched: Filter, rule: Rule) -> None:
    if rule.group_by:
        assert rule.values(example(watched, rule))


@pytest.mark.parametrize(
    "message",
    [
        '{"level":"INFO","message":"took an event","state":"ERROR"}',
        "REPORT RequestId: 1 Duration: 1 ms Status: timeout",
        "",
    ],
)
def test_other_lines_of_functions_are_told_of_by_no_rule(message: str) -> None:
    assert FILTERS["functions"].rule_for(line(message)) is None


def audit(**changes: Any) -> Line:
    document: dict[str, Any] = {
        "verb": "list",
        "stage": "ResponseComplete",
        "user": {"username": "system:anonymous"},
        "objectRef": {"resource": "secrets"},
        "responseStatus": {"code": 200},
    }
    return line(json.dumps(document | changes))


def test_health_checks_of_nobody_are_no_anonymous_access() -> None:
    rule = FILTERS["cluster-audit"].rule_for
    assert getattr(rule(audit()), "name", None) == "anonymous-access"
    without = audit(objectRef=None)
    assert rule(without) is None


def test_a_refused_deletion_is_no_deletion() -> None:
    refused = audit(verb="delete", objectRef={"resource": "namespaces"}, responseStatus={"code": 403})
    found = FILTERS["cluster-audit"].rule_for(refused)
    assert found is not None
    assert found.name == "refused"


def test_true_is_not_the_number_one() -> None:
    rule = Rule("n", "t", Severity.INFO, "platform", 1, MINUTE, "r", fields={"a": [1]})
    assert rule.takes(line('{"a": 1}'))
    assert not rule.takes(line('{"a": true}'))
    assert not rule.takes(line("[1]"))
    assert not rule.takes(line("[" * 100_000))


def test_a_line_of_another_stream_is_not_taken() -> None:
    components = FILTERS["cluster-components"]
    assert components.rule_for(line("access denied", stream="authenticator-1")) is not None
    assert components.rule_for(line("access denied", stream="kube-scheduler-1")) is None


# The same thing again -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2026-11-24T02:05:00.000Z a timed out after 300.00 s", "2026-11-25T03:00:00Z a timed out after 3.0 s"),
        ("E1124 02:00:00.000001      10 a.go:71] no", "E1125 13:10:59.123456      11 a.go:71] no"),
        ("call 52fdfc07-2182-454f-963f-5f0f9a621d72 failed", "call 00000000-2182-454f-963f-5f0f9a621d73 failed"),
        ("from 10.0.1.9:51234 to fd00::1:2:3", "from 203.0.113.77:1 to fd00::9:2:3"),
        ("pod align-7d4b9c6f5d-x8k2p gone", "pod align-5c9f8d7b6f-q2w4z gone"),
        ("object 0xc000123456 of deadbeef01", "object 0xc000654321 of cafebabe02"),
    ],
)
def test_lines_that_differ_in_times_ids_numbers_and_addresses_are_the_same(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)
    assert RULE.fingerprint(line(one)) == RULE.fingerprint(line(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [("disk full", "disk gone"), ("No module named 'common'", "No module named 'boto3'"), ("bwa died", "picard died")],
)
def test_lines_that_say_something_else_are_not_the_same(one: str, other: str) -> None:
    assert RULE.fingerprint(line(one)) != RULE.fingerprint(line(other))


def test_the_same_words_in_another_log_group_are_another_thing() -> None:
    assert RULE.fingerprint(line("no", group="/a")) != RULE.fingerprint(line("no", group="/b"))


def test_a_rule_that_groups_by_fields_looks_at_nothing_else() -> None:
    rule = FILTERS["cluster-audit"].rules["refused"]
    same = [audit(auditID=str(number), responseStatus={"code": 403}) for number in range(3)]
    assert len({rule.fingerprint(each) for each in same}) == 1
    other = audit(user={"username": "ravi"}, responseStatus={"code": 403})
    assert rule.fingerprint(other) != rule.fingerprint(same[0])


# What is shown --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "secret"),
    [
        ("key AKIAIOSFODNN7EXAMPLE used", "AKIAIOSFODNN7EXAMPLE"),
        ("Authorization: Bearer abcdefgh.ijklmnop", "abcdefgh.ijklmnop"),
        ("got Bearer abcdefgh1234", "abcdefgh1234"),
        ('{"password": "hunter 2 hunter"}', "hunter"),
        ('{"log":"{\\"token\\":\\"s3cr3t value\\"}"}', "s3cr3t"),
        ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI"),
        ("jwt eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl", "c2lnbmF0dXJl"),
        ("token k8s-aws-v1.aHR0cHM6Ly9zdHM", "aHR0cHM6Ly9zdHM"),
        ("https://user:pa55word@example.org/x", "pa55word"),
        ("GET /a?X-Amz-Signature=0123abcd&x=1", "0123abcd"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow"),
        ("api_key: 'abc def'", "abc def"),
    ],
)
def test_secrets_are_masked(message: str, secret: str) -> None:
    assert secret not in shown(message)
    assert MASK in shown(message)


def test_what_is_no_secret_stays() -> None:
    text = '{"level":"ERROR","message":"a notice was not sent","error_code":"Throttled"}'
    assert shown(text) == text


def test_a_secret_is_masked_before_the_line_is_shortened() -> None:
    message = "x" * (LIMIT - 25) + " AKIAIOSFODNN7EXAMPLE and much more after it " + "y" * LIMIT
    assert "AKIA" not in shown(message)
    assert len(shown(message)) == LIMIT


def test_a_line_of_a_megabyte_is_dealt_with() -> None:
    message = "a" * 500_000 + "-" + "0" * 500_000
    assert len(shown(message)) == LIMIT
    assert RULE.fingerprint(line(message))


def test_half_a_surrogate_pair_is_kept_as_a_question_mark() -> None:
    rule = Rule("n", "t", Severity.INFO, "platform", 1, MINUTE, "r", group_by=("a",))
    found = read(packed(payload(logStream="\ud800", logEvents=[{"id": "1", "timestamp": 1, "message": "x \ud800"}])))
    assert isinstance(found, Delivery)
    memory = Memory()
    memory.count(rule, [*found.lines, line(json.dumps({"a": "\ud800"}))], NOW)
    assert json.dumps(memory.document(), ensure_ascii=False).encode().count(b"?") == 3


@given(st.text(max_size=3000))
def test_nothing_shown_is_longer_than_the_limit(message: str) -> None:
    assert len(shown(message)) <= LIMIT


# Deliveries -----------------------------------------------------------------------------------------------------------


def test_a_delivery_names_its_filter_and_its_lines() -> None:
    found = read(packed(payload()))
    assert isinstance(found, Delivery)
    assert found.filters == ("cluster-audit",)
    assert [(each.id, each.message, each.at.year) for each in found.lines] == [("1", "m", 2025)]


def test_a_control_message_is_known() -> None:
    assert isinstance(read(packed(payload(messageType="CONTROL_MESSAGE"))), Control)


@pytest.mark.parametrize(
    "event",
    [
        {"awslogs": {"data": "no base64!"}},
        {"awslogs": {"data": base64.b64encode(b"no gzip").decode()}},
        {"awslogs": {"data": base64.b64encode(gzip.compress(b"{")).decode()}},
        {"awslogs": {"data": base64.b64encode(gzip.compress(b"\xff\xfe")).decode()}},
        {"awslogs": {"data": base64.b64encode(gzip.compress(b"{}" * 50)[:-12]).decode()}},
        {"awslogs": {"data": 7}},
        {"awslogs": None},
        packed([]),
        packed({}),
        packed(payload(messageType="OTHER")),
        packed(payload(logEvents=None)),
        packed(payload(logEvents=[{"id": "1"}])),
        packed(payload(logEvents=[{"id": "1", "timestamp": "soon", "message": "m"}])),
        packed(payload(logEvents=[{"id": "1", "timestamp": 10**30, "message": "m"}])),
        packed(payload(logEvents=[{"id": "1", "timestamp": 1, "message": None}])),
        packed(payload(logGroup=None)),
        packed(payload(subscriptionFilters=[1])),
        {"awslogs": {"data": base64.b64encode(gzip.compress(b"[" * 200_000)).decode()}},
    ],
)
def test_what_cannot_be_read_is_poison(event: Any) -> None:
    assert isinstance(read(event), Poison)


@pytest.mark.parametrize(
    ("group", "is_own"),
    [("/aws/lambda/kosha-test-log-alerter", True), ("/aws/lambda/kosha-test-object-tagger", False), (GROUP, False)],
)
def test_its_own_log_group_is_known(group: str, is_own: bool) -> None:
    found = read(packed(payload(logGroup=group)))
    assert isinstance(found, Delivery)
    assert found.is_our_own is is_own


# When people hear of it -----------------------------------------------------------------------------------------------


def again(memory: Memory) -> Memory:
    """As the next invocation finds it."""
    return Memory.read(json.loads(json.dumps(memory.document())))


def told(memory: Memory, now: datetime, *lines: Line, rule: Rule = RULE) -> list[Mapping[str, Any]]:
    """Count the lines, and send what is due: the notices' bodies."""
    memory.count(rule, lines, now)
    memory.write_down(rule, now)
    outgoing = memory.claimed(now)
    memory.settle({each.id for each in outgoing}, set())
    memory.forget({rule.name: rule}, now)
    return [json.loads(render(messages.notice("test", "f", rule, each)).body) for each in outgoing]


def test_a_storm_of_equal_lines_is_one_notice_and_one_summary() -> None:
    memory = Memory()
    (first,) = told(memory, NOW, *(line(f"disk {n} full") for n in range(400)))
    assert (first["kind"], first["details"]["lines"]) == ("logs.matched", 400)
    memory = again(memory)
    assert told(memory, NOW + MINUTE, *(line(f"disk {n} full") for n in range(600))) == []
    assert told(memory, NOW + 59 * MINUTE) == []
    memory = again(memory)
    (summary,) = told(memory, NOW + 60 * MINUTE)
    assert (summary["kind"], summary["details"]["lines"]) == ("logs.repeated", 600)
    assert "more of the same, 600 log lines suppressed" in summary["summary"]
    assert told(memory, NOW + 120 * MINUTE) == []


def test_a_new_kind_of_line_is_told_at_once_although_another_is_suppressed() -> None:
    memory = Memory()
    told(memory, NOW, line("disk full"))
    (notice,) = told(memory, NOW + MINUTE, line("disk full"), line("disk gone"))
    (item,) = notice["details"]["groups"]["items"]
    assert item["example"] == "disk gone"


def test_at_the_limit_new_kinds_wait_and_are_told_together_within_the_window() -> None:
    memory = Memory()
    words = ["alpha", "beta", "gamma", "delta"]
    sent = [told(memory, NOW + number * MINUTE, line(word)) for number, word in enumerate(words)]
    assert [len(each) for each in sent] == [1, 1, 0, 0]
    assert told(memory, NOW + 59 * MINUTE) == []
    (together,) = told(memory, NOW + 60 * MINUTE)
    assert together["kind"] == "logs.matched"
    assert [each["example"] for each in together["details"]["groups"]["items"]] == ["gamma", "delta"]


def test_a_line_delivered_twice_is_counted_once_even_in_another_batch() -> None:
    memory = Memory()
    lines = [line("disk full", id=str(number)) for number in range(3)]
    told(memory, NOW, *lines)
    memory = again(memory)
    assert memory.count(RULE, [*lines, line("disk full", id="4")], NOW + MINUTE) == 1


def test_ids_are_forgotten_after_six_hours_and_when_there_are_too_many() -> None:
    memory = Memory()
    memory.count(RULE, [line("disk full", id=f"old {number}") for number in range(5)], NOW)
    memory.count(RULE, [line("disk full", id=str(number)) for number in range(IDS)], NOW + MINUTE)
    memory.forget({RULE.name: RULE}, NOW + MINUTE)
    assert len(memory.seen) == IDS
    assert memory.count(RULE, [line("disk full", id="old 1")], NOW + MINUTE) == 1
    memory.forget({RULE.name: RULE}, NOW + REMEMBER_IDS + 2 * MINUTE)
    assert memory.seen == {}


def test_more_kinds_than_fit_are_counted_together() -> None:
    memory = Memory()
    letters = "abcdefghijklmnopqrst"
    (notice,) = told(memory, NOW, *(line(f"{a}x{b}") for a in letters for b in letters))
    groups = notice["details"]["groups"]
    assert groups["count"] == GROUPS + 1
    others = [each for each in groups["items"] if each["fingerprint"] == OTHERS]
    assert others[0]["count"] == len(letters) ** 2 - GROUPS


def test_what_is_over_is_forgotten() -> None:
    memory = Memory()
    told(memory, NOW, line("disk full"))
    assert not memory.forget({RULE.name: RULE}, NOW + MINUTE)
    assert memory.forget({RULE.name: RULE}, NOW + 60 * MINUTE)
    assert memory.rules[RULE.name].groups == {}
    assert memory.rules[RULE.name].notices == []


def test_a_rule_the_catalogue_no_longer_has_is_forgotten() -> None:
    memory = Memory()
    memory.count(RULE, [line("disk full")], NOW)
    assert memory.forget({}, NOW)
    assert memory.rules == {}


def test_a_notice_nobody_sent_is_taken_over_after_a_while_and_is_the_same_one() -> None:
    memory = Memory()
    memory.count(RULE, [line("disk full")], NOW)
    memory.write_down(RULE, NOW)
    (mine,) = memory.claimed(NOW)
    memory = again(memory)
    soon, later = NOW + MINUTE, NOW + CLAIM
    assert not memory.claim_stale(soon)
    assert memory.claimed(soon) == []
    assert memory.claim_stale(later)
    (theirs,) = memory.claimed(later)
    one, other = (render(messages.notice("test", "f", RULE, each)) for each in (mine, theirs))
    assert one == other


def test_a_notice_sns_did_not_take_is_free_at_once() -> None:
    memory = Memory()
    memory.count(RULE, [line("disk full")], NOW)
    memory.write_down(RULE, NOW)
    memory.settle(set(), {each.id for each in memory.outbox})
    assert memory.claim_stale(NOW + timedelta(seconds=1))


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from(["alpha", "beta", "gamma", "delta"])), max_size=40))
def test_whatever_comes_no_window_has_more_notices_than_the_limit_and_every_line_is_told_once(
    steps: list[tuple[int, str]],
) -> None:
    memory, now = Memory(), NOW
    moments: list[datetime] = []
    lines = 0
    for minutes, word in [*steps, *([(20, "")] * 8)]:
        now += minutes * MINUTE
        found = told(memory, now, *([line(word)] if word else []))
        memory = again(memory)
        moments += [now] * len(found)
        lines += sum(each["details"]["lines"] for each in found)
    assert lines == len(steps)
    for moment in moments:
        assert sum(moment - RULE.window < each <= moment for each in moments) <= RULE.limit


# The notice -----------------------------------------------------------------------------------------------------------


def test_the_notice_says_what_when_how_often_and_where_to_look() -> None:
    rule = FILTERS["cluster-audit"].rules["anonymous-access"]
    memory = Memory()
    (notice,) = told(memory, NOW, audit(), audit(), rule=rule)
    assert notice["severity"] == "critical"
    assert notice["runbook"] == "docs/runbooks/cluster-logs.md"
    assert notice["summary"] == "Somebody without a name was served by the cluster: 2 log lines of 1 kind"
    (item,) = notice["details"]["groups"]["items"]
    assert (item["count"], item["first"], item["last"]) == (2, NOW.isoformat(), NOW.isoformat())
    assert item["values"] == {"verb": "list", "objectRef.resource": "secrets"}
    look = notice["details"]["look"]
    assert look.startswith("aws logs start-query --start-time ")
    assert 'user.username in ["system:anonymous"] and ispresent(objectRef.resource)' in look
    assert look.endswith(f"--log-group-names {GROUP}")


def test_a_rule_of_terms_is_asked_for_by_its_terms() -> None:
    rule = FILTERS["functions"].rules["error-line"]
    memory = Memory()
    (notice,) = told(memory, NOW, example(FILTERS["functions"], rule), rule=rule)
    look = notice["details"]["look"]
    assert '(@message like "ERROR" or @message like "CRITICAL") and level in ["ERROR", "CRITICAL"]' in look
