"""Roles of functions: Lambda refuses one that is not there or does not trust it, when a function is made or changed.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html; LocalStack asks its own STS, which never
refuses, and for new functions only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api import RequestContext
from localstack.aws.api.lambda_ import InvalidParameterValueException
from localstack.services.lambda_.invocation.lambda_service import LambdaService
from localstack.services.lambda_.provider import LambdaProvider
from localstack.utils.patch import patch

from kosha_localcloud.access.enforcement import service_in_role

PRINCIPAL = "lambda.amazonaws.com"


def install() -> None:
    """Let trust policies decide."""

    @patch(LambdaService.can_assume_role)
    def can_assume_role(_fn: Any, _self: LambdaService, role_arn: str, _region: str) -> bool:
        try:
            service_in_role(role_arn, PRINCIPAL)  # AWS does not document that Lambda names a source
        except ClientError:
            return False
        return True

    @patch(LambdaProvider.update_function_configuration)
    def update_function_configuration(
        fn: Callable[..., Any], self: LambdaProvider, context: RequestContext, request: dict[str, Any]
    ) -> Any:
        if "Role" in request and not self.lambda_service.can_assume_role(request["Role"], context.region):
            message = "The role defined for the function cannot be assumed by Lambda."
            raise InvalidParameterValueException(message, Type="User")
        return fn(self, context, request)
