"""The EFS access points that a function mounts, as directories of this machine."""

from __future__ import annotations

import re
from typing import Any

from moto.efs.models import efs_backends

from kosha_localcloud.services.efs import efs_directory

_MOUNT_PATH = re.compile(r"/mnt/[a-zA-Z0-9-_.]+")
_ACCESS_POINT = re.compile(r"arn:[^:]+:elasticfilesystem:(?P<region>[^:]+):(?P<account>\d+):access-point/(?P<id>.+)")


def check(config: Any) -> None:
    """Refuse a mount path that AWS refuses. Raises ValueError."""
    for wanted in _configs(config):
        path = wanted["LocalMountPath"]
        if not _MOUNT_PATH.fullmatch(path):
            raise ValueError(f"LocalMountPath {path!r} must be one directory below /mnt/, e.g. /mnt/scratch")


def mounts(config: Any) -> dict[str, str]:
    """Mount path -> directory of the access point. Raises KeyError for an access point that does not exist."""
    return {wanted["LocalMountPath"]: _directory(wanted["Arn"]) for wanted in _configs(config)}


def _directory(arn: str) -> str:
    match = _ACCESS_POINT.fullmatch(arn)
    if match is None:
        raise KeyError(f"{arn} is no EFS access point: a function mounts access points only")
    access_point = efs_backends[match["account"]][match["region"]].access_points.get(match["id"])
    if access_point is None:
        raise KeyError(f"the EFS access point {arn} does not exist")
    return str(efs_directory(access_point.file_system_id, arn))


def _configs(config: Any) -> list[dict[str, str]]:
    found: list[dict[str, str]] = getattr(config, "file_system_configs", None) or []
    return found
