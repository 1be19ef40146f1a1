"""A failure that a function counts itself raises an alarm that reaches people and names its runbook."""

from tests.local.conftest import Platform
from tests.patience import wait_for


def alarm_mails(platform: Platform, alarm: str) -> list[str]:
    return [
        mail["message"]
        for mail in platform.cloud.control("GET", "mailbox")
        if alarm in (mail["subject"] or "") and "ALARM" in mail["message"]
    ]


def test_a_transfer_that_cannot_start_raises_an_alarm_that_names_its_runbook(platform: Platform) -> None:
    alarm = f"{platform.environment.prefix}-transfer-starter-TransferStartFailures"
    function = platform.handoffs["40-automation"]["function_arns"]["transfer_starter"]
    fault = {
        "service": "datasync",
        "operation": "DescribeTask",
        "kind": "error",
        "code": "InvalidRequestException",
        "message": "Task not found.",
        "status": 400,
        "times": 1,
    }
    platform.cloud.control("POST", "faults", fault)
    client = platform.cloud.client("lambda", platform.environment.region)
    answer = client.invoke(FunctionName=function, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()

    def mails() -> list[str]:
        platform.cloud.control("POST", "alarms/evaluate", {"name": alarm})  # as CloudWatch does every minute
        return alarm_mails(platform, alarm)

    (mail, *_) = wait_for("the alarm's mail", mails)
    assert "docs/runbooks/transfer-starter.md" in mail
