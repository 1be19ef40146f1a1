"""Calls what an EventBridge Scheduler schedule points at.

Templated targets: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
Universal targets: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError
from localstack.utils.aws.arns import parse_arn, sqs_queue_url_for_arn

from kosha_localcloud.services.clients import client_in_role

PRINCIPAL = "scheduler.amazonaws.com"

# A wrong request, a missing resource or a missing right does not heal: Scheduler does not try these again.
_FINAL_ERRORS = {"ResourceNotFoundException", "ValidationException", "InvalidParameterValueException", "NotFound",
                 "AccessDenied", "AccessDeniedException", "AuthorizationError", "ParamValidationError",
                 "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}  # fmt: skip


@dataclass(frozen=True)
class Deputy:
    """A schedule that works in its role: only what the role may do is done, and only if it trusts Scheduler.

    It works for its group:
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """

    schedule_arn: str
    role: str

    def client(self, service: str, region: str) -> Any:
        """A client that tries once: the schedule's retry policy decides the rest."""
        group = self.schedule_arn.replace(":schedule/", ":schedule-group/").rpartition("/")[0]
        return client_in_role(service, region, self.role, PRINCIPAL, group, tries=1)


def call(deputy: Deputy, region: str, target: dict[str, Any], payload: str) -> None:
    """Call the target of a schedule once.

    Raises ClientError when the service or the role refuses, ValueError when the target is of a kind that is not
    supported.
    """
    arn: str = target["Arn"]
    if arn.startswith("arn:aws:scheduler:::aws-sdk:"):
        service, action = arn.rsplit(":", 2)[1:]
        getattr(deputy.client(service, region), xform_name(action))(**json.loads(payload or "{}"))
        return
    place = parse_arn(arn)
    service, there = place["service"], place["region"]
    if service == "lambda":
        deputy.client("lambda", there).invoke(FunctionName=arn, InvocationType="Event", Payload=payload.encode())
    elif service == "sqs":
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        send_to_queue(deputy, arn, payload, {}, group)
    elif service == "sns":
        deputy.client("sns", there).publish(TopicArn=arn, Message=payload)
    elif service == "events":
        given = target.get("EventBridgeParameters") or {}
        entry = {"EventBusName": arn, "Detail": payload, **{key: given[key] for key in ("Source", "DetailType")}}
        deputy.client("events", there).put_events(Entries=[entry])
    elif service == "states":
        deputy.client("stepfunctions", there).start_execution(stateMachineArn=arn, input=payload)
    else:
        raise ValueError(f"schedule target {arn}: the local cloud calls lambda, sqs, sns, events and states targets")


def send_to_queue(
    deputy: Deputy, queue_arn: str, body: str, attributes: dict[str, str], group: str | None = None
) -> None:
    """Send one message to an SQS queue."""
    more: dict[str, Any] = {"MessageGroupId": group} if group else {}
    if attributes:
        more["MessageAttributes"] = {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        }
    queues = deputy.client("sqs", parse_arn(queue_arn)["region"])
    queues.send_message(QueueUrl=sqs_queue_url_for_arn(queue_arn), MessageBody=body, **more)


def may_succeed_later(error: Exception) -> bool:
    """Is it worth trying again?"""
    return error_code(error) not in _FINAL_ERRORS and not isinstance(error, ValueError)


def error_code(error: Exception) -> str:
    """The AWS error code, or the kind of the exception."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
