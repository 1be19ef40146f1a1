"""Log lines, through the real subscription filters, become notices: grouped, counted, limited.

Lines are put into the cluster's log groups as EKS writes them; a function's error is one it really logs.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from common import catalogue
from tests.local.conftest import Platform
from tests.patience import wait_for

DOCUMENT = catalogue.read_document("log-alerts")
HOUR = 3600


def write(platform: Platform, kind: str, stream: str, *lines: str) -> None:
    """PutLogEvents into one of the cluster's log groups, or into a function's."""
    groups = platform.handoffs["30-cluster"]["log_group_names"]
    group = groups.get(kind, f"/aws/lambda/{platform.environment.prefix}-transfer-notifier")
    logs = platform.client("logs")
    if not logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=stream)["logStreams"]:
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    at = int(platform.now().timestamp() * 1000)
    events = [{"timestamp": at, "message": each} for each in lines]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def told(platform: Platform, rule: str, kind: str = "logs.matched", word: str = "") -> list[dict[str, Any]]:
    """The notices of a rule; of those with ``word`` in an example if one is given."""
    found = [each for each in platform.notices(kind) if each["details"]["rule"] == rule]
    return [each for each in found if any(word in item["example"] for item in each["details"]["groups"]["items"])]


def example(watched: str, rule: str) -> str:
    text: str = DOCUMENT["filters"][watched]["rules"][rule]["example"]
    return text


@pytest.mark.parametrize(
    ("kind", "stream", "watched", "rule"),
    [
        ("control_plane", "kube-apiserver-audit-0a1b", "cluster-audit", "storage-deleted"),
        ("control_plane", "kube-scheduler-0a1b", "cluster-components", "scheduling-failed"),
        ("host", "node-1", "nodes", "out-of-memory"),
        ("application", "align-1", "applications", "workflow-failed"),
    ],
)
def test_lines_of_the_cluster_are_told_in_one_grouped_notice(
    platform: Platform, kind: str, stream: str, watched: str, rule: str
) -> None:
    line = example(watched, rule)
    noise = ['{"verb":"get","responseStatus":{"code":200}}', "all is well"]
    write(platform, kind, stream, *noise, line, *noise, line)
    (notice,) = wait_for(f"people hear of {rule}", lambda: told(platform, f"{watched}/{rule}"))
    (group,) = notice["details"]["groups"]["items"]
    assert notice["details"]["lines"] == group["count"] == 2
    assert group["example"] == line
    assert group["stream"] == stream
    assert notice["severity"] == DOCUMENT["filters"][watched]["rules"][rule]["severity"]


def test_a_storm_of_a_thousand_equal_lines_is_one_notice_and_one_summary(platform: Platform) -> None:
    rule, line = "cluster-components/authentication-failed", example("cluster-components", "authentication-failed")
    for number in range(10):
        write(platform, "control_plane", "authenticator-0a1b", *(f"{line} attempt={number}{n}" for n in range(100)))
    wait_for("people hear of the storm", lambda: told(platform, rule))
    with platform.only_schedules("log-alerter-flush"):
        platform.cloud.advance_clock(HOUR + 900)
    (first,), (summary,) = told(platform, rule), told(platform, rule, "logs.repeated")
    assert first["details"]["lines"] + summary["details"]["lines"] == 1000
    assert f"{summary['details']['lines']} log lines suppressed" in summary["summary"]


def test_the_example_of_every_rule_passes_its_filter_and_is_told(platform: Platform) -> None:
    awaited = []
    for watched, entry in DOCUMENT["filters"].items():
        for rule, each in entry["rules"].items():
            write(platform, entry["logs"][0], f"{each.get('streams', ['any'])[0]}-2", each["example"])
            awaited.append(f"{watched}/{rule}")
    wait_for("people hear of every rule", lambda: all(told(platform, rule) for rule in awaited))


def test_an_error_that_a_function_logs_is_told(platform: Platform) -> None:
    ec2 = platform.cloud.client("ec2", platform.environment.region)
    volume = ec2.create_volume(AvailabilityZone=f"{platform.environment.region}a", Size=1)["VolumeId"]
    refused = {"service": "ec2", "operation": "CreateTags", "kind": "error", "code": "UnauthorizedOperation"}
    platform.cloud.control("POST", "faults", refused | {"status": 403, "times": 1})
    arn = platform.handoffs["40-automation"]["function_arns"]["volume_reaper"]
    client = platform.cloud.client("lambda", platform.environment.region)
    answer = client.invoke(FunctionName=arn, Payload=json.dumps({"mode": "watch"}).encode())
    assert json.loads(answer["Payload"].read())["counts"]["failed"] == 1
    (notice,) = wait_for(
        "people hear of the error", lambda: told(platform, "functions/error-line", word="UnauthorizedOperation")
    )
    (group,) = notice["details"]["groups"]["items"]
    assert group["log_group"] == f"/aws/lambda/{platform.environment.prefix}-volume-reaper"
    assert group["values"]["error_code"] == "UnauthorizedOperation"
    ec2.delete_volume(VolumeId=volume)


def test_every_function_is_watched_but_the_alerter_itself(platform: Platform) -> None:
    logs = platform.client("logs")
    arns = platform.handoffs["40-automation"]["function_arns"]
    watched = {
        name: [
            each["filterName"]
            for each in logs.describe_subscription_filters(logGroupName=f"/aws/lambda/{arn.rpartition(':')[2]}")[
                "subscriptionFilters"
            ]
        ]
        for name, arn in arns.items()
    }
    assert watched.pop("log_alerter") == []
    assert [name for name, filters in watched.items() if len(filters) != 1] == []
