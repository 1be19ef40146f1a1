"""CloudTrail: trails, stored. Nothing is logged, neither to a bucket nor to EventBridge.

Not moto's, which looks for the bucket among its own and finds trails by their names only.
Documents: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Operations.html
"""

from localstack.aws.api import RequestContext
from localstack.services.s3.models import s3_stores

from kosha_localcloud.services.identifiers import arn, now
from kosha_localcloud.services.operations import Document, ServiceTable, refuse
from kosha_localcloud.services.regional import Regional
from kosha_localcloud.services.tagging import from_pairs

table = ServiceTable("cloudtrail", moto=False)

_SETTINGS = (
    "S3BucketName",
    "S3KeyPrefix",
    "IncludeGlobalServiceEvents",
    "IsMultiRegionTrail",
    "CloudWatchLogsLogGroupArn",
    "CloudWatchLogsRoleArn",
    "KmsKeyId",
    "IsOrganizationTrail",
)

_trails: Regional[dict[str, Document]] = Regional(dict)


def _visible(context: RequestContext) -> list[Document]:
    """Trails of this region, and the multi-region ones of the others, which show in all."""
    return [
        trail
        for account, region, trails in _trails.everywhere()
        for trail in trails.values()
        if account == context.account_id and (region == context.region or trail["IsMultiRegionTrail"])
    ]


def _trail(context: RequestContext, name: str) -> Document:
    """Give a trail by its name or ARN. Raises TrailNotFoundException."""
    for trail in _visible(context):
        if name in (trail["Name"], trail["TrailARN"]):
            return trail
    raise refuse("TrailNotFoundException", f"Unknown trail: {name} for the user: {context.account_id}", 404)


def _shown(trail: Document) -> Document:
    return {key: value for key, value in trail.items() if not key.startswith("_")}


def _set(context: RequestContext, trail: Document, request: Document) -> None:
    bucket = request.get("S3BucketName")
    if bucket and bucket not in s3_stores[context.account_id][context.region].global_bucket_map:
        raise refuse("S3BucketDoesNotExistException", f"S3 bucket {bucket} does not exist!", 404)
    trail.update({key: request[key] for key in _SETTINGS if request.get(key) is not None})
    if request.get("EnableLogFileValidation") is not None:
        trail["LogFileValidationEnabled"] = request["EnableLogFileValidation"]


@table.stored("CreateTrail", "logs nothing; neither the bucket's nor the key's policy is looked at")
def create_trail(context: RequestContext, request: Document) -> Document:
    name = request["Name"]
    if name in _trails.of(context):
        raise refuse("TrailAlreadyExistsException", f"Trail {name} already exists for: {context.account_id}")
    trail: Document = {
        "Name": name,
        "TrailARN": arn("cloudtrail", context.region, context.account_id, f"trail/{name}"),
        "HomeRegion": context.region,
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": False,
        "IsOrganizationTrail": False,
        "LogFileValidationEnabled": False,
        "HasCustomEventSelectors": False,
        "HasInsightSelectors": False,
        "_tags": from_pairs(request.get("TagsList")),
        "_status": {"IsLogging": False},
        "_selectors": {},
    }
    _set(context, trail, request)
    _trails.of(context)[name] = trail
    return _shown(trail)


@table.stored("UpdateTrail")
def update_trail(context: RequestContext, request: Document) -> Document:
    trail = _trail(context, request["Name"])
    _set(context, trail, request)
    return _shown(trail)


@table.stored("DeleteTrail")
def delete_trail(context: RequestContext, request: Document) -> Document:
    trail = _trail(context, request["Name"])
    del _trails.at(context.account_id, trail["HomeRegion"])[trail["Name"]]
    return {}


@table.stored("GetTrail")
def get_trail(context: RequestContext, request: Document) -> Document:
    return {"Trail": _shown(_trail(context, request["Name"]))}


@table.stored("DescribeTrails")
def describe_trails(context: RequestContext, request: Document) -> Document:
    wanted = request.get("trailNameList") or []
    shadows = request.get("includeShadowTrails") is not False
    return {
        "trailList": [
            _shown(trail)
            for trail in _visible(context)
            if (not wanted or trail["Name"] in wanted or trail["TrailARN"] in wanted)
            and (shadows or trail["HomeRegion"] == context.region)
        ]
    }


@table.stored("ListTrails")
def list_trails(context: RequestContext, _request: Document) -> Document:
    return {"Trails": [{key: trail[key] for key in ("TrailARN", "Name", "HomeRegion")} for trail in _visible(context)]}


@table.stored("StartLogging", "logs nothing")
def start_logging(context: RequestContext, request: Document) -> Document:
    _trail(context, request["Name"])["_status"] = {"IsLogging": True, "StartLoggingTime": now()}
    return {}


@table.stored("StopLogging")
def stop_logging(context: RequestContext, request: Document) -> Document:
    _trail(context, request["Name"])["_status"] |= {"IsLogging": False, "StopLoggingTime": now()}
    return {}


@table.stored("GetTrailStatus", "whether logging was started; nothing is ever delivered")
def get_trail_status(context: RequestContext, request: Document) -> Document:
    status: Document = _trail(context, request["Name"])["_status"]
    return status


@table.stored("PutEventSelectors")
def put_event_selectors(context: RequestContext, request: Document) -> Document:
    trail = _trail(context, request["TrailName"])
    given = {key: request[key] for key in ("EventSelectors", "AdvancedEventSelectors") if request.get(key)}
    trail["_selectors"] = given
    trail["HasCustomEventSelectors"] = bool(given)
    return {"TrailARN": trail["TrailARN"], **given}


@table.stored("GetEventSelectors")
def get_event_selectors(context: RequestContext, request: Document) -> Document:
    trail = _trail(context, request["TrailName"])
    return {"TrailARN": trail["TrailARN"], **trail["_selectors"]}


@table.stored("GetInsightSelectors", "always refused, as for a trail without insights")
def get_insight_selectors(context: RequestContext, request: Document) -> Document:
    trail = _trail(context, request["TrailName"])
    raise refuse("InsightNotEnabledException", f"Trail {trail['Name']} does not have Insights enabled.")


@table.stored("AddTags")
def add_tags(context: RequestContext, request: Document) -> Document:
    tags = _trail(context, request["ResourceId"])["_tags"]
    tags.update(from_pairs(request["TagsList"]))
    return {}


@table.stored("RemoveTags")
def remove_tags(context: RequestContext, request: Document) -> Document:
    tags = _trail(context, request["ResourceId"])["_tags"]
    for tag in request["TagsList"]:
        tags.pop(tag["Key"], None)
    return {}


@table.stored("ListTags")
def list_tags(context: RequestContext, request: Document) -> Document:
    return {
        "ResourceTagList": [
            {
                "ResourceId": identifier,
                "TagsList": [
                    {"Key": key, "Value": value} for key, value in _trail(context, identifier)["_tags"].items()
                ],
            }
            for identifier in request["ResourceIdList"]
        ]
    }
