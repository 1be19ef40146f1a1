"""A function's KMS key and file systems, and the log group it is told to use."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.lambda_ import api_utils, provider
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment
from localstack.services.lambda_.invocation.lambda_models import VersionFunctionConfiguration
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.lambda_.provider import LambdaProvider
from localstack.utils.patch import patch


@dataclasses.dataclass(frozen=True)
class RememberingConfiguration(VersionFunctionConfiguration):
    """The configuration of a function version with the two settings that LocalStack leaves out."""

    kms_key_arn: str = ""
    file_system_configs: list[dict[str, str]] = dataclasses.field(default_factory=list)


_creating: ContextVar[dict[str, Any]] = ContextVar("creating")


def install() -> None:
    """Make LocalStack's Lambda keep them."""
    provider.VersionFunctionConfiguration = _configuration

    @patch(LambdaProvider.create_function)
    def create_function(
        fn: Callable[..., Any], self: LambdaProvider, context: RequestContext, request: dict[str, Any]
    ) -> Any:
        token = _creating.set(request)
        try:
            return fn(self, context, request)
        finally:
            _creating.reset(token)

    @patch(LambdaProvider.update_function_configuration)
    def update_function_configuration(
        fn: Callable[..., Any], self: LambdaProvider, context: RequestContext, request: dict[str, Any]
    ) -> Any:
        # LocalStack builds the new version from the latest one, so that one is prepared first
        restore = _change_latest(context, request)
        try:
            return fn(self, context, request)
        except BaseException:
            restore()
            raise

    @patch(api_utils.map_config_out)
    def map_config_out(fn: Callable[..., Any], version: Any, *args: Any, **kwargs: Any) -> Any:
        answer = fn(version, *args, **kwargs)
        if key := getattr(version.config, "kms_key_arn", ""):
            answer["KMSKeyArn"] = key
        if systems := getattr(version.config, "file_system_configs", []):
            answer["FileSystemConfigs"] = systems
        return answer

    @patch(ExecutionEnvironment.get_log_group_name)
    def get_log_group_name(fn: Callable[..., str], self: ExecutionEnvironment) -> str:
        wanted: str | None = self.function_version.config.logging_config.get("LogGroup")
        return wanted or fn(self)


def _configuration(**settings: Any) -> RememberingConfiguration:
    request = _creating.get({})
    return RememberingConfiguration(
        **settings,
        kms_key_arn=request.get("KMSKeyArn") or "",
        file_system_configs=list(request.get("FileSystemConfigs") or []),
    )


def _change_latest(context: RequestContext, request: dict[str, Any]) -> Callable[[], None]:
    """Put the wanted settings into the latest version. Gives what undoes it."""
    account, region = api_utils.get_account_and_region(request["FunctionName"], context)
    name, _ = api_utils.get_name_and_qualifier(request["FunctionName"], None, context)
    function = lambda_stores[account][region].functions.get(name)
    changes: dict[str, Any] = {}
    if "KMSKeyArn" in request:
        changes["kms_key_arn"] = request["KMSKeyArn"] or ""
    if "FileSystemConfigs" in request:
        changes["file_system_configs"] = list(request["FileSystemConfigs"] or [])
    if function is None or not changes:
        return lambda: None
    before = function.latest()
    function.versions["$LATEST"] = dataclasses.replace(before, config=dataclasses.replace(before.config, **changes))

    def restore() -> None:
        function.versions["$LATEST"] = before

    return restore
