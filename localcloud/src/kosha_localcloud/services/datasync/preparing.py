"""PREPARING: compare the source with the destination and plan what to do."""

from pathlib import Path

from kosha_localcloud.services.datasync.destination import COMPARED, Existing, metadata_of
from kosha_localcloud.services.datasync.filters import Filter
from kosha_localcloud.services.datasync.scene import CONTENT, METADATA, Item, Plan, Scene, stamp
from kosha_localcloud.services.datasync.source import DIRECTORY, REGULAR, Entry, Unreadable, walk
from kosha_localcloud.services.operations import Document


def prepare(scene: Scene, root: Path) -> Plan:
    """Look at everything below `root` that the filters let through. Raises botocore's ClientError."""
    plan = Plan()
    keep: set[str] = set()
    includes, excludes = Filter(scene.document["Includes"]), Filter(scene.document["Excludes"])
    options = scene.options
    compared = options["TransferMode"] == "CHANGED" or options["OverwriteMode"] == "NEVER"
    removes = options["PreserveDeletedFiles"] == "REMOVE"
    listed = scene.destination.list_objects() if compared or removes else {}
    for found in walk(root, includes, excludes):
        scene.stop_if_cancelled()
        if isinstance(found, Unreadable):
            _skip_unreadable(scene, found)
            continue
        key = scene.destination.key(found.path, found.kind)
        keep.add(key)
        plan.source_files += 1
        plan.source_bytes += found.size
        _sort(scene, plan, found, key, scene.destination.find(key, listed) if compared else None)
    # What lies in a folder that cannot be listed is not known to be gone.
    if removes and not scene.problems:
        plan.delete = [key for key in listed if key not in keep and _in_reach(scene.path_of(key), includes, excludes)]
    scene.document["EstimatedFilesToTransfer"] = len(plan.transfer)
    scene.document["EstimatedBytesToTransfer"] = sum(item.entry.size for item in plan.transfer if item.kind == CONTENT)
    scene.document["EstimatedFilesToDelete"] = len(plan.delete)
    return plan


def _in_reach(path: str, includes: Filter, excludes: Filter) -> bool:
    path = path.rstrip("/")
    return not excludes.matches(path) and (not includes or includes.matches(path))


def _sort(scene: Scene, plan: Plan, entry: Entry, key: str, existing: Existing | None) -> None:
    """Decide whether an entry is transferred."""
    options = scene.options
    kind = difference(entry, existing, options)
    item = Item(entry, key, kind or METADATA, overwrite=existing is not None)
    if kind is None:
        item.version_id = existing.version_id if existing else None
        plan.unchanged.append(item)
        _skip(scene, entry, "The file is the same in the destination.")
    elif existing is not None and options["OverwriteMode"] == "NEVER":
        _skip(scene, entry, "The file exists in the destination and OverwriteMode is NEVER.")
    else:
        plan.transfer.append(item)


def difference(entry: Entry, existing: Existing | None, options: Document) -> str | None:
    """Say what has to be transferred, or None when the destination has it all."""
    if existing is None or options["TransferMode"] == "ALL":
        return CONTENT
    if existing.size != entry.size and entry.kind == REGULAR:
        return CONTENT
    if options["Mtime"] == "PRESERVE" and existing.mtime_ns != entry.mtime_ns:
        # Only the time of a folder changes when something in it does; there is no content to send.
        return METADATA if entry.kind == DIRECTORY else CONTENT
    wanted = metadata_of(entry, options)
    if any(existing.metadata.get(name) != wanted.get(name) for name in COMPARED):
        return METADATA
    return None


def _skip(scene: Scene, entry: Entry, reason: str) -> None:
    scene.document["FilesSkipped"] += 1
    scene.add_to_report(
        "Skipped",
        {
            "RelativePath": entry.path,
            "SrcMetadata": entry.report(),
            "SkipTimestamp": stamp(),
            "SkipReason": reason,
            "SkipStatus": "SUCCESS",
        },
    )


def _skip_unreadable(scene: Scene, found: Unreadable) -> None:
    scene.document["FilesSkipped"] += 1
    scene.problems += 1
    scene.log.note(f"Skipped {found.path}: {found.reason}")
    scene.add_to_report(
        "Skipped",
        {
            "RelativePath": found.path,
            "SkipTimestamp": stamp(),
            "SkipReason": found.reason,
            "SkipStatus": "FAILED",
        },
    )
