"""The two hooks in LocalStack's gateway: faults before a call is served, the call log after it."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import Any

from localstack.aws import handlers
from localstack.aws.api import CommonServiceException, RequestContext
from localstack.http import Response
from twisted.internet import reactor  # type: ignore[import-not-found]

from kosha_localcloud.access import state
from kosha_localcloud.access.callers import access_key, arn_of
from kosha_localcloud.gateway.calls import Call, CallLog
from kosha_localcloud.gateway.faults import Fault, FaultList
from kosha_localcloud.gateway.regions import REGIONS

LOG = logging.getLogger(__name__)

CALLS = CallLog()
FAULTS = FaultList()


def install() -> None:
    """Hook into the gateway."""
    handlers.serve_custom_service_request_handlers.append(leave_unanswered)
    handlers.serve_custom_service_request_handlers.append(inject_faults)
    handlers.run_custom_finalizers.append(log_call)


def leave_unanswered(_chain: object, context: RequestContext, _response: Response) -> None:
    """End the connection of a call to a region that is stopped; of S3 to a bucket there, whatever it was signed for."""
    if context.service is None or context.operation is None:
        return
    service = context.service.service_name
    bucket = state.bucket_named(str((context.service_request or {}).get("Bucket") or "")) if service == "s3" else None
    region = bucket.bucket_region if bucket is not None else context.region
    if REGIONS.is_out_of_reach(service, region):
        _drop(context)
        raise CommonServiceException("ServiceUnavailable", f"{region} is stopped", status_code=503)  # nobody reads it


def inject_faults(_chain: object, context: RequestContext, _response: Response) -> None:
    """Let the faults that meet this call happen. Raises the error that the caller is to see."""
    if context.service is None or context.operation is None:
        return
    met = FAULTS.meeting(
        context.service.service_name,
        context.operation.name,
        context.region,
        internal=context.is_internal_call,
    )
    for fault in met:
        if fault.kind == "delay":
            time.sleep(fault.seconds)
        elif fault.kind == "drop":
            _drop(context)
            raise _error(fault)  # nobody reads it
        else:
            raise _error(fault)


def log_call(_chain: object, context: RequestContext, response: Response) -> None:
    """Keep what was called. Control calls are no AWS calls and are left out."""
    if context.service is None or context.operation is None:
        return
    key = access_key(context)
    error = context.service_exception
    CALLS.add(
        Call(
            time=datetime.now(UTC).isoformat(),
            service=context.service.service_name,
            operation=context.operation.name,
            region=context.region or "",
            access_key=key,
            principal=arn_of(key),
            status=response.status_code,
            error=None if error is None else error.code,
            internal=context.is_internal_call,
            versioned="versionId" in context.request.args,
        )
    )


def _error(fault: Fault) -> CommonServiceException:
    return CommonServiceException(fault.code, fault.message, status_code=fault.status, sender_fault=fault.status < 500)


def _drop(context: RequestContext) -> None:
    """End the caller's connection: no answer, not even a status line."""
    connection: Any = context.request.environ.get("kosha.connection")
    if connection is not None:
        reactor.callFromThread(connection.abortConnection)
