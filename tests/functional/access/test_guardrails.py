"""What the boundary and the service control policy of modules/guardrails come to, decided by the evaluator of access/.

Both documents are those that ``terraform test`` renders with the mock provider.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.session import Session
from kosha_access.evaluation import Decision, Document, Policies, Principal, Request, decide
from moto.iam.aws_managed_policies import aws_managed_policies_data

from common.permissions import Permission, Resource
from scripts.paths import MODULES, REPOSITORY, TERRAFORM
from scripts.terraform_tests import first_state

MODULE = MODULES / "guardrails"
ACCOUNT, STRANGER = "111122223333", "999988887777"
HERE = ("ap-south-1", "ap-south-2")
WORLD = sorted(
    region
    for partition in Session().get_available_partitions()
    for region in Session().get_available_regions("ec2", partition)
)
EVERYTHING: Document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/kosha-test-object-tagger"
SOMEBODY = Principal(
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/kosha-test-object-tagger/x", account=ACCOUNT, role_arn=ROLE
)
ROOT_USER = Principal(arn=f"arn:aws:iam::{ACCOUNT}:root", account=ACCOUNT)


@dataclass(frozen=True)
class Guards:
    """Asks whether somebody with every right may do something past one of the guards."""

    boundary: Document
    control: Document

    def of_roles(
        self, action: str, resource: str = "*", region: str = HERE[0], *, who: Principal = SOMEBODY, **more: Any
    ) -> Decision:
        """Past the boundary. ``more``: ``keys``, ``account`` of the resource, ``policy`` of the resource."""
        return self._ask(who, action, resource, region, boundary=self.boundary, **more)

    def of_the_account(
        self, action: str, resource: str = "*", region: str = HERE[0], *, who: Principal = SOMEBODY, **more: Any
    ) -> Decision:
        """Past the service control policy, which stands beside AWS's FullAWSAccess."""
        return self._ask(who, action, resource, region, control=self.control, **more)

    def _ask(
        self,
        who: Principal,
        action: str,
        resource: str,
        region: str,
        *,
        boundary: Document | None = None,
        control: Document | None = None,
        keys: Mapping[str, Any] | None = None,
        account: str = "",
        policy: Document | None = None,
    ) -> Decision:
        request = Request(who, action, resource, account, {"aws:RequestedRegion": region, **(keys or {})})
        # Policies are evaluated each by itself for an Allow, all together for a Deny: FullAWSAccess beside ours is ours
        # with an Allow.
        controls = (
            [] if control is None else [{**control, "Statement": [*control["Statement"], EVERYTHING["Statement"]]}]
        )
        return decide(request, Policies(identity=[EVERYTHING], boundary=boundary, control=controls, resource=policy))


@pytest.fixture(scope="module")
def guards() -> Guards:
    outputs = first_state(MODULE, "tests/guardrails.tftest.hcl")["outputs"]
    return Guards(*(json.loads(outputs[name]["value"]) for name in ("permissions_boundary", "service_control_policy")))


def regional_actions(guards: Guards) -> list[str]:
    """One action of each service that the boundary allows, beside those of IAM, which has no region."""
    statement = next(each for each in guards.boundary["Statement"] if each["Sid"] == "UseServicesInTheCountry")
    by_service = {action.split(":")[0]: action.replace("*", "X") for action in statement["Action"]}
    return sorted(by_service.values())


def test_the_world_is_larger_than_the_country() -> None:
    assert set(HERE) < set(WORLD)
    assert len(WORLD) > 30


def test_roles_use_services_in_the_country_and_nowhere_else(guards: Guards) -> None:
    actions = regional_actions(guards)
    assert {"s3", "kms", "ec2", "lambda", "datasync", "sns", "sqs", "logs"} <= {each.split(":")[0] for each in actions}
    for action in actions:
        allowed = {region for region in WORLD if guards.of_roles(action, region=region, keys=GRANT).allowed}
        assert allowed == set(HERE), action


def test_the_account_uses_services_in_the_country_and_nowhere_else(guards: Guards) -> None:
    # Others than the platform's, too: what the boundary does not name, a person may use.
    for action in [*regional_actions(guards), "rds:CopyDBSnapshot", "ec2:CopySnapshot", "bedrock:InvokeModel"]:
        allowed = {region for region in WORLD if guards.of_the_account(action, region=region).allowed}
        assert allowed == set(HERE), action


@pytest.mark.parametrize(
    "action", ["iam:GetRole", "sts:AssumeRoleWithSAML", "support:CreateCase", "s3:ListAllMyBuckets"]
)
def test_services_without_a_region_stay_usable(guards: Guards, action: str) -> None:
    assert guards.of_the_account(action, region="us-east-1").allowed


def test_mounts_are_told_by_the_file_system(guards: Guards) -> None:
    def mount(region: str, account: str = ACCOUNT) -> bool:
        file_system = f"arn:aws:elasticfilesystem:{region}:{account}:file-system/fs-1"
        return guards.of_roles("elasticfilesystem:ClientMount", file_system, region="").allowed

    assert {region for region in WORLD if mount(region)} == set(HERE)
    assert not mount(HERE[0], STRANGER)


def words(text: str) -> list[str]:
    return re.findall(r"\S+", text)


GRANT = {"kms:GrantIsForAWSResource": "true"}
CONTROL_PLANE = words(
    """
    s3:PutBucketPolicy s3:DeleteBucketPolicy s3:PutReplicationConfiguration s3:PutInventoryConfiguration
    s3:PutBucketAcl s3:PutObjectAcl s3:PutObjectVersionAcl s3:PutBucketPublicAccessBlock
    s3:PutAccountPublicAccessBlock s3:PutBucketOwnershipControls s3:CreateAccessPoint
    s3:CreateAccessPointForObjectLambda s3:PutAccessPointPolicy s3:CreateMultiRegionAccessPoint s3:CreateAccessGrant
    s3:CreateAccessGrantsInstance s3:GetDataAccess s3:PutBucketAbac s3:BypassGovernanceRetention
    s3:PutBucketVersioning s3:DeleteObjectVersion s3:CreateBucketMetadataTableConfiguration
    s3:PutLifecycleConfiguration s3:PutBucketNotification s3:PutBucketLogging s3:DeleteBucket
    s3:PutEncryptionConfiguration s3:PutBucketObjectLockConfiguration s3:ObjectOwnerOverrideToBucketOwner
    s3files:CreateFileSystem s3files:ClientMount elasticfilesystem:PutFileSystemPolicy
    elasticfilesystem:DeleteFileSystemPolicy elasticfilesystem:ClientRootAccess
    elasticfilesystem:CreateReplicationConfiguration iam:CreateRole iam:PutRolePolicy iam:AttachRolePolicy
    iam:UpdateAssumeRolePolicy iam:DeleteRolePolicy iam:DeleteRole iam:TagRole iam:UntagRole iam:CreateAccessKey
    iam:CreatePolicyVersion iam:SetDefaultPolicyVersion iam:DeleteRolePermissionsBoundary
    iam:PutRolePermissionsBoundary iam:DetachRolePolicy iam:AddRoleToInstanceProfile iam:CreateServiceLinkedRole
    iam:UploadServerCertificate organizations:LeaveOrganization account:EnableRegion kms:PutKeyPolicy
    kms:ScheduleKeyDeletion kms:DisableKey kms:DisableKeyRotation kms:ReplicateKey kms:UpdateAlias
    kms:DeleteImportedKeyMaterial lambda:UpdateFunctionCode lambda:AddPermission lambda:UpdateFunctionConfiguration
    lambda:CreateFunctionUrlConfig datasync:CreateTask datasync:UpdateTask datasync:CreateLocationS3
    datasync:UpdateLocationS3 datasync:DeleteTask backup:DeleteRecoveryPoint backup:DeleteBackupVault
    backup:PutBackupVaultAccessPolicy backup:DeleteBackupVaultLockConfiguration backup:UpdateRecoveryPointLifecycle
    backup:DisassociateRecoveryPoint cloudtrail:StopLogging cloudtrail:DeleteTrail cloudtrail:UpdateTrail
    cloudtrail:PutEventSelectors logs:DeleteLogGroup logs:DeleteLogStream logs:PutRetentionPolicy
    logs:PutSubscriptionFilter logs:PutResourcePolicy ec2:ModifySnapshotAttribute ec2:ModifyImageAttribute
    ec2:CreateInstanceExportTask ec2:ExportImage ec2:CreateStoreImageTask ecr:SetRepositoryPolicy
    ecr:PutReplicationConfiguration ecr:PutRegistryPolicy sns:SetTopicAttributes sns:AddPermission sns:Subscribe
    sqs:SetQueueAttributes sqs:AddPermission sqs:PurgeQueue secretsmanager:PutResourcePolicy
    secretsmanager:ReplicateSecretToRegions
    """
)


@pytest.mark.parametrize("action", CONTROL_PLANE)
def test_no_role_changes_the_rules_even_where_the_resource_lets_it(guards: Guards, action: str) -> None:
    """A resource's policy that names the session passes a boundary that only does not allow; a refusal it does not."""
    open_door = {"Statement": {"Effect": "Allow", "Principal": {"AWS": SOMEBODY.arn}, "Action": "*", "Resource": "*"}}
    for region in HERE:
        decision = guards.of_roles(action, region=region, policy=open_door)
        assert decision.reason.startswith("denied by boundary policy"), decision


def test_jobs_that_replicate_the_lake_order_an_inventory_and_configure_nothing_else(guards: Guards) -> None:
    jobs = replace(
        SOMEBODY,
        arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/kosha-test-lake-replication-jobs/s",
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/kosha-test-lake-replication-jobs",
    )
    assert guards.of_roles("s3:PutInventoryConfiguration", who=jobs).allowed
    assert guards.of_roles("s3:InitiateReplication", who=jobs).allowed
    for action in ("s3:PutReplicationConfiguration", "s3:PutLifecycleConfiguration", "s3:PutEncryptionConfiguration"):
        assert not guards.of_roles(action, who=jobs).allowed


def test_a_key_is_granted_to_services_for_what_they_keep_and_to_nobody(guards: Guards) -> None:
    assert guards.of_roles("kms:CreateGrant", keys=GRANT).allowed
    assert not guards.of_roles("kms:CreateGrant", keys={"kms:GrantIsForAWSResource": "false"}).allowed
    assert not guards.of_roles("kms:CreateGrant").allowed


def test_a_role_is_handed_over_to_two_services_if_it_is_ours(guards: Guards) -> None:
    def may(role: str, service: str) -> bool:
        return guards.of_roles(
            "iam:PassRole", role, region="us-east-1", keys={"iam:PassedToService": f"{service}.amazonaws.com"}
        ).allowed

    ours = f"arn:aws:iam::{ACCOUNT}:role/kosha-test-tag-backfill-jobs"
    assert may(ours, "batchoperations.s3")
    assert may(ours, "ec2")
    assert not may(ours, "lambda")
    assert not may(f"arn:aws:iam::{ACCOUNT}:role/admin", "ec2")


def test_no_role_touches_a_bucket_of_somebody_else(guards: Guards) -> None:
    """Whose policy would let it in, in the same region."""
    theirs = {"Statement": {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "s3:*", "Resource": "*"}}
    for action in ("s3:PutObject", "s3:GetObject", "s3:ReplicateObject"):
        decision = guards.of_roles(action, "arn:aws:s3:::theirs/x", account=STRANGER, policy=theirs)
        assert decision.reason == "denied by boundary policy: UseStorageOfOthers"
        assert guards.of_roles(action, "arn:aws:s3:::ours/x", account=ACCOUNT).allowed


# -------------------------------------------------------------------------------- what the platform does stays allowed


def declared() -> Iterator[tuple[str, str, Resource]]:
    """(function, action, kind of resource) of every function."""
    for path in sorted((REPOSITORY / "lambda_src").glob("*/permissions.py")):
        if path.parent.name != "common":
            permissions: tuple[Permission, ...] = importlib.import_module(f"{path.parent.name}.permissions").PERMISSIONS
            yield from ((path.parent.name, action, each.resource) for each in permissions for action in each.actions)


@pytest.mark.parametrize(("function", "action", "resource"), sorted(set(declared())))
def test_a_function_may_do_what_it_declares(guards: Guards, function: str, action: str, resource: Resource) -> None:
    arn: str = "*"
    keys: dict[str, str] = {}
    if resource is Resource.BATCH_ROLE:
        arn, keys = (
            f"arn:aws:iam::{ACCOUNT}:role/kosha-test-x",
            {"iam:PassedToService": "batchoperations.s3.amazonaws.com"},
        )
    if action == "kms:CreateGrant":
        keys = dict(GRANT)
    assert guards.of_roles(action, arn, keys=keys).allowed


MANAGED: Mapping[str, Any] = json.loads(aws_managed_policies_data)

# Action that an AWS managed policy on a role of ours gives and the boundary takes away -> why the role does without.
_BALANCERS = "no service of the platform is of the type LoadBalancer: it would be a door from outside"
_ROUTES = "the VPC's network plugin needs no routes of its own, and a route is a way out"
_GROUPS = "node groups are scaled by EKS's service-linked role, other nodes by Karpenter"
LOST = {
    "autoscaling:DescribeAutoScalingGroups": _GROUPS,
    "autoscaling:UpdateAutoScalingGroup": _GROUPS,
    "ec2:CreateRoute": _ROUTES,
    "ec2:DeleteRoute": _ROUTES,
    "ec2:ModifyInstanceAttribute": _ROUTES,
    "ec2:EnableFastSnapshotRestores": "no class of volumes asks for it, and it costs by the hour",
    "ec2:LockSnapshot": "no class of snapshots asks for it, and nobody could delete what a mistake locks",
    "ecr:BatchImportUpstreamImage": "there is no pull-through cache: images come from our own registry and from AWS's",
    "elasticloadbalancing:*": _BALANCERS,
    "iam:CreateServiceLinkedRole": _BALANCERS,
    "logs:PutRetentionPolicy": "the log groups are there before the agent, with the retention that the law asks for",
}


def attached() -> set[str]:
    """Names of the AWS managed policies that Terraform attaches, wherever the sources name one."""
    words = {
        word
        for folder in (MODULES, TERRAFORM)
        for path in folder.glob("*/*.tf")
        for word in re.findall(r"[\w-]+", path.read_text(encoding="utf-8"))
    }
    return words & set(MANAGED)


def given(policy: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for statement in MANAGED[policy]["Document"]["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        yield from ((action, statement) for action in actions)


def test_of_aws_managed_policies_the_boundary_takes_what_is_listed_and_no_more(guards: Guards) -> None:
    assert {"AmazonEKSClusterPolicy", "AmazonEKSWorkerNodePolicy", "AmazonEBSCSIDriverPolicy"} <= attached()
    lost = {
        action
        for policy in attached()
        for action, statement in given(policy)
        if statement["Effect"] == "Allow" and not guards.of_roles(action).allowed
    }
    lost = {re.sub(r"^elasticloadbalancing:.*", "elasticloadbalancing:*", action) for action in lost}
    assert lost == set(LOST), "taken away without a reason, or listed and not taken"


# ------------------------------------------------------------------------------- what not even an administrator can do


@pytest.mark.parametrize(
    "action",
    [
        "organizations:LeaveOrganization",
        "account:CloseAccount",
        "s3:PutAccountPublicAccessBlock",
        "ec2:DisableEbsEncryptionByDefault",
        "ec2:ModifySnapshotAttribute",
        "ec2:ModifyImageAttribute",
        "rds:ModifyDBSnapshotAttribute",
        "s3:PutBucketAbac",
        "s3files:CreateFileSystem",
        "s3:CreateMultiRegionAccessPoint",
        "s3:CreateAccessGrantsInstance",
        "cloudtrail:StopLogging",
        "cloudtrail:DeleteTrail",
        "cloudtrail:UpdateTrail",
        "cloudtrail:PutEventSelectors",
        "guardduty:DeleteDetector",
        "guardduty:UpdateDetector",
        "guardduty:DisassociateFromAdministratorAccount",
        "config:StopConfigurationRecorder",
        "config:DeleteConfigurationRecorder",
        "config:DeleteDeliveryChannel",
        "access-analyzer:DeleteAnalyzer",
    ],
)
def test_an_administrator_is_refused(guards: Guards, action: str) -> None:
    for region in HERE:
        assert guards.of_the_account(action, region=region).reason.startswith("denied by service control policy")


def test_the_root_user_does_nothing(guards: Guards) -> None:
    assert guards.of_the_account("s3:GetObject").allowed
    assert guards.of_the_account("s3:GetObject", who=ROOT_USER).reason.endswith("NoRootUser")


@pytest.mark.parametrize(
    ("action", "key", "here", "abroad"),
    [
        ("account:EnableRegion", "account:TargetRegion", "ap-south-2", "eu-west-1"),
        ("kms:ReplicateKey", "kms:ReplicaRegion", "ap-south-2", "eu-west-1"),
        (
            "secretsmanager:ReplicateSecretToRegions",
            "secretsmanager:AddReplicaRegions",
            ["ap-south-2"],
            ["ap-south-2", "eu-west-1"],
        ),
        (
            "backup:CopyFromBackupVault",
            "backup:CopyTargets",
            [f"arn:aws:backup:ap-south-2:{ACCOUNT}:backup-vault:x"],
            [f"arn:aws:backup:eu-west-1:{ACCOUNT}:backup-vault:x"],
        ),
        (
            "backup:CopyFromBackupVault",
            "backup:CopyTargets",
            [f"arn:aws:backup:ap-south-1:{ACCOUNT}:backup-vault:x"],
            [f"arn:aws:backup:ap-south-2:{STRANGER}:backup-vault:x"],
        ),
        ("ram:CreateResourceShare", "ram:RequestedAllowsExternalPrincipals", "false", "true"),
    ],
)  # fmt: skip
def test_what_is_asked_for_here_goes_nowhere_else(
    guards: Guards, action: str, key: str, here: Any, abroad: Any
) -> None:
    assert guards.of_the_account(action, keys={key: here}).allowed
    assert not guards.of_the_account(action, keys={key: abroad}).allowed


def test_the_boundary_stays_as_it_is_and_where_it_is(guards: Guards) -> None:
    for action in (
        "iam:CreatePolicyVersion",
        "iam:DeletePolicyVersion",
        "iam:DeletePolicy",
        "iam:SetDefaultPolicyVersion",
    ):
        assert not guards.of_the_account(action, f"arn:aws:iam::{ACCOUNT}:policy/kosha-test-boundary").allowed
        assert guards.of_the_account(action, f"arn:aws:iam::{ACCOUNT}:policy/another").allowed
    for action in ("iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"):
        assert not guards.of_the_account(action, ROLE).allowed
        assert guards.of_the_account(action, f"arn:aws:iam::{ACCOUNT}:role/another").allowed
