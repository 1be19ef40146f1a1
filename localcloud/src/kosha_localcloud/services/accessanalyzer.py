"""IAM Access Analyzer: analyzers, stored. Nothing is analyzed: there is never a finding.

Documents: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_Operations.html
"""

from localstack.aws.api import RequestContext

from kosha_localcloud.services.identifiers import arn, now
from kosha_localcloud.services.operations import Document, ServiceTable, refuse
from kosha_localcloud.services.regional import Regional
from kosha_localcloud.services.tagging import keep_tags

table = ServiceTable("accessanalyzer", moto=False)

_analyzers: Regional[dict[str, Document]] = Regional(dict)


def _analyzer(context: RequestContext, name: str) -> Document:
    found = _analyzers.of(context).get(name)
    if found is None:
        message = f"Analyzer {name} does not exist: create it, or correct the name."
        raise refuse("ResourceNotFoundException", message, 404, resourceId=name, resourceType="AWS::AccessAnalyzer")
    return found


@table.stored("CreateAnalyzer", "analyzes nothing")
def create_analyzer(context: RequestContext, request: Document) -> Document:
    name, kind = request["analyzerName"], request["type"]
    analyzers = _analyzers.of(context)
    if name in analyzers:
        raise refuse("ConflictException", f"Analyzer {name} exists.", 409, resourceId=name, resourceType="ANALYZER")
    if any(each["type"] == kind for each in analyzers.values()):
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-quotas.html
        raise refuse("ServiceQuotaExceededException", f"A region has one analyzer of type {kind}.", 402)
    analyzers[name] = {
        "arn": arn("access-analyzer", context.region, context.account_id, f"analyzer/{name}"),
        "name": name,
        "type": kind,
        "createdAt": now(),
        "tags": request.get("tags") or {},
        "status": "ACTIVE",
        **({"configuration": request["configuration"]} if request.get("configuration") else {}),
    }
    return {"arn": analyzers[name]["arn"]}


@table.stored("GetAnalyzer")
def get_analyzer(context: RequestContext, request: Document) -> Document:
    return {"analyzer": _analyzer(context, request["analyzerName"])}


@table.stored("ListAnalyzers")
def list_analyzers(context: RequestContext, request: Document) -> Document:
    found = _analyzers.of(context).values()
    return {"analyzers": [each for each in found if request.get("type") in (None, each["type"])]}


@table.stored("DeleteAnalyzer")
def delete_analyzer(context: RequestContext, request: Document) -> None:
    name = _analyzer(context, request["analyzerName"])["name"]
    del _analyzers.of(context)[name]


def _tags(context: RequestContext, resource: str) -> dict[str, str]:
    tags: dict[str, str] = _analyzer(context, resource.rpartition("/")[2])["tags"]
    return tags


keep_tags(table, _tags, "resourceArn", "tags", "tagKeys")
