"""CloudWatch Logs: saved queries, which moto does not know. They are kept and shown; Logs Insights answers nothing."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.logs.provider import LogsProvider
from localstack.utils.patch import patch

from kosha_localcloud.services.identifiers import now
from kosha_localcloud.services.operations import Document
from kosha_localcloud.services.regional import Regional


@dataclass
class Definitions:
    """The saved queries of one account and region, by id."""

    by_id: dict[str, Document] = field(default_factory=dict)


_definitions: Regional[Definitions] = Regional(Definitions)


def install() -> None:
    """Install the operations."""

    @patch(LogsProvider.put_query_definition)
    def put(_original: Any, _provider: Any, context: RequestContext, *_arguments: Any, **_request: Any) -> Document:
        wanted = context.service_request
        name = wanted.get("queryDefinitionId") or str(uuid.uuid4())
        kept = {key: wanted[key] for key in ("name", "queryString", "logGroupNames") if key in wanted}
        _definitions.of(context).by_id[name] = kept | {
            "queryDefinitionId": name,
            "lastModified": int(now().timestamp() * 1000),
        }
        return {"queryDefinitionId": name}

    @patch(LogsProvider.describe_query_definitions)
    def describe(
        _original: Any, _provider: Any, context: RequestContext, *_arguments: Any, **_request: Any
    ) -> Document:
        prefix = context.service_request.get("queryDefinitionNamePrefix") or ""
        found = [each for each in _definitions.of(context).by_id.values() if each["name"].startswith(prefix)]
        return {"queryDefinitions": found}

    @patch(LogsProvider.delete_query_definition)
    def delete(_original: Any, _provider: Any, context: RequestContext, *_arguments: Any, **_request: Any) -> Document:
        return {
            "success": _definitions.of(context).by_id.pop(context.service_request["queryDefinitionId"], None)
            is not None
        }
