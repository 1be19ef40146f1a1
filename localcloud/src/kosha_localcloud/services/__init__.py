"""The AWS services that LocalStack lacks, and what it stores but does not do."""


def install() -> None:
    """Wire the services into the running LocalStack. Called once, before it serves requests."""
    from kosha_localcloud.services import (
        alarms,
        efs,
        embedded_metrics,
        event_templates,
        log_metrics,
        log_subscriptions,
        metric_data,
        remembered,
        replication,
        s3control,
    )
    from kosha_localcloud.services.datasync.faults import faults

    efs.remove_leftovers()
    faults.serve()
    alarms.install()
    embedded_metrics.install()
    event_templates.install()
    log_metrics.install()
    log_subscriptions.install()
    metric_data.install()
    remembered.install()
    replication.install()
    s3control.install()


def under_way() -> list[str]:
    """Name the DataSync executions, replications and S3 Batch Operations jobs that run or wait."""
    from kosha_localcloud.services import replication, s3control
    from kosha_localcloud.services.datasync import executions

    return executions.under_way() + replication.under_way() + s3control.under_way()


def busy() -> bool:
    """Say whether a DataSync execution, a replication or a job is under way."""
    return bool(under_way())
