"""Where the bytes of S3 objects lie."""

from __future__ import annotations

from localstack.services.s3 import provider

from kosha_localcloud import settings


def install() -> None:
    """Keep objects in this instance's working directory. LocalStack would keep them in one folder for every instance
    on the machine, and remove that folder when it starts and when it stops."""
    provider.DEFAULT_S3_TMP_DIR = str(settings.work_directory() / "s3")
