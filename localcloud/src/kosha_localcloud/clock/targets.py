"""Calls what an EventBridge Scheduler schedule points at.

Templated targets: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
Universal targets: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""

from __future__ import annotations

import json
from typing import Any

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to
from localstack.utils.aws.arns import parse_arn, sqs_queue_url_for_arn

# A wrong request or a missing resource does not heal: Scheduler does not try these again.
_FINAL_ERRORS = {"ResourceNotFoundException", "ValidationException", "InvalidParameterValueException", "NotFound",
                 "AccessDeniedException", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist",
                 "ParamValidationError"}  # fmt: skip


def call(region: str, target: dict[str, Any], payload: str) -> None:
    """Call the target of a schedule once.

    Raises ClientError when the service refuses, ValueError when the target is of a kind that is not supported.
    """
    arn: str = target["Arn"]
    if arn.startswith("arn:aws:scheduler:::aws-sdk:"):
        _universal(region, target, payload)
        return
    service = parse_arn(arn)["service"]
    role: str = target["RoleArn"]
    if service == "lambda":
        _client("lambda", arn, role).invoke(FunctionName=arn, InvocationType="Event", Payload=payload.encode())
    elif service == "sqs":
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        send_to_queue(arn, role, payload, {}, group)
    elif service == "sns":
        _client("sns", arn, role).publish(TopicArn=arn, Message=payload)
    elif service == "events":
        given = target.get("EventBridgeParameters") or {}
        entry = {"EventBusName": arn, "Detail": payload, **{key: given[key] for key in ("Source", "DetailType")}}
        _client("events", arn, role).put_events(Entries=[entry])
    elif service == "states":
        _client("stepfunctions", arn, role).start_execution(stateMachineArn=arn, input=payload)
    else:
        raise ValueError(f"schedule target {arn}: the local cloud calls lambda, sqs, sns, events and states targets")


def send_to_queue(queue_arn: str, role: str, body: str, attributes: dict[str, str], group: str | None = None) -> None:
    """Send one message to an SQS queue."""
    more: dict[str, Any] = {"MessageGroupId": group} if group else {}
    if attributes:
        more["MessageAttributes"] = {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        }
    _client("sqs", queue_arn, role).send_message(QueueUrl=sqs_queue_url_for_arn(queue_arn), MessageBody=body, **more)


def may_succeed_later(error: Exception) -> bool:
    """Is it worth trying again?"""
    return error_code(error) not in _FINAL_ERRORS and not isinstance(error, ValueError)


def error_code(error: Exception) -> str:
    """The AWS error code, or the kind of the exception."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__


def _clients(role: str, region: str) -> Any:
    """Clients with the rights of the schedule's role. They try once: the schedule's retry policy decides the rest."""
    return connect_to.with_assumed_role(
        role_arn=role,
        service_principal="scheduler",
        region_name=region,
        config=Config(retries={"total_max_attempts": 1}),
    )


def _universal(region: str, target: dict[str, Any], payload: str) -> None:
    service, action = target["Arn"].rsplit(":", 2)[1:]
    getattr(getattr(_clients(target["RoleArn"], region), service), xform_name(action))(**json.loads(payload or "{}"))


def _client(service: str, arn: str, role: str) -> Any:
    return getattr(_clients(role, parse_arn(arn)["region"]), "lambda_" if service == "lambda" else service)
