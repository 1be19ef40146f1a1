"""Locations: an EFS file system (or what an access point of it shows) and an S3 bucket.

https://docs.aws.amazon.com/datasync/latest/userguide/API_CreateLocationEfs.html
https://docs.aws.amazon.com/datasync/latest/userguide/API_CreateLocationS3.html
"""

from pathlib import PurePosixPath

from localstack.aws.api import RequestContext

from kosha_localcloud.services import efs
from kosha_localcloud.services.datasync.state import Location, invalid, location_of, states, table
from kosha_localcloud.services.identifiers import arn, hexadecimal, now
from kosha_localcloud.services.operations import Document
from kosha_localcloud.services.tagging import from_pairs


def _keep(context: RequestContext, request: Document, location: Location) -> Document:
    state = states.of(context)
    state.locations[location.arn] = location
    state.tags[location.arn] = from_pairs(request.get("Tags"))
    return {"LocationArn": location.arn}


def _new_arn(context: RequestContext) -> str:
    return arn("datasync", context.region, context.account_id, f"location/loc-{hexadecimal()}")


# ------------------------------------------------------------------------------------------------------ EFS


@table.real("CreateLocationEfs", "reads the file system's directory; subnet, security groups and role are stored only")
def create_location_efs(context: RequestContext, request: Document) -> Document:
    document: Document = {
        "LocationArn": _new_arn(context),
        "Ec2Config": request["Ec2Config"],
        "CreationTime": now(),
        "InTransitEncryption": "NONE",
    }
    file_system_id = request["EfsFilesystemArn"].rpartition("/")[2]
    location = Location(document, kind="efs", file_system_id=file_system_id)
    _set_efs(context, location, request, request.get("Subdirectory") or "/")
    return _keep(context, request, location)


_EFS_SETTINGS = ("AccessPointArn", "FileSystemAccessRoleArn", "InTransitEncryption")


def _set_efs(context: RequestContext, location: Location, request: Document, subdirectory: str) -> None:
    """Take settings over, find the directory and write the URI; nothing is changed when a setting is refused.

    An empty setting goes. The directory itself may be made later: an execution looks for it.
    """
    given = location.document | {key: request[key] for key in _EFS_SETTINGS if key in request}
    document = {key: value for key, value in given.items() if value != ""}
    for key in ("AccessPointArn", "FileSystemAccessRoleArn"):
        if key in document and document["InTransitEncryption"] != "TLS1_2":
            raise invalid(f"{key} needs InTransitEncryption TLS1_2.")
    identifier = str(location.file_system_id)
    try:
        root = efs.efs_directory(identifier, document.get("AccessPointArn"))
    except KeyError as error:
        raise invalid(str(error.args[0])) from error
    path = PurePosixPath("/", subdirectory)
    if ".." in path.parts:
        raise invalid(f"Subdirectory {subdirectory} has '..' in it; write the path from the root of the file system.")
    slash = "" if path == PurePosixPath("/") else "/"
    document["LocationUri"] = f"efs://{context.region}.{identifier}{path}{slash}"
    location.document, location.directory = document, root.joinpath(*path.parts[1:])


@table.real("DescribeLocationEfs")
def describe_location_efs(context: RequestContext, request: Document) -> Document:
    return _of_kind(context, request, "efs").document


@table.real("UpdateLocationEfs")
def update_location_efs(context: RequestContext, request: Document) -> Document:
    location = _of_kind(context, request, "efs")
    _set_efs(context, location, request, request.get("Subdirectory") or "/")
    return {}


# ------------------------------------------------------------------------------------------------------- S3


@table.real("CreateLocationS3", "the role is assumed when an execution begins, not tried before")
def create_location_s3(context: RequestContext, request: Document) -> Document:
    bucket = request["S3BucketArn"].rpartition(":")[2]
    document: Document = {
        "LocationArn": _new_arn(context),
        "S3StorageClass": request.get("S3StorageClass") or "STANDARD",
        "S3Config": request["S3Config"],
        "AgentArns": request.get("AgentArns") or [],
        "CreationTime": now(),
    }
    location = Location(document, kind="s3", bucket=bucket)
    _place_s3(location, request.get("Subdirectory"))
    return _keep(context, request, location)


def _place_s3(location: Location, subdirectory: str | None) -> None:
    prefix = (subdirectory or "").strip("/")
    location.prefix = f"{prefix}/" if prefix else ""
    location.document["LocationUri"] = f"s3://{location.bucket}/{location.prefix}"


@table.real("DescribeLocationS3")
def describe_location_s3(context: RequestContext, request: Document) -> Document:
    return _of_kind(context, request, "s3").document


@table.real("UpdateLocationS3")
def update_location_s3(context: RequestContext, request: Document) -> Document:
    location = _of_kind(context, request, "s3")
    for key in ("S3StorageClass", "S3Config"):
        if key in request:
            location.document[key] = request[key]
    if "Subdirectory" in request:
        _place_s3(location, request["Subdirectory"])
    return {}


# ----------------------------------------------------------------------------------------------------- both


def _of_kind(context: RequestContext, request: Document, kind: str) -> Location:
    location = location_of(context, request["LocationArn"])
    if location.kind != kind:
        raise invalid(f"{location.arn} is a location of kind {location.kind}; describe it as such.")
    return location


@table.real("ListLocations", "filters are ignored")
def list_locations(context: RequestContext, _request: Document) -> Document:
    return {
        "Locations": [
            {"LocationArn": location.arn, "LocationUri": location.document["LocationUri"]}
            for location in states.of(context).locations.values()
        ]
    }


@table.real("DeleteLocation")
def delete_location(context: RequestContext, request: Document) -> Document:
    location = location_of(context, request["LocationArn"])
    state = states.of(context)
    for task in state.tasks.values():
        if location.arn in (task.document["SourceLocationArn"], task.document["DestinationLocationArn"]):
            raise invalid(
                f"Location {location.arn} is in use by task {task.arn}; delete the task first.", "LocationInUse"
            )
    del state.locations[location.arn]
    state.tags.pop(location.arn, None)
    return {}
