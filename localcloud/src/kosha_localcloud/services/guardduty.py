"""GuardDuty: detectors and their features, stored. Nothing is watched: there is never a finding.

Documents: https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Operations.html
"""

from localstack.aws.api import RequestContext

from kosha_localcloud.services.identifiers import arn, hexadecimal, now
from kosha_localcloud.services.operations import Document, ServiceTable, refuse
from kosha_localcloud.services.regional import Regional
from kosha_localcloud.services.tagging import keep_tags

table = ServiceTable("guardduty", moto=False)

# What a new detector watches unless told otherwise: everything but runtimes.
_FEATURES = (
    "CLOUD_TRAIL",
    "DNS_LOGS",
    "FLOW_LOGS",
    "EBS_MALWARE_PROTECTION",
    "EKS_AUDIT_LOGS",
    "LAMBDA_NETWORK_LOGS",
    "RDS_LOGIN_EVENTS",
    "S3_DATA_EVENTS",
)

_detectors: Regional[dict[str, Document]] = Regional(dict)


def _detector(context: RequestContext, identifier: str) -> Document:
    found = _detectors.of(context).get(identifier)
    if found is None:
        # AWS's own words, by which Terraform's provider knows that a detector is gone.
        message = "The request is rejected because the input detectorId is not owned by the current account."
        raise refuse("BadRequestException", message)
    return found


def _set(detector: Document, request: Document) -> None:
    if request.get("Enable") is not None:
        detector["Status"] = "ENABLED" if request["Enable"] else "DISABLED"
    if request.get("FindingPublishingFrequency"):
        detector["FindingPublishingFrequency"] = request["FindingPublishingFrequency"]
    features = {feature["Name"]: feature for feature in detector["Features"]}
    for feature in request.get("Features") or []:
        features[feature["Name"]] = {"UpdatedAt": now(), **feature}
    detector["Features"] = list(features.values())
    detector["UpdatedAt"] = now().isoformat()


@table.stored("CreateDetector", "watches nothing")
def create_detector(context: RequestContext, request: Document) -> Document:
    detectors = _detectors.of(context)
    if detectors:
        message = "The request is rejected because a detector already exists for the current account."
        raise refuse("BadRequestException", message)
    identifier = hexadecimal(32)
    role = "role/aws-service-role/guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty"
    detectors[identifier] = {
        "CreatedAt": now().isoformat(),
        "FindingPublishingFrequency": "SIX_HOURS",
        "ServiceRole": arn("iam", "", context.account_id, role),
        "Tags": request.get("Tags") or {},
        "Features": [{"Name": name, "Status": "ENABLED", "UpdatedAt": now()} for name in _FEATURES],
    }
    _set(detectors[identifier], request)
    return {"DetectorId": identifier}


@table.stored("GetDetector", "without the fields that are older than the features")
def get_detector(context: RequestContext, request: Document) -> Document:
    return _detector(context, request["DetectorId"])


@table.stored("UpdateDetector")
def update_detector(context: RequestContext, request: Document) -> Document:
    _set(_detector(context, request["DetectorId"]), request)
    return {}


@table.stored("ListDetectors")
def list_detectors(context: RequestContext, _request: Document) -> Document:
    return {"DetectorIds": list(_detectors.of(context))}


@table.stored("DeleteDetector")
def delete_detector(context: RequestContext, request: Document) -> Document:
    _detector(context, request["DetectorId"])
    del _detectors.of(context)[request["DetectorId"]]
    return {}


def _tags(context: RequestContext, resource: str) -> dict[str, str]:
    tags: dict[str, str] = _detector(context, resource.rpartition("/")[2])["Tags"]
    return tags


keep_tags(table, _tags)
