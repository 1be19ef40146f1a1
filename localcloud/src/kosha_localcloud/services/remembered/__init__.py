"""What LocalStack or moto accepts and forgets, remembered, so that what Terraform wrote is what it reads."""

from kosha_localcloud.services.remembered import config, ec2, kms, query_definitions, s3_tags


def install() -> None:
    """Install every correction."""
    config.install()
    ec2.install()
    kms.install()
    query_definitions.install()
    s3_tags.install()
