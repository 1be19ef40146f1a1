"""Command line of the dead letters (``make dead-letters``, ``make replay``): what the functions gave up on.

A function's queue receives from three senders, each with the event as the body and the reason in attributes:
Lambda (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html), EventBridge Scheduler
(https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html) and EventBridge rules
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html). A letter leaves the queue only after Lambda
has accepted its event; the functions stand being called twice, so a letter that could not be deleted does no harm.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.table import Table
from rich.text import Text

from scripts.build_functions import packages
from scripts.handoff import client, read_handoff
from scripts.infrastructure.environments import Environment, load_environment
from scripts.talk import EXIT_FAILURE, UserError, make_console, run_program

console = make_console()
LIMIT = 1000
# Long enough to act on every letter taken; a command that was broken off gives them back after that.
HIDDEN_SECONDS = 900
# Long polling asks every server of the queue; a short poll may find nothing though there is something.
POLL_SECONDS = 1
SHOWN_CHARACTERS = 160


@dataclass(frozen=True)
class Letter:
    """One message of a dead-letter queue."""

    receipt: str
    sent: datetime
    body: str
    attributes: Mapping[str, str]

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Letter:
        return cls(
            message["ReceiptHandle"],
            datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC),
            message["Body"],
            {name: each.get("StringValue", "") for name, each in message.get("MessageAttributes", {}).items()},
        )

    @property
    def sender(self) -> str:
        """Who gave up: a schedule or a rule that could not call the function, or Lambda, whose calls of it failed."""
        if "SCHEDULE_ARN" in self.attributes:
            return f"schedule {self.attributes['SCHEDULE_ARN'].rsplit('/', 1)[-1]}"
        if "RULE_ARN" in self.attributes:
            return f"rule {self.attributes['RULE_ARN'].rsplit('/', 1)[-1]}"
        return f"call {self.attributes['RequestID']}" if "RequestID" in self.attributes else "unknown"

    @property
    def reason(self) -> str:
        parts = [self.attributes.get(name, "") for name in ("ERROR_CODE", "ERROR_MESSAGE", "ErrorCode", "ErrorMessage")]
        return ": ".join(part for part in parts if part) or "not said"

    @property
    def problem(self) -> str:
        """Why a function cannot be called with it; empty where it can."""
        if self.attributes.get("IS_PAYLOAD_TRUNCATED") == "true":
            return "its event was truncated on the way"
        try:
            json.loads(self.body)
        except ValueError as error:
            return f"its event is no JSON ({error})"
        return ""


class DeadLetterQueue:
    """The dead letters of one function."""

    def __init__(self, sqs: Any, functions: Any, service: str, function_arn: str) -> None:
        self.service = service
        self._sqs = sqs
        self._functions = functions
        self._function_arn = function_arn
        name = f"{function_arn.rsplit(':', 1)[-1]}-dead-letters"
        try:
            self._url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        except (BotoCoreError, ClientError) as error:
            raise UserError(f"cannot find the queue {name}: {error}") from error

    def take(self, limit: int) -> Iterator[Letter]:
        """At most ``limit`` letters, hidden from everybody else until given back."""
        taken = 0
        while taken < limit:
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(10, limit - taken),
                WaitTimeSeconds=POLL_SECONDS,
                VisibilityTimeout=HIDDEN_SECONDS,
                AttributeNames=["SentTimestamp"],
                MessageAttributeNames=["All"],
            )
            messages = answer.get("Messages", [])
            if not messages:
                return
            yield from map(Letter.from_message, messages)
            taken += len(messages)

    def give_back(self, letters: list[Letter]) -> None:
        for letter in letters:
            self._sqs.change_message_visibility(QueueUrl=self._url, ReceiptHandle=letter.receipt, VisibilityTimeout=0)

    def drop(self, letter: Letter) -> None:
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=letter.receipt)

    def replay(self, letter: Letter) -> str:
        """Call the function with the letter's event and drop it; returns what stood in the way, empty if nothing."""
        if letter.problem:
            return letter.problem
        try:
            answer = self._functions.invoke(
                FunctionName=self._function_arn, InvocationType="Event", Payload=letter.body.encode()
            )
        except (BotoCoreError, ClientError) as error:
            return f"{self.service} cannot be called: {error}"
        if answer["StatusCode"] != 202:
            return f"Lambda did not accept the event: status {answer['StatusCode']}"
        self.drop(letter)
        return ""


def open_queues(environment: Environment, function: str) -> list[DeadLetterQueue]:
    """The queue of ``function`` (of all its instances), or of every function.

    Raises :class:`UserError` naming the functions there are, where ``function`` is none of them.
    """
    arns: dict[str, str] = read_handoff(environment, "40-automation")["function_arns"]
    beginning = f"{function}_" if function in packages() else None  # a word is that of several functions
    chosen = {each: arn for each, arn in arns.items() if each == function or (beginning and each.startswith(beginning))}
    if function and not chosen:
        raise UserError(f"no function {function!r} in {environment.name}; there are: {', '.join(sorted(arns))}")
    sqs, functions = client(environment, "sqs"), client(environment, "lambda")
    return [DeadLetterQueue(sqs, functions, name, arn) for name, arn in sorted((chosen or arns).items())]


def show(queues: list[DeadLetterQueue], limit: int) -> int:
    """Print the letters; they stay where they are."""
    table = Table("function", "given up at", "by", "why", "event")
    for queue in queues:
        letters = list(queue.take(limit))
        queue.give_back(letters)
        for letter in sorted(letters, key=lambda letter: letter.sent):
            event = f"cannot be replayed: {letter.problem}" if letter.problem else _shorten(letter.body)
            texts = (letter.sender, _shorten(letter.reason), event)
            table.add_row(queue.service, f"{letter.sent:%Y-%m-%d %H:%M:%S}Z", *map(Text, texts))
        _say_if_cut(queue, letters, limit)
    if table.row_count:
        console.print(table)
    else:
        console.print("no dead letters")
    return 0


def replay(queues: list[DeadLetterQueue], limit: int) -> int:
    """Call the functions again; exit code 1 where a letter had to stay."""
    failed = 0
    for queue in queues:
        # All are taken before the first is replayed: what that call leaves behind is not replayed in turn.
        letters = list(queue.take(limit))
        kept = []
        for letter in letters:
            problem = queue.replay(letter)
            if problem:
                kept.append(letter)
                console.print(
                    f"{queue.service}: kept the letter of {letter.sent:%Y-%m-%d %H:%M:%S}Z: {problem}",
                    highlight=False,
                    markup=False,
                )
        queue.give_back(kept)
        failed += len(kept)
        if letters:
            console.print(f"{queue.service}: {len(letters) - len(kept)} replayed, {len(kept)} kept", highlight=False)
        _say_if_cut(queue, letters, limit)
        if not letters:
            console.print(f"{queue.service}: no dead letters", highlight=False)
    console.print("a call that fails again is back after its tries: make dead-letters", highlight=False)
    return EXIT_FAILURE if failed else 0


def drop(queues: list[DeadLetterQueue], limit: int) -> int:
    """Delete letters for good."""
    for queue in queues:
        letters = list(queue.take(limit))
        for letter in letters:
            queue.drop(letter)
        console.print(f"{queue.service}: {len(letters)} dropped", highlight=False)
        _say_if_cut(queue, letters, limit)
    return 0


def _say_if_cut(queue: DeadLetterQueue, letters: list[Letter], limit: int) -> None:
    if len(letters) >= limit:
        console.print(f"{queue.service}: there may be more, this was the limit of {limit} letters", highlight=False)


def _shorten(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 3] + "..."


def main() -> int:
    parser = argparse.ArgumentParser(prog="dead_letters", description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["list", "replay", "drop"])
    parser.add_argument("--env", required=True)
    parser.add_argument("--function", default="", help="only this function's (default: every function's)")
    parser.add_argument("--limit", type=int, default=LIMIT, help=f"letters of one function at most ({LIMIT})")
    parser.add_argument("--yes", action="store_true", help="drop: delete the letters of the function for good")
    arguments = parser.parse_args()
    if arguments.limit < 1:
        raise UserError(f"--limit {arguments.limit}: give 1 or more")
    if arguments.command == "drop" and not (arguments.yes and arguments.function):
        raise UserError("drop deletes events for good: name the --function and add --yes")
    queues = open_queues(load_environment(arguments.env), arguments.function)
    return {"list": show, "replay": replay, "drop": drop}[arguments.command](queues, arguments.limit)


if __name__ == "__main__":
    run_program(main)
