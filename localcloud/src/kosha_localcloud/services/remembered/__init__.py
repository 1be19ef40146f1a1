"""What LocalStack or moto accepts and forgets, remembered, so that what Terraform wrote is what it reads."""

from kosha_localcloud.services.remembered import (
    alarm_tags,
    config,
    ec2,
    function_settings,
    kms,
    query_definitions,
    s3_tags,
)


def install() -> None:
    """Install every correction."""
    alarm_tags.install()
    config.install()
    ec2.install()
    function_settings.install()
    kms.install()
    query_definitions.install()
    s3_tags.install()
