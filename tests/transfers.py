"""The two transfers as tests know them, and the setting that tells the functions of them."""

from __future__ import annotations

import json
from datetime import timedelta

from common.transfers import Transfer

TASK = "arn:aws:datasync:ap-south-1:111122223333:task/task-0a1b2c3d4e5f60718"
SNAPSHOTS_TASK = "arn:aws:datasync:ap-south-1:111122223333:task/task-1b2c3d4e5f6071829"
TRANSFER = Transfer("transfer", TASK, "published", timedelta(minutes=30), "task-reports", "")
SNAPSHOTS = Transfer("snapshots", SNAPSHOTS_TASK, "critical", timedelta(hours=1), "snapshot-reports", "snapshots")


def setting(*transfers: Transfer) -> str:
    """The value of ``TRANSFERS``, as Terraform makes it."""
    return json.dumps(
        {
            each.name: {
                "task_arn": each.task_arn,
                "directory": each.directory,
                "every_minutes": each.every // timedelta(minutes=1),
                "report_prefix": each.report_prefix,
                "lake_prefix": each.lake_prefix,
            }
            for each in transfers
        }
    )
