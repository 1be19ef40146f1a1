# For the organisation: what nobody in the account can do, administrators included. It only refuses; AWS's own FullAWSAccess
# stays attached beside it. It does not hold for the management account or for service-linked roles.
# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html

locals {
  # Services with one endpoint for the world, to which a region means nothing. After
  # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples_general.html and
  # https://docs.aws.amazon.com/controltower/latest/controlreference/primary-region-deny-policy.html, without what the platform
  # does not use (content delivery, DNS, global networks). None of these holds the data of anybody.
  global_actions = [
    "account:*",           # regions, contacts
    "budgets:*",           # warnings about cost
    "ce:*",                # what things cost
    "health:*",            # AWS's news of its own failures
    "iam:*",               # roles and policies
    "organizations:*",     # leaving it is refused below
    "s3:ListAllMyBuckets", # the names of buckets, for the console
    "sts:*",               # sign-in by SAML uses the endpoint of the world
    "support:*",           # cases
    "trustedadvisor:*",    # advice
  ]

  # Only with these roles the statements change what they guard. An empty list would be a condition of nothing.
  _unless_deploying = { for operator in ["ArnNotLike"] : operator => { "aws:PrincipalArn" = var.deployment_role_arns } if length(var.deployment_role_arns) > 0 }

  _controls = [
    {
      # A copy is asked for in the region it goes to (ec2:CopySnapshot, ec2:CopyImage, rds:CopyDBSnapshot), so this refuses it, too.
      Sid       = "StayInTheCountry"
      NotAction = local.global_actions
      Condition = { StringNotEquals = { "aws:RequestedRegion" = var.permitted_regions } }
    },
    {
      Sid       = "OpenNoOtherRegion"
      Action    = "account:EnableRegion"
      Condition = { StringNotEquals = { "account:TargetRegion" = var.permitted_regions } }
    },
    # Copies that are asked for where the original lies. Others have no key that tells where they go (s3:PutReplicationConfiguration,
    # datasync:CreateLocation*): the boundary refuses them to roles, and make policy looks at every plan.
    {
      Sid       = "NoKeyAbroad"
      Action    = "kms:ReplicateKey"
      Condition = { StringNotEquals = { "kms:ReplicaRegion" = var.permitted_regions } }
    },
    {
      Sid       = "NoSecretAbroad"
      Action    = ["secretsmanager:CreateSecret", "secretsmanager:ReplicateSecretToRegions"]
      Condition = { "ForAnyValue:StringNotEquals" = { "secretsmanager:AddReplicaRegions" = var.permitted_regions } }
    },
    {
      # What a foreign account copies into a vault here is that vault's policy's business; no control of ours holds there.
      Sid    = "NoBackupAbroadOrElsewhere"
      Action = "backup:CopyFromBackupVault"
      Condition = {
        "ForAnyValue:ArnNotLike" = {
          "backup:CopyTargets" = [for region in var.permitted_regions : "arn:*:backup:${region}:$${aws:PrincipalAccount}:backup-vault:*"]
        }
      }
    },
    {
      Sid    = "StayInTheOrganisation"
      Action = ["account:CloseAccount", "organizations:LeaveOrganization"]
    },
    {
      Sid       = "NoRootUser"
      Action    = "*"
      Condition = { ArnLike = { "aws:PrincipalArn" = "arn:*:iam::*:root" } }
    },
    {
      Sid = "KeepWatching"
      Action = [
        "access-analyzer:Delete*",
        "access-analyzer:UpdateAnalyzer",
        "cloudtrail:Delete*",
        "cloudtrail:PutEventSelectors",
        "cloudtrail:StopLogging",
        "cloudtrail:UpdateTrail",
        "config:Delete*",
        "config:PutConfigurationRecorder",
        "config:PutDeliveryChannel",
        "config:StopConfigurationRecorder",
        "guardduty:Delete*",
        "guardduty:Disassociate*",
        "guardduty:StopMonitoringMembers",
        "guardduty:UpdateDetector",
      ]
      Condition = local._unless_deploying
    },
    {
      # Set once, before this policy is attached: what closes it is also what opens it.
      Sid = "NothingPublic"
      Action = [
        "ec2:DisableEbsEncryptionByDefault",
        "ec2:DisableImageBlockPublicAccess",
        "ec2:DisableSnapshotBlockPublicAccess",
        "s3:PutAccountPublicAccessBlock",
      ]
    },
    {
      Sid = "ShareNothing"
      Action = [
        "ec2:ModifyImageAttribute",
        "ec2:ModifySnapshotAttribute",
        "rds:ModifyDBClusterSnapshotAttribute",
        "rds:ModifyDBSnapshotAttribute",
        "ssm:ModifyDocumentPermission",
      ]
    },
    {
      Sid       = "ShareWithNobodyOutside"
      Action    = ["ram:CreateResourceShare", "ram:UpdateResourceShare"]
      Condition = { Bool = { "ram:RequestedAllowsExternalPrincipals" = "true" } }
    },
    {
      # Each would read objects past the tags that access rests on: a file system over a bucket, tags of the bucket instead of
      # those of objects, grants, and an address that answers in any region.
      Sid = "NoOtherDoorToObjects"
      Action = [
        "s3:CreateAccessGrantsInstance",
        "s3:CreateMultiRegionAccessPoint",
        "s3:PutBucketAbac",
        "s3files:*",
      ]
    },
    {
      Sid       = "KeepBoundaryOnRoles"
      Action    = ["iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"]
      Resource  = "arn:*:iam::*:role/${var.name}-*"
      Condition = local._unless_deploying
    },
    {
      Sid       = "KeepBoundary"
      Action    = ["iam:CreatePolicyVersion", "iam:DeletePolicy*", "iam:SetDefaultPolicyVersion"]
      Resource  = "arn:*:iam::*:policy/${var.name}-boundary"
      Condition = local._unless_deploying
    },
  ]

  service_control_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for control in local._controls : merge(
        { Effect = "Deny", Resource = "*" },
        { for element, value in control : element => value if element != "Condition" || try(length(value) > 0, true) },
      )
    ]
  })
}

resource "aws_organizations_policy" "this" {
  count = var.organization_target_id == null ? 0 : 1

  name        = "${var.name}-guardrails"
  description = "Nothing of ${var.name} leaves the country, the organisation or the sight of its auditors"
  type        = "SERVICE_CONTROL_POLICY"
  content     = local.service_control_policy
}

resource "aws_organizations_policy_attachment" "this" {
  count = var.organization_target_id == null ? 0 : 1

  policy_id = aws_organizations_policy.this[0].id
  target_id = var.organization_target_id
}
