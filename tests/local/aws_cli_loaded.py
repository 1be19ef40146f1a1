"""Loads the AWS CLI and the descriptions of services it is asked for. Only the process that is forked imports this."""

from functools import cache

import awscli.clidriver  # noqa: F401
from botocore.loaders import JSONFileLoader, create_loader

SERVICES = (
    "datasync",
    "ec2",
    "efs",
    "eks",
    "events",
    "iam",
    "kms",
    "lambda",
    "logs",
    "s3",
    "scheduler",
    "sns",
    "sqs",
    "ssm",
)

JSONFileLoader.load_file = staticmethod(cache(JSONFileLoader().load_file))  # type: ignore[method-assign]
for _service in SERVICES:
    for _kind in ("service-2", "endpoint-rule-set-1", "paginators-1"):
        create_loader().load_service_model(_service, _kind)
create_loader().load_data("endpoints")
