"""Entry points of the service providers. LocalStack loads each when the first call to its service comes."""

from localstack.services.plugins import Service, aws_provider


@aws_provider()
def ecr() -> Service:
    from kosha_localcloud.services.ecr import table

    return table.service()


@aws_provider()
def efs() -> Service:
    from kosha_localcloud.services.efs import table

    return table.service()


@aws_provider()
def eks() -> Service:
    from kosha_localcloud.services.eks import table

    return table.service()


@aws_provider()
def datasync() -> Service:
    from kosha_localcloud.services.datasync import table

    return table.service()


@aws_provider()
def backup() -> Service:
    from kosha_localcloud.services.backup import table

    return table.service()


@aws_provider()
def accessanalyzer() -> Service:
    from kosha_localcloud.services.accessanalyzer import table

    return table.service()


@aws_provider()
def cloudtrail() -> Service:
    from kosha_localcloud.services.cloudtrail import table

    return table.service()


@aws_provider()
def guardduty() -> Service:
    from kosha_localcloud.services.guardduty import table

    return table.service()


@aws_provider()
def budgets() -> Service:
    from kosha_localcloud.services.budgets import table

    return table.service()


@aws_provider()
def ce() -> Service:
    from kosha_localcloud.services.ce import table

    return table.service()
