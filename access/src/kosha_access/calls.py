"""What IAM is asked when an API call is made: actions, the resources they act on, and what the call says of itself.

What only the state of the account tells (tags of resources, keys behind buckets) is left to the caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote

from kosha_access.actions import Parameters, action_of, actions_of, by_version
from kosha_access.resources import Place, ec2_arn, invoked_function, resources

Values = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Asked:
    """One question to IAM; ``keys`` are condition keys with their values."""

    action: str
    resource: str
    keys: Values = field(default_factory=dict)

    def having(self, more: Values) -> Asked:
        """With further condition keys."""
        return replace(self, keys={**self.keys, **more}) if more else self


# Nothing is asked for these: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html and
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getsessiontoken.html.
_FREE = frozenset({"GetCallerIdentity", "GetSessionToken"})


def asked(service: str, operation: str, parameters: Parameters, place: Place) -> list[Asked] | None:
    """All that must be allowed for a call; None where it is not known what the call acts on.

    ``service`` and ``operation`` are botocore's names.
    """
    if service == "sts" and operation in _FREE:
        return []
    found = _s3(operation, parameters, place) if service == "s3" else _others(service, operation, parameters, place)
    return None if found is None else [*found, *_roles_handed_over(service, operation, parameters, place)]


# ----------------------------------------------------------------------------------------------------------------- S3

_S3_KEYS = {
    "ACL": "s3:x-amz-acl",
    "CopySource": "s3:x-amz-copy-source",
    "Delimiter": "s3:delimiter",
    "GrantFullControl": "s3:x-amz-grant-full-control",
    "GrantRead": "s3:x-amz-grant-read",
    "GrantReadACP": "s3:x-amz-grant-read-acp",
    "GrantWrite": "s3:x-amz-grant-write",
    "GrantWriteACP": "s3:x-amz-grant-write-acp",
    "IfMatch": "s3:if-match",
    "IfNoneMatch": "s3:if-none-match",
    "MaxKeys": "s3:max-keys",
    "MetadataDirective": "s3:x-amz-metadata-directive",
    "ObjectLockLegalHoldStatus": "s3:object-lock-legal-hold",
    "ObjectLockMode": "s3:object-lock-mode",
    "ObjectOwnership": "s3:x-amz-object-ownership",
    "Prefix": "s3:prefix",
    "SSECustomerAlgorithm": "s3:x-amz-server-side-encryption-customer-algorithm",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "StorageClass": "s3:x-amz-storage-class",
    "VersionId": "s3:VersionId",
    "WebsiteRedirectLocation": "s3:x-amz-website-redirect-location",
}
_LISTING = frozenset({"ListMultipartUploads", "ListObjectVersions", "ListObjects", "ListObjectsV2"})


@dataclass(frozen=True)
class Source:
    """Of a copy."""

    bucket: str
    key: str
    version: str

    @property
    def action(self) -> str:
        """What reading it takes."""
        return by_version("s3:GetObject") if self.version else "s3:GetObject"


def source_of(parameters: Parameters) -> Source | None:
    """``bucket/key?versionId=...``, in percent signs, or as an object with these three."""
    given = parameters.get("CopySource")
    if not given:
        return None
    if isinstance(given, Mapping):
        return Source(given["Bucket"], given["Key"], given.get("VersionId") or "")
    path, _, query = str(given).partition("?versionId=")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    return Source(bucket, key, query)


def object_arn(bucket: str, key: str, place: Place) -> str:
    """Of an object, or of a bucket if there is no key."""
    return f"arn:{place.partition}:s3:::{bucket}/{key}" if key else f"arn:{place.partition}:s3:::{bucket}"


def tags_of_object(parameters: Parameters) -> dict[str, str]:
    """The tags that a call gives an object: a header like a query, or a document."""
    given = parameters.get("Tagging")
    if isinstance(given, str):
        return dict(parse_qsl(given, keep_blank_values=True))
    return _pairs((given or {}).get("TagSet"))


def _s3(operation: str, parameters: Parameters, place: Place) -> list[Asked] | None:
    actions = actions_of("s3", operation, parameters)
    if operation == "ListBuckets":
        return [Asked(actions[0], "*")]
    bucket, key = parameters.get("Bucket"), parameters.get("Key") or ""
    if not bucket or operation in ("WriteGetObjectResponse", "CreateSession", "ListDirectoryBuckets"):
        return None
    keys: dict[str, str | Sequence[str]] = {
        name: str(parameters[parameter]) for parameter, name in _S3_KEYS.items() if parameters.get(parameter)
    }
    if operation in _LISTING:
        # Present, though empty, where no prefix is given: a condition on "" is how a policy allows the top.
        keys["s3:prefix"] = parameters.get("Prefix") or ""
    if key and (tags := tags_of_object(parameters)):
        keys |= {f"s3:RequestObjectTag/{name}": value for name, value in tags.items()}
        keys["s3:RequestObjectTagKeys"] = list(tags)
    if operation == "DeleteObjects":
        return [
            Asked(action, object_arn(bucket, each["Key"], place), keys)
            for each in (parameters.get("Delete") or {}).get("Objects") or []
            for action in actions_of("s3", operation, {**parameters, "VersionId": each.get("VersionId")})
        ]
    found = [Asked(action, object_arn(bucket, key, place), keys) for action in actions]
    if source := source_of(parameters):
        version = {"s3:VersionId": source.version} if source.version else {}
        found.append(Asked(source.action, object_arn(source.bucket, source.key, place), version))
    return found


# ------------------------------------------------------------------------------------------------------- all services

_KEYS = {
    "cloudwatch": {"Namespace": "cloudwatch:namespace"},
    "iam": {
        "AWSServiceName": "iam:AWSServiceName",
        "PermissionsBoundary": "iam:PermissionsBoundary",
        "PolicyArn": "iam:PolicyARN",
    },
    "kms": {
        "GranteePrincipal": "kms:GranteePrincipal",
        "KeySpec": "kms:KeySpec",
        "KeyUsage": "kms:KeyUsage",
        "Operations": "kms:GrantOperations",
        "RetiringPrincipal": "kms:RetiringPrincipal",
        "ReplicaRegion": "kms:ReplicaRegion",
    },
    "lambda": {"FunctionUrlAuthType": "lambda:FunctionUrlAuthType", "Principal": "lambda:Principal"},
    "s3control": {"Priority": "s3:RequestJobPriority"},
    "sns": {"Endpoint": "sns:Endpoint", "Protocol": "sns:Protocol"},
    "sts": {
        "ExternalId": "sts:ExternalId",
        "RoleSessionName": "sts:RoleSessionName",
        "SourceIdentity": "sts:SourceIdentity",
        "TransitiveTagKeys": "sts:TransitiveTagKeys",
    },
}
_TAGS = ("Tags", "tags", "BackupPlanTags", "BackupVaultTags")
_TAG_KEYS = ("TagKeys", "tagKeys", "TagKeyList", "Keys")


def _others(service: str, operation: str, parameters: Parameters, place: Place) -> list[Asked] | None:
    keys = _said(service, parameters)
    if service == "kms" and operation == "ReEncrypt":
        return None if (found := _re_encrypt(parameters, place)) is None else [each.having(keys) for each in found]
    if service == "dynamodb" and (tables := _tables(operation, parameters, place)):
        return tables
    if service == "events" and operation == "PutEvents":
        buses = [str(each.get("EventBusName") or "default") for each in parameters.get("Entries") or []]
        arns = [bus if bus.startswith("arn:") else place.arn("events", f"event-bus/{bus}") for bus in buses]
        return [Asked("events:PutEvents", arn) for arn in dict.fromkeys(arns)]
    action = action_of(service, operation, parameters)
    arns_or_none = (
        [invoked_function(parameters, place)]
        if action == "lambda:InvokeFunction"
        else ["*"]
        if action == "sns:Publish" and parameters.get("PhoneNumber")
        else resources(service, operation, parameters, place)
    )
    if arns_or_none is None:
        return None
    if service == "ec2":
        return _ec2(operation, parameters, place, [Asked(action, arn) for arn in arns_or_none])
    found = [Asked(action, arn, keys) for arn in arns_or_none]
    if action == "sts:AssumeRole":
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
        found += [Asked("sts:TagSession", arn, keys) for arn in arns_or_none if parameters.get("Tags")]
        found += [Asked("sts:SetSourceIdentity", arn, keys) for arn in arns_or_none if parameters.get("SourceIdentity")]
    return found


def _said(service: str, parameters: Parameters) -> dict[str, str | Sequence[str]]:
    """The condition keys that a call's parameters are."""
    keys: dict[str, str | Sequence[str]] = {
        name: list(map(str, value)) if isinstance(value, list) else str(value)
        for parameter, name in _KEYS.get(service, {}).items()
        if (value := parameters.get(parameter)) not in (None, "", [])
    }
    if service == "kms" and isinstance(context := parameters.get("EncryptionContext"), Mapping) and context:
        keys |= encryption_context(context)
    if service == "s3control" and (kind := next(iter(parameters.get("Operation") or {}), None)):
        keys["s3:RequestJobOperation"] = str(kind)
    return keys | request_tags(*(parameters.get(name) for name in _TAGS), keys=_tag_keys(parameters))


def encryption_context(context: Mapping[str, str]) -> dict[str, str | Sequence[str]]:
    """https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context."""
    keys: dict[str, str | Sequence[str]] = {f"kms:EncryptionContext:{name}": value for name, value in context.items()}
    return keys | {"kms:EncryptionContextKeys": list(context)}


def request_tags(*given: Any, keys: Sequence[str] = ()) -> dict[str, str | Sequence[str]]:
    """Tags in a request, as conditions see them."""
    tags = {name: value for each in given for name, value in _pairs(each).items()}
    names = [*tags, *keys]
    found: dict[str, str | Sequence[str]] = {f"aws:RequestTag/{name}": value for name, value in tags.items()}
    return found | {"aws:TagKeys": names} if names else {}


def _tag_keys(parameters: Parameters) -> list[str]:
    return [str(each) for name in _TAG_KEYS for each in parameters.get(name) or []]


def _pairs(tags: Any) -> dict[str, str]:
    """Services write a tag with ``Key``, ``key`` or ``TagKey``, or all tags as one object."""
    if isinstance(tags, Mapping):
        return {str(name): str(value) for name, value in tags.items()}
    found = {}
    for each in tags or []:
        if isinstance(each, Mapping):
            name = each.get("Key") or each.get("key") or each.get("TagKey")
            value = each.get("Value") or each.get("value") or each.get("TagValue") or ""
            found[str(name)] = str(value)
    return found


def _re_encrypt(parameters: Parameters, place: Place) -> list[Asked] | None:
    to = resources("kms", "ReEncrypt", {"KeyId": parameters.get("DestinationKeyId")}, place)
    source = resources("kms", "ReEncrypt", {"KeyId": parameters.get("SourceKeyId")}, place)
    if to is None or source is None:
        return None
    return [Asked("kms:ReEncryptFrom", source[0]), Asked("kms:ReEncryptTo", to[0])]


_DYNAMODB_ITEMS = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}


def _tables(operation: str, parameters: Parameters, place: Place) -> list[Asked]:
    """Of calls about several tables, and of an index."""

    def arn(name: str) -> str:
        return name if name.startswith("arn:") else place.arn("dynamodb", f"table/{name}")

    if operation in ("BatchGetItem", "BatchWriteItem"):
        return [Asked(f"dynamodb:{operation}", arn(name)) for name in parameters.get("RequestItems") or {}]
    if operation in ("TransactGetItems", "TransactWriteItems"):
        found = [
            Asked(f"dynamodb:{_DYNAMODB_ITEMS[kind]}", arn(item["TableName"]))
            for each in parameters.get("TransactItems") or []
            for kind, item in each.items()
        ]
        return list({(each.action, each.resource): each for each in found}.values())
    if operation in ("Query", "Scan") and parameters.get("IndexName"):
        return [Asked(f"dynamodb:{operation}", f"{arn(parameters['TableName'])}/index/{parameters['IndexName']}")]
    return []


def _ec2(operation: str, parameters: Parameters, place: Place, found: list[Asked]) -> list[Asked]:
    """Tags of a request are said of what is made or tagged, and making with tags takes CreateTags besides.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
    """
    if operation in ("CreateTags", "DeleteTags"):
        return [each.having(request_tags(parameters.get("Tags"))) for each in found]
    more = []
    made: dict[str, Values] = {}
    for specification in parameters.get("TagSpecifications") or []:
        kind, tags = str(specification.get("ResourceType")), request_tags(specification.get("Tags"))
        arn = ec2_arn(kind, "*", place)
        made[arn] = tags
        more.append(Asked("ec2:CreateTags", arn, {**tags, "ec2:CreateAction": operation}))
    return [*(each.having(made.get(each.resource, {})) for each in found), *more]


# ------------------------------------------------------------------------------------------------------ handing over

_ROLES: dict[tuple[str, str], tuple[str, str]] = {
    ("backup", "CreateBackupSelection"): ("BackupSelection.IamRoleArn", "backup.amazonaws.com"),
    ("backup", "StartBackupJob"): ("IamRoleArn", "backup.amazonaws.com"),
    ("backup", "StartCopyJob"): ("IamRoleArn", "backup.amazonaws.com"),
    ("backup", "StartRestoreJob"): ("IamRoleArn", "backup.amazonaws.com"),
    ("datasync", "CreateLocationS3"): ("S3Config.BucketAccessRoleArn", "datasync.amazonaws.com"),
    ("datasync", "UpdateLocationS3"): ("S3Config.BucketAccessRoleArn", "datasync.amazonaws.com"),
    ("ec2", "AssociateIamInstanceProfile"): ("IamInstanceProfile", "ec2.amazonaws.com"),
    ("ec2", "RunInstances"): ("IamInstanceProfile", "ec2.amazonaws.com"),
    ("eks", "CreateCluster"): ("roleArn", "eks.amazonaws.com"),
    ("eks", "CreateNodegroup"): ("nodeRole", "eks.amazonaws.com"),
    ("eks", "CreatePodIdentityAssociation"): ("roleArn", "pods.eks.amazonaws.com"),
    ("eks", "UpdatePodIdentityAssociation"): ("roleArn", "pods.eks.amazonaws.com"),
    ("events", "PutRule"): ("RoleArn", "events.amazonaws.com"),
    ("events", "PutTargets"): ("Targets.RoleArn", "events.amazonaws.com"),
    ("lambda", "CreateFunction"): ("Role", "lambda.amazonaws.com"),
    ("lambda", "UpdateFunctionConfiguration"): ("Role", "lambda.amazonaws.com"),
    ("logs", "PutSubscriptionFilter"): ("roleArn", "logs.amazonaws.com"),
    ("s3", "PutBucketReplication"): ("ReplicationConfiguration.Role", "s3.amazonaws.com"),
    ("s3control", "CreateJob"): ("RoleArn", "batchoperations.s3.amazonaws.com"),
    ("scheduler", "CreateSchedule"): ("Target.RoleArn", "scheduler.amazonaws.com"),
    ("scheduler", "UpdateSchedule"): ("Target.RoleArn", "scheduler.amazonaws.com"),
    ("stepfunctions", "CreateStateMachine"): ("roleArn", "states.amazonaws.com"),
    ("stepfunctions", "UpdateStateMachine"): ("roleArn", "states.amazonaws.com"),
}
"""Call -> where its parameters name a role, and the service that gets it
(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html)."""


def _roles_handed_over(service: str, operation: str, parameters: Parameters, place: Place) -> list[Asked]:
    path, to = _ROLES.get((service, operation), ("", ""))
    roles = [_role(each, place) for each in _along(parameters, path.split("."))] if path else []
    return [Asked("iam:PassRole", role, {"iam:PassedToService": to}) for role in dict.fromkeys(roles)]


def _along(value: Any, path: list[str]) -> Iterator[Any]:
    """What lies at the end of a path of names, in each of a list."""
    if isinstance(value, list):
        for each in value:
            yield from _along(each, path)
    elif not path:
        if value:
            yield value
    elif isinstance(value, Mapping):
        yield from _along(value.get(path[0]), path[1:])


def _role(given: Any, place: Place) -> str:
    """An ARN, a name, or an instance profile, behind which the role stands."""
    if isinstance(given, Mapping):
        profile = given.get("Arn") or f"instance-profile/{given.get('Name')}"
        return profile if profile.startswith("arn:") else place.arn("iam", profile, region=False)
    return given if str(given).startswith("arn:") else place.arn("iam", f"role/{given}", region=False)
