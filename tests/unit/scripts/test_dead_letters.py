"""The dead letters: shown as they are, replayed once, kept where a replay cannot be right."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from rich.console import Console

from scripts import dead_letters
from scripts.dead_letters import DeadLetterQueue
from scripts.infrastructure.environments import load_environment
from scripts.talk import UserError

ARN = "arn:aws:lambda:ap-south-1:111122223333:function:kosha-test-object-tagger"
EVENT = {"detail-type": "DataSync Task Execution State Change", "detail": {"State": "SUCCESS"}, "resources": ["ü +%"]}
FAKE = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "ap-south-1"}


class Functions:
    """Lambda, as far as a replay needs it."""

    def __init__(self, queue: Any) -> None:
        self.calls: list[dict[str, Any]] = []
        self.problem: Exception | None = None
        self.status = 202
        self.leaves_letter = False
        self._queue = queue

    def invoke(self, **call: Any) -> dict[str, Any]:
        if self.problem:
            raise self.problem
        self.calls.append(call)
        if self.leaves_letter:
            self._queue.send_message(MessageBody="{}")
        return {"StatusCode": self.status}


class Desk:
    """A queue, who sends to it and who reads it."""

    def __init__(self) -> None:
        sqs = boto3.client("sqs")
        url = sqs.create_queue(QueueName="kosha-test-object-tagger-dead-letters")["QueueUrl"]
        self._queue = boto3.resource("sqs").Queue(url)
        self.functions = Functions(self._queue)
        self.queues = [DeadLetterQueue(sqs, self.functions, "object_tagger", ARN)]

    def send(self, body: str, **attributes: str) -> None:
        typed: Any = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        self._queue.send_message(MessageBody=body, MessageAttributes=typed)

    def left(self) -> list[str]:
        """What a next command would find."""
        queue = self.queues[0]
        letters = list(queue.take(100))
        queue.give_back(letters)
        return [letter.body for letter in letters]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(dead_letters, "POLL_SECONDS", 0)
    with mock.patch.dict(os.environ, FAKE), mock_aws():
        yield Desk()


def test_letters_are_shown_with_who_sent_them_and_why_and_stay(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "console", Console(width=300))
    group = "arn:aws:scheduler:ap-south-1:111122223333:schedule/default"
    desk.send(
        '{"schedule": "main"}', SCHEDULE_ARN=f"{group}/main", ERROR_CODE="Throttled", ERROR_MESSAGE="too many [/x]"
    )
    desk.send(json.dumps(EVENT), RequestID="r-1", ErrorCode="200", ErrorMessage="SlowDown")
    rule = "arn:aws:events:ap-south-1:111122223333:rule/ended"
    desk.send("{}", RULE_ARN=rule, ERROR_CODE="NO_PERMISSIONS")
    assert dead_letters.show(desk.queues, 100) == 0
    shown = capsys.readouterr().out
    for text in (
        "schedule main",
        "Throttled: too many [/x]",
        "call r-1",
        "200: SlowDown",
        "rule ended",
        "NO_PERMISSIONS",
    ):
        assert text in shown
    assert len(desk.left()) == 3


def test_a_replay_calls_with_the_same_event_and_then_empties_the_queue(desk: Desk) -> None:
    for number in range(23):
        desk.send(json.dumps(EVENT | {"id": number}, ensure_ascii=False))
    assert dead_letters.replay(desk.queues, 100) == 0
    events = [json.loads(call["Payload"]) for call in desk.functions.calls]
    assert sorted(event["id"] for event in events) == list(range(23))
    assert events[0] == EVENT | {"id": events[0]["id"]}
    assert {(call["FunctionName"], call["InvocationType"]) for call in desk.functions.calls} == {(ARN, "Event")}
    assert desk.left() == []


@pytest.mark.parametrize(
    ("body", "attributes"),
    [("not json", {}), ('{"a": 1}', {"IS_PAYLOAD_TRUNCATED": "true"})],
    ids=["no JSON", "truncated"],
)
def test_a_letter_that_is_no_whole_event_is_kept_and_named(
    desk: Desk, capsys: pytest.CaptureFixture[str], body: str, attributes: dict[str, str]
) -> None:
    desk.send(body, **attributes)
    desk.send('{"good": 1}')
    assert dead_letters.replay(desk.queues, 100) == 1
    assert [call["Payload"] for call in desk.functions.calls] == [b'{"good": 1}']
    assert desk.left() == [body]
    assert "1 replayed, 1 kept" in capsys.readouterr().out


def test_nothing_is_lost_where_lambda_does_not_accept(desk: Desk) -> None:
    desk.send('{"a": 1}')
    desk.functions.problem = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Invoke")
    assert dead_letters.replay(desk.queues, 100) == 1
    desk.functions.problem, desk.functions.status = None, 200
    assert dead_letters.replay(desk.queues, 100) == 1
    assert desk.left() == ['{"a": 1}']


def test_what_a_replay_leaves_behind_is_not_replayed_in_turn(desk: Desk) -> None:
    desk.functions.leaves_letter = True
    for _ in range(12):
        desk.send('{"a": 1}')
    assert dead_letters.replay(desk.queues, 100) == 0
    assert len(desk.functions.calls) == 12
    assert desk.left() == ["{}"] * 12


def test_the_limit_holds_and_is_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(15):
        desk.send("{}")
    dead_letters.replay(desk.queues, 12)
    assert len(desk.functions.calls) == 12
    assert len(desk.left()) == 3
    assert "this was the limit of 12 letters" in capsys.readouterr().out


def test_dropping_deletes_without_calling(desk: Desk) -> None:
    desk.send("not json")
    assert dead_letters.drop(desk.queues, 100) == 0
    assert (desk.left(), desk.functions.calls) == ([], [])


def test_a_function_stands_for_all_its_instances_and_a_wrong_name_names_those_there_are(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    arns = dict.fromkeys(("object_tagger", "scratch_cleaner_a", "scratch_cleaner_b"), ARN)
    monkeypatch.setattr(dead_letters, "read_handoff", lambda *_: {"function_arns": arns})
    monkeypatch.setattr(dead_letters, "client", lambda _, service: boto3.client(service))

    def names(function: str) -> list[str]:
        return [queue.service for queue in dead_letters.open_queues(load_environment("local"), function)]

    assert names("scratch_cleaner") == ["scratch_cleaner_a", "scratch_cleaner_b"]
    assert names("scratch_cleaner_a") == ["scratch_cleaner_a"]
    assert names("") == sorted(arns)
    for wrong in ("taggr", "object", "scratch"):
        with pytest.raises(UserError, match="there are: object_tagger, scratch_cleaner_a, scratch_cleaner_b"):
            names(wrong)


def test_dropping_asks_for_a_function_and_a_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["dead_letters", "drop", "--env", "local", "--yes"])
    with pytest.raises(UserError, match="name the --function and add --yes"):
        dead_letters.main()
