"""How services say that something is not allowed: each with a code of its own."""

from __future__ import annotations

from kosha_access.calls import Asked
from kosha_access.evaluation import Decision
from localstack.aws.api import CommonServiceException, RequestContext

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html#CommonErrors,
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors
_CODES = {
    "ec2": "UnauthorizedOperation",
    "sns": "AuthorizationError",
    "sqs": "AccessDenied",
    "cloudwatch": "AccessDenied",
}
_XML = ("query", "rest-xml")


def denial(context: RequestContext, who: str, one: Asked, decision: Decision) -> CommonServiceException:
    """The error for a call that was not allowed, in words like those of
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html."""
    message = explained(who, one, decision)
    service = context.service.service_name if context.service is not None else ""
    if service == "ec2":
        message = f"You are not authorized to perform this operation. {message}"
    code = _CODES.get(service) or ("AccessDenied" if context.protocol in _XML else "AccessDeniedException")
    return CommonServiceException(code, message, status_code=403, sender_fault=True)


def explained(who: str, one: Asked, decision: Decision) -> str:
    """Who may not do what, and why."""
    because = f"it is {decision.reason}" if decision.reason.startswith("denied") else decision.reason
    where = "" if one.resource == "*" else f" on resource: {one.resource}"
    return f"User: {who} is not authorized to perform: {one.action}{where} because {because}"
