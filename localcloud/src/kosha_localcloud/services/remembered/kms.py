"""KMS: a replica key gets its own policy, description and tags; LocalStack gives it those of the primary key."""

from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.kms.models import kms_stores
from localstack.services.kms.provider import KmsProvider
from localstack.utils.patch import patch

from kosha_localcloud.services.operations import Document


def install() -> None:
    """Correct ReplicateKey."""

    @patch(KmsProvider.replicate_key)
    def replicate_key(original: Any, provider: Any, context: RequestContext, request: Document) -> Document:
        response: Document = original(provider, context, request)
        metadata = response["ReplicaKeyMetadata"]
        store = kms_stores[context.account_id][request["ReplicaRegion"]]
        key = store.keys[metadata["KeyId"]]
        if request.get("Policy"):
            key.policy = request["Policy"]
        tags = {tag["TagKey"]: tag["TagValue"] for tag in request.get("Tags") or []}
        store.tags.delete_all_tags(metadata["Arn"])
        store.tags.update_tags(metadata["Arn"], tags)
        response["ReplicaPolicy"] = key.policy
        response["ReplicaTags"] = request.get("Tags") or []
        return response
