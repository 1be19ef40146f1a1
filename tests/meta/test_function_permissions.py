"""What a function declares is what Terraform gives it: the same actions on the same resources, and every setting.

Read from the state that ``terraform test`` makes of modules/automation with the mock provider, where each ARN is one of
the inputs of that test: the real policies, without AWS.
"""

import importlib
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from common.permissions import Permission, Resource
from scripts.paths import MODULES, REPOSITORY
from scripts.terraform_tests import first_state

AUTOMATION = MODULES / "automation"
TESTS = "tests/automation.tftest.hcl"
FUNCTIONS = sorted(path.parent.name for path in (REPOSITORY / "lambda_src").glob("*/handler.py"))

TASKS = [f"arn:aws:datasync:ap-south-1:111122223333:task/task-{number}" for number in (1, 2)]
LAKE = "arn:aws:s3:::kosha-test-lake-ap-south-1"
REPORTS = "arn:aws:s3:::kosha-test-reports-ap-south-1"
ARNS: dict[Resource, list[str] | str] = {
    Resource.TRANSFER_TASKS: TASKS,
    Resource.TRANSFER_EXECUTIONS: [f"{task}/execution/*" for task in TASKS],
    Resource.TRANSFER_TOPIC: "arn:aws:sns:ap-south-1:111122223333:kosha-test-transfer",
    Resource.DATA_TOPIC: "arn:aws:sns:ap-south-1:111122223333:kosha-test-data",
    Resource.PLATFORM_TOPIC: "arn:aws:sns:ap-south-1:111122223333:kosha-test-platform",
    Resource.ALERTS_KEY: "arn:aws:kms:ap-south-1:111122223333:key/alerts",
    Resource.LAKE_KEY: "arn:aws:kms:ap-south-1:111122223333:key/lake",
    Resource.LAKE_BUCKET: LAKE,
    Resource.LAKE_OBJECTS: f"{LAKE}/*",
    Resource.REPORTS_BUCKET: REPORTS,
    Resource.REPORT_OBJECTS: [f"{REPORTS}/{prefix}/*" for prefix in ("transfer-reports", "snapshot-reports")],
    Resource.STATE_OBJECTS: f"{REPORTS}/automation-state/{{function}}/*",
    Resource.TAGGER_RECEIPTS: f"{REPORTS}/automation-state/object_tagger/*",
    Resource.WRITTEN_REPORTS: f"{REPORTS}/automation-reports/{{function}}/*",
    Resource.OBJECT_TAGGER: "arn:aws:lambda:ap-south-1:111122223333:function:mock",
    Resource.TAG_BACKFILL: "arn:aws:lambda:ap-south-1:111122223333:function:mock",
    Resource.BATCH_JOBS: "arn:aws:s3:ap-south-1:111122223333:job/*",
    Resource.BATCH_ROLE: "arn:aws:iam::111122223333:role/made-here",
    Resource.VOLUMES: "arn:aws:ec2:ap-south-1:111122223333:volume/*",
    Resource.SNAPSHOTS: "arn:aws:ec2:ap-south-1::snapshot/*",
    Resource.INSTANCES: "arn:aws:ec2:ap-south-1:111122223333:instance/*",
    Resource.VOLUMES_KEY: "arn:aws:kms:ap-south-1:111122223333:key/volumes",
    Resource.ANY: "*",
}


@pytest.fixture(scope="module")
def planned() -> dict[str, Mapping[str, Any]]:
    """Address -> values of every resource the module makes."""
    state = first_state(AUTOMATION, TESTS)
    return {
        resource["address"]: resource["values"]
        for module in state["root_module"]["child_modules"]
        for resource in module["resources"]
    }


def test_every_kind_of_resource_has_an_arn_here() -> None:
    assert set(ARNS) == set(Resource)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_may_do_what_it_declares_and_nothing_else(
    function: str, planned: dict[str, Mapping[str, Any]]
) -> None:
    declared: tuple[Permission, ...] = importlib.import_module(f"{function}.permissions").PERMISSIONS
    addresses = addresses_of(function, planned)
    assert addresses, f"{function} is not in modules/automation"
    for address in addresses:
        compare(function, declared, json.loads(planned[f"{address}.aws_iam_role_policy.permissions"]["policy"]))


def addresses_of(function: str, planned: dict[str, Mapping[str, Any]]) -> list[str]:
    """The module, or each instance of it."""
    pattern = re.compile(rf"(module\.{function}(\[.*\])?)\.aws_lambda_function\.this")
    return [match[1] for match in map(pattern.fullmatch, planned) if match]


def as_list(arns: list[str] | str) -> list[str]:
    return [arns] if isinstance(arns, str) else arns


def compare(function: str, declared: tuple[Permission, ...], policy: Mapping[str, Any]) -> None:
    assert {statement["Effect"] for statement in policy["Statement"]} == {"Allow"}
    given = {
        (action, resource)
        for statement in policy["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    assert given == {
        (action, arn.format(function=function))
        for each in declared
        for action in each.actions
        for arn in as_list(ARNS[each.resource])
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_starts_with_the_settings_terraform_gives_it(
    function: str, planned: dict[str, Mapping[str, Any]]
) -> None:
    for address in addresses_of(function, planned):
        values = planned[f"{address}.aws_lambda_function.this"]
        variables = values["environment"][0]["variables"]
        config = importlib.import_module(f"{function}.config").Config.from_environment(variables)
        assert config.environment == "test"
        service = values["function_name"].removeprefix("kosha-test-").replace("-", "_")
        assert variables["POWERTOOLS_SERVICE_NAME"] == service


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_runs_the_handler_of_its_package(function: str, planned: dict[str, Mapping[str, Any]]) -> None:
    for address in addresses_of(function, planned):
        assert planned[f"{address}.aws_lambda_function.this"]["handler"] == f"{function}.handler.handler"
    assert (REPOSITORY / "lambda_src" / function / "handler.py").is_file()


def test_every_log_group_of_a_function_is_watched_but_the_alerter_s_own(
    planned: dict[str, Mapping[str, Any]],
) -> None:
    """A function that is new is in ``_log_groups`` of modules/automation/log_alerter.tf; its own lines would make
    log_alerter call itself."""
    groups = {values["name"] for address, values in planned.items() if ".aws_cloudwatch_log_group." in address}
    watched = {
        values["log_group_name"]
        for address, values in planned.items()
        if ".aws_cloudwatch_log_subscription_filter." in address
    }
    assert groups - watched == {"/aws/lambda/kosha-test-log-alerter"}
