"""Entry points of the service providers. LocalStack loads each when the first call to its service comes."""

from importlib import import_module
from typing import Any

from localstack.services.plugins import Service, aws_provider


def _provider(name: str) -> Any:
    """Of the service whose operations are in the table of the module or package `name` here."""

    def service() -> Service:
        made: Service = import_module(f"kosha_localcloud.services.{name}").table.service()
        return made

    return aws_provider(api=name)(service)


accessanalyzer = _provider("accessanalyzer")
backup = _provider("backup")
budgets = _provider("budgets")
ce = _provider("ce")
cloudtrail = _provider("cloudtrail")
datasync = _provider("datasync")
ecr = _provider("ecr")
efs = _provider("efs")
eks = _provider("eks")
guardduty = _provider("guardduty")
