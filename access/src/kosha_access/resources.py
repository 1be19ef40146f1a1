"""What an API call acts on: for each service, the parameter that names the resource and the ARN it stands for.

From the resource types of the service authorization reference
(https://docs.aws.amazon.com/service-authorization/latest/reference/); tests/policy/test_access_reference.py compares
this table with a copy of the reference that others keep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kosha_access.actions import Parameters


@dataclass(frozen=True)
class Place:
    """Where a call is made."""

    region: str
    account: str
    partition: str = "aws"

    def arn(self, service: str, rest: str, *, region: bool = True, account: bool = True) -> str:
        """Of a resource here."""
        where = f"{self.region if region else ''}:{self.account if account else ''}"
        return f"arn:{self.partition}:{service}:{where}:{rest}"


_FIELD = re.compile(r"\{(\w*)\}")
Reading = Callable[[str, Parameters, Place], str]
"""(value of a parameter, all parameters, place) -> ARN."""
Rule = str | Reading
"""Either that, or the service and the rest of an ARN, where ``{}`` is the value and ``{Name}`` another parameter.

A value that is an ARN already stays as it is."""


@dataclass(frozen=True)
class Service:
    """The rules of a service.

    ``named``: parameter -> rule; the first parameter that a call has says what it acts on.
    ``operations``: for these, each of the parameters that the call has, or an ARN as in a rule if it has a colon.
    ``whole``: these act on no resource: only a statement about ``*`` allows them.
    ``defaults``: of parameters that a rule uses.
    """

    named: Mapping[str, Rule] = field(default_factory=dict)
    operations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
    defaults: Mapping[str, str] = field(default_factory=dict)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _each(operations: str, *parameters: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(operations.split(), parameters)


# ------------------------------------------------------------------------------------------- rules that are no template


def _queue(value: str, _: Parameters, place: Place) -> str:
    """Of a queue's URL: https://host/account/name."""
    account, name = value.rstrip("/").rsplit("/", 2)[-2:]
    return f"arn:{place.partition}:sqs:{place.region}:{account}:{name}"


def _function(value: str, _: Parameters, place: Place) -> str:
    """Of a name, ``name:qualifier``, ``account:function:name`` or an ARN; without the qualifier."""
    return place.arn("lambda", f"function:{_function_name(value)[0]}")


def _function_name(value: str) -> tuple[str, str]:
    name = value.partition(":function:")[2] or value.removeprefix("function:")
    name, _, qualifier = name.partition(":")
    return name, qualifier


def invoked_function(parameters: Parameters, place: Place) -> str:
    """With its qualifier (https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html)."""
    name, qualifier = _function_name(str(parameters["FunctionName"]))
    qualifier = str(parameters.get("Qualifier") or qualifier)
    return place.arn("lambda", f"function:{name}:{qualifier}" if qualifier else f"function:{name}")


def _layer_version(value: str, parameters: Parameters, place: Place) -> str:
    layer = value if value.startswith("arn:") else place.arn("lambda", f"layer:{value}")
    return f"{layer}:{parameters['VersionNumber']}" if "VersionNumber" in parameters else layer


def _log_group(value: str, parameters: Parameters, place: Place) -> str:
    """CloudWatch Logs decides by the group and the stream, the stream being empty where there is none
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html)."""
    group = value.removesuffix(":*") if value.startswith("arn:") else place.arn("logs", f"log-group:{value}")
    return f"{group}:log-stream:{parameters.get('logStreamName', '')}"


def _log_group_alone(value: str, _: Parameters, place: Place) -> str:
    return value if value.startswith("arn:") else place.arn("logs", f"log-group:{value}")


def _rule_of_bus(value: str, parameters: Parameters, place: Place) -> str:
    bus = str(parameters.get("EventBusName") or "default").rpartition("/")[2]
    return place.arn("events", f"rule/{value}" if bus == "default" else f"rule/{bus}/{value}")


def _parameter(value: str, _: Parameters, place: Place) -> str:
    """A name may begin with a slash, and end in ``:version``, of which the ARN has neither."""
    return place.arn("ssm", f"parameter/{value.lstrip('/').partition(':')[0]}")


def _secret(value: str, parameters: Parameters, place: Place) -> str:
    """A secret's ARN ends in six random signs, which a name does not tell."""
    return place.arn("secretsmanager", f"secret:{value}-??????" if "SecretId" not in parameters else f"secret:{value}")


def _key(value: str, _: Parameters, place: Place) -> str:
    return place.arn("kms", value if value.startswith("alias/") else f"key/{value}")


EC2_TYPES = {
    "ami": "image",
    "eni": "network-interface",
    "fs": "file-system",
    "i": "instance",
    "igw": "internet-gateway",
    "lt": "launch-template",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "snap": "snapshot",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
    "eipalloc": "elastic-ip",
    "acl": "network-acl",
    "key": "key-pair",
    "fl": "vpc-flow-log",
    "pl": "prefix-list",
}
_EC2_OF_NO_ACCOUNT = _names("image snapshot")


def ec2_arn(kind: str, identifier: str, place: Place) -> str:
    """Images and snapshots have no account in their ARN."""
    return place.arn("ec2", f"{kind}/{identifier}", account=kind not in _EC2_OF_NO_ACCOUNT)


def _ec2(value: str, _: Parameters, place: Place) -> str:
    """By the prefix of an id, such as ``vol-``."""
    return ec2_arn(EC2_TYPES.get(value.partition("-")[0], "*"), value, place)


# ------------------------------------------------------------------------------------------------------- the services

_EC2_DESCRIBES_ONE = _names(
    """DescribeClientVpnAuthorizationRules DescribeClientVpnConnections DescribeClientVpnEndpoints
    DescribeClientVpnRoutes DescribeClientVpnTargetNetworks DescribeFleetHistory DescribeFleetInstances
    DescribeFpgaImageAttribute DescribeSecurityGroupReferences DescribeSpotFleetInstances
    DescribeSpotFleetRequestHistory DescribeVpcAttribute DescribeVpcEndpointServicePermissions"""
)
_IAM = {
    "OpenIDConnectProviderArn": "iam:oidc-provider/{}",
    "SAMLProviderArn": "iam:saml-provider/{}",
    "ServerCertificateName": "iam:server-certificate/{}",
    "InstanceProfileName": "iam:instance-profile/{}",
    "GroupName": "iam:group/{}",
    "UserName": "iam:user/{}",
    "RoleName": "iam:role/{}",
    "PolicyArn": "iam:policy/{}",
    "PolicyName": "iam:policy/{}",
}

SERVICES: dict[str, Service] = {
    "backup": Service(
        named={
            "BackupVaultName": "backup:backup-vault:{}",
            "BackupPlanId": "backup:backup-plan:{}",
            "FrameworkName": "backup:framework:{}-*",
            "ReportPlanName": "backup:report-plan:{}-*",
            "RestoreTestingPlanName": "backup:restore-testing-plan:{}-*",
            "LegalHoldId": "backup:legal-hold:{}",
            "ResourceArn": "{}",
        },
        operations={
            "CreateBackupPlan": ("backup:backup-plan:*",),
            "CreateLegalHold": ("backup:legal-hold:*",),
            "CreateRestoreTestingPlan": ("backup:restore-testing-plan:*-*",),
            "DeleteRecoveryPoint": ("RecoveryPointArn",),
            "DescribeRecoveryPoint": ("RecoveryPointArn",),
            "DisassociateRecoveryPoint": ("RecoveryPointArn",),
            "DisassociateRecoveryPointFromParent": ("RecoveryPointArn",),
            "GetRecoveryPointRestoreMetadata": ("RecoveryPointArn",),
            "StartCopyJob": ("RecoveryPointArn",),
            "StartRestoreJob": ("RecoveryPointArn",),
            "UpdateRecoveryPointLifecycle": ("RecoveryPointArn",),
        },
        whole=_names(
            """DescribeBackupJob DescribeCopyJob DescribeGlobalSettings DescribeProtectedResource DescribeRegionSettings
            DescribeReportJob DescribeRestoreJob ExportBackupPlanTemplate GetBackupPlanFromJSON
            GetBackupPlanFromTemplate GetRestoreJobMetadata GetRestoreTestingInferredMetadata GetSupportedResourceTypes
            ListBackupJobSummaries ListBackupJobs ListBackupPlanTemplates ListBackupPlans ListBackupVaults
            ListCopyJobSummaries ListCopyJobs ListFrameworks ListLegalHolds ListProtectedResources
            ListRecoveryPointsByResource ListReportJobs ListReportPlans ListRestoreJobSummaries ListRestoreJobs
            ListRestoreJobsByProtectedResource ListRestoreTestingPlans PutRestoreValidationResult StopBackupJob
            UpdateGlobalSettings UpdateRegionSettings"""
        ),
    ),
    "cloudwatch": Service(
        named={
            "AlarmName": "cloudwatch:alarm:{}",
            "AlarmNames": "cloudwatch:alarm:{}",
            "ResourceARN": "{}",
        },
        operations={
            # Without names it is asked for all.
            "DescribeAlarms": ("cloudwatch:alarm:*",),
        },
        whole=_names(
            """DeleteAnomalyDetector DescribeAlarmsForMetric DescribeAnomalyDetectors DescribeInsightRules GetMetricData
            GetMetricStatistics GetMetricWidgetImage ListDashboards ListManagedInsightRules ListMetricStreams
            ListMetrics PutAnomalyDetector PutManagedInsightRules PutMetricData"""
        ),
    ),
    "datasync": Service(
        named={
            "TaskExecutionArn": "{}",
            "TaskArn": "{}",
            "LocationArn": "{}",
            "AgentArn": "{}",
            "ResourceArn": "{}",
        },
        operations={"CreateTask": ("SourceLocationArn", "DestinationLocationArn")},
        whole=_names(
            """CreateAgent CreateLocationAzureBlob CreateLocationEfs CreateLocationFsxLustre CreateLocationFsxOntap
            CreateLocationFsxOpenZfs CreateLocationFsxWindows CreateLocationHdfs CreateLocationNfs
            CreateLocationObjectStorage CreateLocationS3 CreateLocationSmb ListAgents ListLocations ListTaskExecutions
            ListTasks"""
        ),
    ),
    "dynamodb": Service(
        named={
            "BackupArn": "{}",
            "ExportArn": "{}",
            "ImportArn": "{}",
            "TableArn": "{}",
            "TableName": "dynamodb:table/{}",
            "ResourceArn": "{}",
        },
        operations={
            "CreateGlobalTable": (),
            "DescribeGlobalTable": (),
            "DescribeGlobalTableSettings": (),
            "ImportTable": (),
            "RestoreTableFromBackup": (),
            "RestoreTableToPointInTime": (),
            "UpdateGlobalTable": (),
            "UpdateGlobalTableSettings": (),
        },
        whole=_names(
            """DescribeEndpoints DescribeLimits ListBackups ListContributorInsights ListExports ListGlobalTables
            ListImports ListTables"""
        ),
    ),
    "ec2": Service(
        named={
            "ImageId": _ec2,
            "InstanceId": _ec2,
            "InstanceIds": _ec2,
            "KeyName": "ec2:key-pair/{}",
            "Resources": _ec2,
            "GroupId": _ec2,
            "SecurityGroupIds": _ec2,
            "SnapshotId": _ec2,
            "SourceSnapshotId": _ec2,
            "SubnetId": _ec2,
            "VolumeId": _ec2,
        },
        operations={
            **_each(
                """MonitorInstances RebootInstances StartInstances StopInstances TerminateInstances
                UnmonitorInstances""",
                "InstanceIds",
            ),
            **_each(
                """AssociateIamInstanceProfile DescribeInstanceAttribute GetConsoleOutput
                GetConsoleScreenshot GetPasswordData ModifyInstanceAttribute
                ModifyInstanceMetadataOptions ResetInstanceAttribute""",
                "InstanceId",
            ),
            **_each(
                """DeleteVolume DescribeVolumeAttribute EnableVolumeIO ModifyVolume
                ModifyVolumeAttribute""",
                "VolumeId",
            ),
            **_each(
                """DeleteSnapshot DescribeSnapshotAttribute ModifySnapshotAttribute
                ResetSnapshotAttribute""",
                "SnapshotId",
            ),
            **_each("DeregisterImage DescribeImageAttribute ModifyImageAttribute ResetImageAttribute", "ImageId"),
            "AttachVolume": ("VolumeId", "InstanceId"),
            "DetachVolume": ("VolumeId", "InstanceId"),
            "CreateVolume": ("ec2:volume/*",),
            "CreateSnapshot": ("VolumeId", "ec2::snapshot/*"),
            "CopySnapshot": ("ec2::snapshot/*",),
            "CreateImage": ("InstanceId", "ec2::image/*", "ec2::snapshot/*"),
            "CreateTags": ("Resources",),
            "DeleteTags": ("Resources",),
            "RunInstances": (
                "ImageId",
                "ec2:instance/*",
                "ec2:network-interface/*",
                "ec2:volume/*",
                "SecurityGroupIds",
                "SubnetId",
                "KeyName",
            ),
            "AuthorizeSecurityGroupEgress": ("GroupId",),
            "AuthorizeSecurityGroupIngress": ("GroupId",),
            "DeleteSecurityGroup": ("GroupId",),
            "RevokeSecurityGroupEgress": ("GroupId",),
            "RevokeSecurityGroupIngress": ("GroupId",),
        },
    ),
    "ecr": Service(
        named={
            "repositoryName": "ecr:repository/{}",
            "repositoryNames": "ecr:repository/{}",
            "resourceArn": "{}",
        },
        operations={
            "CreatePullThroughCacheRule": (),
            "DeletePullThroughCacheRule": (),
            "DescribeRepositories": ("repositoryNames", "ecr:repository/*"),
        },
        whole=_names(
            """DescribeRegistry GetAuthorizationToken GetRegistryPolicy GetRegistryScanningConfiguration
            PutRegistryPolicy PutRegistryScanningConfiguration PutReplicationConfiguration DeleteRegistryPolicy"""
        ),
    ),
    "efs": Service(
        named={
            "AccessPointId": "elasticfilesystem:access-point/{}",
            "FileSystemId": "elasticfilesystem:file-system/{}",
            "SourceFileSystemId": "elasticfilesystem:file-system/{}",
            "ResourceId": "elasticfilesystem:file-system/{}",
        },
        operations={
            "DescribeFileSystems": ("FileSystemId", "elasticfilesystem:file-system/*"),
            "DescribeReplicationConfigurations": ("FileSystemId", "elasticfilesystem:file-system/*"),
        },
        whole=_names("CreateFileSystem DescribeAccountPreferences PutAccountPreferences"),
    ),
    "eks": Service(
        named={
            "resourceArn": "{}",
            "nodegroupName": "eks:nodegroup/{clusterName}/{}/*",
            "addonName": "eks:addon/{clusterName}/{}/*",
            "fargateProfileName": "eks:fargateprofile/{clusterName}/{}/*",
            "associationId": "eks:podidentityassociation/{clusterName}/{}",
            "clusterName": "eks:cluster/{}",
            "name": "eks:cluster/{}",
        },
        operations={
            **_each(
                """AssociateEncryptionConfig AssociateIdentityProviderConfig CreateAccessEntry
                CreateAddon CreateFargateProfile CreateNodegroup CreatePodIdentityAssociation
                DescribeInsight ListAccessEntries ListAddons ListFargateProfiles
                ListIdentityProviderConfigs ListInsights ListNodegroups ListPodIdentityAssociations""",
                "clusterName",
            ),
            **_each(
                """AssociateAccessPolicy DeleteAccessEntry DescribeAccessEntry DisassociateAccessPolicy
                DescribeIdentityProviderConfig DisassociateIdentityProviderConfig
                ListAssociatedAccessPolicies UpdateAccessEntry CreateEksAnywhereSubscription
                DeleteEksAnywhereSubscription DescribeEksAnywhereSubscription
                UpdateEksAnywhereSubscription CreateCapability DeleteCapability DescribeCapability
                UpdateCapability ListCapabilities CancelUpdate DescribeInsightsRefresh
                StartInsightsRefresh""",
            ),
        },
        whole=_names(
            """CreateCluster DescribeAddonConfiguration DescribeAddonVersions ListAccessPolicies ListClusters
            ListEksAnywhereSubscriptions RegisterCluster"""
        ),
    ),
    "events": Service(
        named={
            "ResourceARN": "{}",
            "Rule": _rule_of_bus,
            "Name": _rule_of_bus,
            "ArchiveName": "events:archive/{}",
            "ReplayName": "events:replay/{}",
        },
        operations={
            **_each("DeleteRule DescribeRule DisableRule EnableRule PutRule", "Name"),
            **_each("ListTargetsByRule PutTargets RemoveTargets", "Rule"),
            **_each("ListTagsForResource TagResource UntagResource", "ResourceARN"),
            **_each("CancelReplay DescribeReplay", "ReplayName"),
            **_each("DeleteArchive DescribeArchive UpdateArchive", "ArchiveName"),
            "CreateArchive": ("ArchiveName", "EventSourceArn"),
            "CreateEventBus": ("events:event-bus/{Name}",),
            "DeleteEventBus": ("events:event-bus/{Name}",),
            "DescribeEventBus": ("events:event-bus/{Name}",),
            "UpdateEventBus": ("events:event-bus/{Name}",),
            "StartReplay": ("ReplayName", "EventSourceArn"),
        },
        whole=_names(
            """ListApiDestinations ListArchives ListConnections ListEndpoints ListEventBuses ListEventSources
            ListPartnerEventSources ListReplays ListRuleNamesByTarget ListRules PutPartnerEvents PutPermission
            RemovePermission TestEventPattern"""
        ),
        # DescribeEventBus without a name is about the default bus.
        defaults={"Name": "default"},
    ),
    "iam": Service(
        named=_IAM,
        operations={
            "AttachUserPolicy": ("UserName",),
            "AttachRolePolicy": ("RoleName",),
            "AttachGroupPolicy": ("GroupName",),
            "DetachUserPolicy": ("UserName",),
            "DetachRolePolicy": ("RoleName",),
            "DetachGroupPolicy": ("GroupName",),
            "AddRoleToInstanceProfile": ("InstanceProfileName",),
            "CreatePolicy": ("PolicyName",),
            "CreateServiceLinkedRole": ("iam:role/aws-service-role/{AWSServiceName}/*",),
            "GetContextKeysForPrincipalPolicy": ("PolicySourceArn",),
            "SimulatePrincipalPolicy": ("PolicySourceArn",),
        },
        whole=_names(
            """CreateAccountAlias DeleteAccountAlias DeleteAccountPasswordPolicy GenerateCredentialReport
            GetAccountAuthorizationDetails GetAccountPasswordPolicy GetAccountSummary GetContextKeysForCustomPolicy
            GetCredentialReport GetOrganizationsAccessReport GetServiceLastAccessedDetails
            GetServiceLastAccessedDetailsWithEntities ListAccountAliases ListGroups ListInstanceProfiles
            ListOpenIDConnectProviders ListPolicies ListRoles ListSAMLProviders ListServerCertificates ListUsers
            ListVirtualMFADevices SetSecurityTokenServicePreferences SimulateCustomPolicy
            UpdateAccountPasswordPolicy"""
        ),
    ),
    "kms": Service(
        named={"KeyId": _key, "AliasName": _key, "TargetKeyId": _key},
        operations={
            "CreateAlias": ("AliasName", "TargetKeyId"),
            "UpdateAlias": ("AliasName", "TargetKeyId"),
            "DeleteAlias": ("AliasName",),
        },
        whole=_names(
            """ConnectCustomKeyStore CreateCustomKeyStore CreateKey DeleteCustomKeyStore DescribeCustomKeyStores
            DisconnectCustomKeyStore GenerateRandom ListAliases ListKeys ListRetirableGrants UpdateCustomKeyStore"""
        ),
    ),
    "lambda": Service(
        named={
            "UUID": "lambda:event-source-mapping:{}",
            "FunctionName": _function,
            "LayerName": _layer_version,
            "CodeSigningConfigArn": "{}",
            "Resource": "{}",
        },
        operations={
            # Which function they are for is the condition key lambda:FunctionArn.
            "CreateEventSourceMapping": ("lambda:event-source-mapping:*",),
            "DeleteProvisionedConcurrencyConfig": (),
            "GetProvisionedConcurrencyConfig": (),
            "PutProvisionedConcurrencyConfig": (),
            "GetLayerVersionByArn": ("Arn",),
        },
        whole=_names(
            """CreateCodeSigningConfig GetAccountSettings ListCodeSigningConfigs ListEventSourceMappings ListFunctions
            ListLayerVersions ListLayers"""
        ),
    ),
    "logs": Service(
        named={
            "logGroupName": _log_group,
            "logGroupNames": _log_group,
            "logGroupIdentifier": _log_group,
            "resourceArn": _log_group_alone,
        },
        operations={
            # A grant on all groups allows it as well as one on everything.
            "DescribeLogGroups": ("logs:log-group::log-stream:",),
            **_each("ListTagsLogGroup TagLogGroup UntagLogGroup", "logs:log-group:{logGroupName}"),
            **_each("AssociateKmsKey CreateDelivery DisassociateKmsKey PutDeliverySource"),
        },
        whole=_names(
            """CancelExportTask DeleteAccountPolicy DeleteIndexPolicy DeleteQueryDefinition DeleteResourcePolicy
            DescribeAccountPolicies DescribeConfigurationTemplates DescribeDeliveries DescribeDeliveryDestinations
            DescribeDeliverySources DescribeDestinations DescribeExportTasks DescribeFieldIndexes DescribeIndexPolicies
            DescribeQueries DescribeQueryDefinitions DescribeResourcePolicies ListLogGroupsForQuery PutAccountPolicy
            PutIndexPolicy PutQueryDefinition PutResourcePolicy StopQuery TestMetricFilter TestTransformer"""
        ),
    ),
    "s3control": Service(
        operations={
            "DescribeJob": ("s3:job/{JobId}",),
            "UpdateJobPriority": ("s3:job/{JobId}",),
            "UpdateJobStatus": ("s3:job/{JobId}",),
            "DeleteJobTagging": ("s3:job/{JobId}",),
            "GetJobTagging": ("s3:job/{JobId}",),
            "PutJobTagging": ("s3:job/{JobId}",),
        },
        whole=_names("CreateJob DeletePublicAccessBlock GetPublicAccessBlock ListJobs PutPublicAccessBlock"),
    ),
    "scheduler": Service(
        named={"ResourceArn": "{}", "Name": "scheduler:schedule/{GroupName}/{}"},
        operations={
            "CreateScheduleGroup": ("scheduler:schedule-group/{Name}",),
            "DeleteScheduleGroup": ("scheduler:schedule-group/{Name}",),
            "GetScheduleGroup": ("scheduler:schedule-group/{Name}",),
        },
        whole=_names("ListScheduleGroups ListSchedules"),
        defaults={"GroupName": "default"},
    ),
    "secretsmanager": Service(
        named={"SecretId": _secret, "Name": _secret},
        whole=_names("BatchGetSecretValue GetRandomPassword ListSecrets"),
    ),
    "sns": Service(
        named={
            "TopicArn": "{}",
            "TargetArn": "{}",
            "ResourceArn": "{}",
        },
        operations={
            "CreateTopic": ("sns:{Name}",),
            "CreatePlatformEndpoint": (),
        },
        whole=_names(
            """CheckIfPhoneNumberIsOptedOut CreatePlatformApplication CreateSMSSandboxPhoneNumber DeleteEndpoint
            DeletePlatformApplication DeleteSMSSandboxPhoneNumber GetEndpointAttributes GetPlatformApplicationAttributes
            GetSMSAttributes GetSMSSandboxAccountStatus GetSubscriptionAttributes ListEndpointsByPlatformApplication
            ListOriginationNumbers ListPhoneNumbersOptedOut ListPlatformApplications ListSMSSandboxPhoneNumbers
            ListSubscriptions ListTopics OptInPhoneNumber SetEndpointAttributes SetPlatformApplicationAttributes
            SetSMSAttributes SetSubscriptionAttributes Unsubscribe VerifySMSSandboxPhoneNumber"""
        ),
    ),
    "sqs": Service(
        named={"QueueUrl": _queue, "QueueName": "sqs:{}", "SourceArn": "{}"},
        whole=_names("ListQueues"),
    ),
    "ssm": Service(
        operations={
            **_each(
                """DeleteParameter GetParameter GetParameterHistory LabelParameterVersion PutParameter
                UnlabelParameterVersion""",
                "Name",
            ),
            "DeleteParameters": ("Names",),
            "GetParameters": ("Names",),
            "GetParametersByPath": ("Path",),
        },
        named={"Name": _parameter, "Names": _parameter, "Path": _parameter},
        whole=_names("DescribeParameters"),
    ),
    "stepfunctions": Service(
        named={
            "resourceArn": "{}",
            "executionArn": "{}",
            "stateMachineArn": "{}",
            "activityArn": "{}",
        },
        operations={
            "CreateActivity": ("states:activity:{name}",),
            "CreateStateMachine": ("states:stateMachine:{name}",),
        },
        whole=_names(
            """ListActivities ListStateMachines SendTaskFailure SendTaskHeartbeat SendTaskSuccess TestState
            ValidateStateMachineDefinition"""
        ),
    ),
    "sts": Service(
        named={"RoleArn": "{}"},
        operations={"AssumeRoleWithSAML": (), "AssumeRoleWithWebIdentity": ()},
        whole=_names("DecodeAuthorizationMessage GetAccessKeyInfo"),
    ),
}
_ONLY_LISTED = _names("ec2 events ssm")
"""Of these, what ``operations`` lacks is not known, whatever parameters it has."""
_TAKE_ARNS = frozenset((_function, _layer_version, _log_group))


def resources(service: str, operation: str, parameters: Parameters, place: Place) -> list[str] | None:
    """The ARNs a call acts on, ``["*"]`` if it acts on none, or None where that is not known."""
    rules = SERVICES.get(service)
    if rules is None:
        return None
    if operation in rules.whole or (service == "ec2" and _describes_all(operation)):
        return ["*"]
    if operation in rules.operations:
        wanted = rules.operations[operation]
    elif service in _ONLY_LISTED:
        return None
    else:
        wanted = tuple(name for name in rules.named if parameters.get(name))[:1]
    return list(dict.fromkeys(arn for each in wanted for arn in _arns(rules, each, parameters, place))) or None


def _describes_all(operation: str) -> bool:
    one = operation in _EC2_DESCRIBES_ONE or operation in SERVICES["ec2"].operations
    return operation.startswith("Describe") and not one


def _arns(rules: Service, wanted: str, parameters: Parameters, place: Place) -> list[str]:
    """Of a parameter, which may be a list, or of a rule."""
    if ":" in wanted:
        return [_filled(wanted, "", {**rules.defaults, **parameters}, place)]
    value = parameters.get(wanted)
    values = value if isinstance(value, list) else [value] if value else []
    rule = rules.named.get(wanted, "{}")
    return [_read(rule, str(each), {**rules.defaults, **parameters}, place) for each in values]


def _read(rule: Rule, value: str, parameters: Parameters, place: Place) -> str:
    if value.startswith("arn:") and rule not in _TAKE_ARNS:
        return value
    if callable(rule):
        return rule(value, parameters, place)
    return value if rule == "{}" else _filled(rule, value, parameters, place)


def _filled(rule: str, value: str, parameters: Parameters, place: Place) -> str:
    """``service:rest``, or ``service::rest`` for an ARN without an account; what is not known is any."""
    service, _, rest = rule.partition(":")
    if (only := _FIELD.fullmatch(rest.rpartition("/")[2])) and str(parameters.get(only[1], "")).startswith("arn:"):
        return str(parameters[only[1]])
    text = _FIELD.sub(lambda found: str(parameters.get(found[1]) or "*") if found[1] else value, rest.lstrip(":"))
    return place.arn(service, text, region=service != "iam", account=not rest.startswith(":"))
