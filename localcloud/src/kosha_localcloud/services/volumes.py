"""What is on volumes (EBS): moto keeps records of volumes and snapshots, and the local cloud one file for each.

`<working directory>/volumes/<volume id>` is what is on a volume; whoever plays an instance writes it. It is missing
while nothing has been written. A snapshot copies it, at once as in EC2, to `<working directory>/snapshots/<snapshot
id>`, and a volume made of the snapshot has it again.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

from localstack.utils.patch import patch
from moto.ec2.models.elastic_block_store import EBSBackend

from kosha_localcloud import settings

LOG = logging.getLogger(__name__)


def content_of(identifier: str) -> Path:
    """The file of a volume (`vol-...`) or a snapshot (`snap-...`)."""
    kind = "snapshots" if identifier.startswith("snap-") else "volumes"
    return settings.directory() / kind / identifier


def remove_leftovers() -> None:
    """Remove what an earlier process held."""
    for kind in ("volumes", "snapshots"):
        shutil.rmtree(settings.directory() / kind, ignore_errors=True)


def install() -> None:
    """Let the content follow the records."""

    @patch(EBSBackend.create_snapshot)
    def snapshot(original: Any, backend: Any, volume_id: str, *args: Any, **more: Any) -> Any:
        made = original(backend, volume_id, *args, **more)
        _copy(volume_id, made.id)
        return made

    @patch(EBSBackend.copy_snapshot)
    def copy(original: Any, backend: Any, source_snapshot_id: str, *args: Any, **more: Any) -> Any:
        made = original(backend, source_snapshot_id, *args, **more)
        _copy(source_snapshot_id, made.id)
        return made

    @patch(EBSBackend.create_volume)
    def volume(original: Any, backend: Any, *args: Any, **more: Any) -> Any:
        made = original(backend, *args, **more)
        if made.snapshot_id:
            _copy(made.snapshot_id, made.id)
        return made

    @patch(EBSBackend.delete_volume)
    def delete_volume(original: Any, backend: Any, volume_id: str) -> Any:
        deleted = original(backend, volume_id)
        content_of(volume_id).unlink(missing_ok=True)
        return deleted

    @patch(EBSBackend.delete_snapshot)
    def delete_snapshot(original: Any, backend: Any, snapshot_id: str) -> Any:
        deleted = original(backend, snapshot_id)
        content_of(snapshot_id).unlink(missing_ok=True)
        return deleted


def _copy(source: str, destination: str) -> None:
    target = content_of(destination)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(content_of(source), target)
    except FileNotFoundError:
        LOG.debug("%s is empty, and so is %s", source, destination)
