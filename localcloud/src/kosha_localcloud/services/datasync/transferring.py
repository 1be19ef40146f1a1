"""TRANSFERRING: copy what the plan says, and delete what it says."""

from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from kosha_localcloud.services.datasync.destination import Written, metadata_of
from kosha_localcloud.services.datasync.faults import faults
from kosha_localcloud.services.datasync.scene import METADATA, Item, Plan, Scene, stamp
from kosha_localcloud.services.datasync.source import DIRECTORY, SYMLINK, Entry, look_again, open_regular
from kosha_localcloud.services.operations import Document


class ReadError(Exception):
    """One file cannot be read."""


def transfer(scene: Scene, plan: Plan) -> None:
    """Copy file by file. What cannot be copied is listed and counted; the others go on."""
    for item in plan.transfer:
        scene.stop_if_cancelled()
        try:
            _copy(scene, item)
        except (ReadError, BotoCoreError, ClientError) as error:
            item.failed = True
            scene.problems += 1
            scene.log.note(f"Transfer failed <> {item.entry.path}: {error}")
        else:
            scene.document["FilesTransferred"] += 1
            scene.log.detail(f"Transferred {item.entry.path}, {item.entry.size} bytes")
        _list(scene, item)
    for key in plan.delete:
        scene.stop_if_cancelled()
        scene.destination.delete(key)
        scene.document["FilesDeleted"] += 1
        path = scene.path_of(key)
        scene.log.detail(f"Deleted {path}")
        entry = {"RelativePath": path, "DeleteTimestamp": stamp(), "DeleteStatus": "SUCCESS"}
        scene.add_to_report("Deleted", entry)


def _copy(scene: Scene, item: Item) -> None:
    entry = item.entry
    if slow := faults.strike("slow", scene.task.arn, entry.path):
        scene.wait(slow.seconds)
    if faults.strike("unreadable_file", scene.task.arn, entry.path):
        raise ReadError("Permission denied")
    metadata = metadata_of(entry, scene.options)
    if item.kind == METADATA and entry.kind != DIRECTORY:
        item.version_id = scene.destination.replace_metadata(item.key, metadata)
    elif entry.kind == DIRECTORY:
        item.written = scene.destination.write_bytes(item.key, b"", metadata)
    elif entry.kind == SYMLINK:
        item.written = scene.destination.write_bytes(item.key, _read_link(entry), metadata)
    else:
        item.written = _copy_regular(scene, item)
    if item.written is not None:
        item.version_id = item.written.version_id
        scene.document["BytesWritten"] += item.written.size


def _read_link(entry: Entry) -> bytes:
    try:
        return str(entry.file.readlink()).encode()
    except OSError as error:
        raise ReadError(error.strerror or str(error)) from error


def _copy_regular(scene: Scene, item: Item) -> Written:
    corrupt = faults.strike("corrupt_file", scene.task.arn, item.entry.path) is not None
    try:
        handle = open_regular(item.entry.file)
    except OSError as error:
        raise ReadError(error.strerror or str(error)) from error
    with handle:
        # The metadata is that of the bytes which are read now, so that a later change is seen as one.
        item.copied_from = look_again(handle, item.entry)
        metadata = metadata_of(item.copied_from, scene.options)
        pace = _pace(scene, corrupt)
        try:
            return scene.destination.write_stream(item.key, handle, item.copied_from.size, metadata, pace)
        except OSError as error:
            raise ReadError(error.strerror or str(error)) from error


def _pace(scene: Scene, corrupt: bool) -> Callable[[bytes], bytes]:
    """Make what sees every piece of a file on its way: it counts, keeps to the bandwidth, stops and spoils."""

    def pace(piece: bytes) -> bytes:
        scene.stop_if_cancelled()
        scene.document["BytesTransferred"] += len(piece)
        scene.document["BytesCompressed"] += len(piece)
        # Looked up each time: UpdateTaskExecution changes it.
        limit = scene.document["Options"]["BytesPerSecond"]
        if limit > 0:
            scene.wait(len(piece) / limit)
        return bytes([piece[0] ^ 0xFF]) + piece[1:] if corrupt else piece

    return pace


def _list(scene: Scene, item: Item) -> None:
    if not scene.report:
        return
    entry: Document = {
        "RelativePath": item.entry.path,
        "SrcMetadata": (item.copied_from or item.entry).report(),
        "Overwrite": str(item.overwrite),
        "TransferTimestamp": stamp(),
        "TransferType": item.kind,
        "TransferStatus": "FAILED" if item.failed else "SUCCESS",
    }
    if scene.report.with_versions and item.version_id and not item.failed:
        entry["DstS3VersionId"] = item.version_id
    if item.failed:
        entry |= {"FailureReason": "File could not be transferred", "FailureCode": 40974}
    scene.report.add("Transferred", entry)
