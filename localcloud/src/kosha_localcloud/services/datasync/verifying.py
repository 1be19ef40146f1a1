"""VERIFYING: read the copies again and compare them with the source as it is now.

A file that somebody changed while it was copied, or since, fails:
https://docs.aws.amazon.com/datasync/latest/userguide/troubleshooting-task-verification.html
"""

import hashlib
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from kosha_localcloud.services.datasync.scene import Item, Plan, Scene, stamp
from kosha_localcloud.services.datasync.source import REGULAR, Entry, look, nanoseconds_iso, open_regular
from kosha_localcloud.services.operations import Document


class MismatchError(Exception):
    """The copy is not the source; the message says how."""


def verify(scene: Scene, plan: Plan) -> None:
    """Compare what was transferred, or everything, or nothing, as the option VerifyMode says."""
    mode = scene.options["VerifyMode"]
    if mode == "NONE":
        return
    items = [item for item in plan.transfer if not item.failed]
    if mode == "POINT_IN_TIME_CONSISTENT":
        items += plan.unchanged
    for item in items:
        scene.stop_if_cancelled()
        listed: Document = {"RelativePath": item.entry.path, "SrcMetadata": item.entry.report()}
        try:
            _compare(scene, item, listed)
        except MismatchError as error:
            scene.mismatches += 1
            scene.log.note(f"Verification failed <> {item.entry.path}: {error}")
            listed |= {"VerifyStatus": "FAILED", "FailureReason": str(error)}
        else:
            scene.document["FilesVerified"] += 1
            listed |= {"VerifyStatus": "SUCCESS"}
        scene.add_to_report("Verified", listed | {"VerifyTimestamp": stamp()})


def _compare(scene: Scene, item: Item, listed: Document) -> None:
    """Compare a file with its copy, noting in `listed` what was found. Raises MismatchError."""
    try:
        stored_sum, size, metadata = scene.destination.read_back(item.key, item.version_id)
    except (BotoCoreError, ClientError) as error:
        listed["DstMetadata"] = {"Type": item.entry.kind}
        raise MismatchError(f"the copy cannot be read: {error}") from error
    scene.verified_bytes += size
    listed["DstMetadata"] = _stored_report(item.entry, size, metadata)
    try:
        latest = look(item.entry.file, item.entry.path)
        listed["SrcMetadata"] = latest.report()
        source_sum = _source_checksum(item, latest) if latest.kind == REGULAR else ""
    except (OSError, ValueError) as error:
        raise MismatchError(f"the source cannot be read: {error}") from error
    if latest.kind != REGULAR:
        return
    listed |= {"SrcChecksum": source_sum, "DstChecksum": stored_sum}
    if source_sum != stored_sum:
        raise MismatchError(f"srcHash:{source_sum} dstHash:{stored_sum}")
    kept = metadata.get("file-mtime")
    if scene.options["Mtime"] == "PRESERVE" and kept != f"{latest.mtime_ns}ns":
        raise MismatchError(f"mtime {latest.mtime_ns}ns in the source, {kept} in the destination")


def _source_checksum(item: Item, latest: Entry) -> str:
    """Give the checksum of the source as it is now, without reading it again when nobody has touched it."""
    if item.written is not None and item.copied_from is not None and item.copied_from.same_content_as(latest):
        return item.written.sha256
    return _checksum(item.entry.file)


def _checksum(file: Path) -> str:
    with open_regular(file) as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _stored_report(entry: Entry, size: int, metadata: dict[str, str]) -> Document:
    mtime = metadata.get("file-mtime", "").removesuffix("ns")
    return {
        "Type": entry.kind,
        "ContentSize": size,
        **({"Mtime": nanoseconds_iso(int(mtime))} if mtime.isdigit() else {}),
        **({"Uid": int(metadata["file-owner"])} if "file-owner" in metadata else {}),
        **({"Gid": int(metadata["file-group"])} if "file-group" in metadata else {}),
        **({"Mode": metadata["file-permissions"]} if "file-permissions" in metadata else {}),
    }
