"""The AWS services that LocalStack lacks, and what it stores but does not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kosha_localcloud.clock.timeline import Timeline


def install(timeline: Timeline) -> None:
    """Wire the services into the running LocalStack. Called once, before it serves requests."""
    from kosha_localcloud.services import (
        alarms,
        backup,
        efs,
        embedded_metrics,
        event_templates,
        function_roles,
        layers,
        log_metrics,
        log_subscriptions,
        metric_data,
        remembered,
        replication,
        s3control,
        volumes,
    )
    from kosha_localcloud.services.datasync.faults import faults

    efs.remove_leftovers()
    volumes.remove_leftovers()
    volumes.install()
    backup.install(timeline)
    efs.install(timeline)
    faults.serve()
    alarms.install()
    embedded_metrics.install()
    event_templates.install()
    function_roles.install()
    layers.install()
    log_metrics.install()
    log_subscriptions.install()
    metric_data.install()
    remembered.install()
    replication.install(timeline)
    s3control.install()


def under_way() -> list[str]:
    """Name the DataSync executions, replications and S3 Batch Operations jobs that run or wait."""
    from kosha_localcloud.services import replication, s3control
    from kosha_localcloud.services.datasync import executions

    return executions.under_way() + replication.under_way() + s3control.under_way()
