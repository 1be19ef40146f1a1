# The most that any role of the platform can ever do, whatever its own policies say.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html

locals {
  # What roles of the platform and AWS's managed policies on them do. A role that needs more is added here; a test of
  # tests/functional/access names what the boundary would take away from it.
  allowed_actions = [
    "backup:Copy*BackupVault",
    "backup:DescribeBackupVault",
    "backup:TagResource",
    "cloudwatch:GetMetricData",
    "cloudwatch:PutMetricData",
    "datasync:Describe*",
    "datasync:List*",
    "datasync:StartTaskExecution",
    "ec2:AssignPrivateIpAddresses",
    "ec2:AttachNetworkInterface",
    "ec2:AttachVolume",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CopySnapshot",
    "ec2:CopyVolumes",
    "ec2:CreateFleet",
    "ec2:CreateLaunchTemplate",
    "ec2:CreateNetworkInterface",
    "ec2:CreateSecurityGroup",
    "ec2:CreateSnapshot",
    "ec2:CreateTags",
    "ec2:CreateVolume",
    "ec2:DeleteLaunchTemplate",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteSnapshot",
    "ec2:DeleteTags",
    "ec2:DeleteVolume",
    "ec2:Describe*",
    "ec2:DetachNetworkInterface",
    "ec2:DetachVolume",
    "ec2:ModifyNetworkInterfaceAttribute",
    "ec2:ModifyVolume",
    "ec2:RevokeSecurityGroupIngress",
    "ec2:RunInstances",
    "ec2:StartInstances",
    "ec2:StopInstances",
    "ec2:TerminateInstances",
    "ec2:UnassignPrivateIpAddresses",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "eks-auth:AssumeRoleForPodIdentity",
    "eks:DescribeCluster",
    "elasticfilesystem:Backup",
    "elasticfilesystem:CreateAccessPoint",
    "elasticfilesystem:CreateFileSystem",
    "elasticfilesystem:DeleteAccessPoint",
    "elasticfilesystem:DeleteFileSystem",
    "elasticfilesystem:Describe*",
    "elasticfilesystem:Restore",
    "elasticfilesystem:TagResource",
    "events:PutEvents",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
    "lambda:InvokeFunction",
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLog*",
    "logs:PutLogEvents",
    # Karpenter asks in Mumbai whenever it runs in an Asian region (NewAPI in
    # https://github.com/aws/karpenter-provider-aws/blob/main/pkg/providers/pricing/pricing.go), so no other region is needed.
    "pricing:GetProducts",
    "s3:AbortMultipartUpload",
    "s3:CreateJob",
    "s3:DescribeJob",
    "s3:Get*",
    "s3:InitiateReplication",
    "s3:List*",
    "s3:PutInventoryConfiguration",
    "s3:PutObject",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
    "s3:Replicate*",
    "s3:UpdateJobStatus",
    "secretsmanager:GetSecretValue",
    "sns:Publish",
    "sqs:DeleteMessage",
    "sqs:GetQueue*",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "ssm:GetParameter",
    "tag:GetResources",
    "xray:GetSampling*",
    "xray:Put*",
  ]

  # Ways around the rules by changing them. Not being allowed above would do for identity policies; an explicit refusal also
  # holds against the policy of a bucket, a key or a queue that names a session of the role, which no missing Allow stops, and
  # against somebody who widens the list above.
  denied_actions = {
    # Who may read, where copies go, what is kept: access by tags rests on the policies of buckets and objects, and S3 has
    # other doors than those (access points, grants, metadata tables, S3 Files), each with policies of its own.
    ChangeStorage = [
      "s3:*AccessGrant*",
      "s3:*AccessPoint*",
      "s3:*BucketMetadata*",
      "s3:BypassGovernanceRetention",
      "s3:DeleteBucket*",
      "s3:DeleteObjectVersion",
      "s3:GetDataAccess",
      "s3:ObjectOwnerOverrideToBucketOwner",
      "s3:Put*Acl",
      "s3:Put*PublicAccessBlock",
      "s3:PutBucket*",
      "s3files:*",
      "elasticfilesystem:*FileSystemPolicy",
      "elasticfilesystem:*ReplicationConfiguration",
      "elasticfilesystem:ClientRootAccess",
    ]
    # Who may do what. Roles are handed over, never made or changed; the organisation is not the platform's business.
    ChangeRights = [
      "account:*",
      "iam:Add*",
      "iam:Attach*",
      "iam:Change*",
      "iam:Create*",
      "iam:Deactivate*",
      "iam:Delete*",
      "iam:Detach*",
      "iam:Enable*",
      "iam:Put*",
      "iam:Remove*",
      "iam:Reset*",
      "iam:Set*",
      "iam:Tag*",
      "iam:Untag*",
      "iam:Update*",
      "iam:Upload*",
      "organizations:*",
    ]
    # A key's policy opens what it encrypts; a key that is disabled or deleted holds it to ransom.
    ChangeKeys = ["kms:Delete*", "kms:Disable*", "kms:Put*", "kms:Replicate*", "kms:Schedule*", "kms:Update*"]
    # Code of a function runs with the rights of that function, a location or task of DataSync with those of its role.
    ChangeAutomation = [
      "datasync:Create*", "datasync:Delete*", "datasync:Update*",
      "lambda:Add*", "lambda:Create*", "lambda:Delete*", "lambda:Publish*", "lambda:Put*", "lambda:Update*",
    ]
    # The last way back, and the record of what happened.
    LoseBackupsOrTraces = [
      "backup:Delete*", "backup:Disassociate*", "backup:Put*", "backup:Update*",
      "cloudtrail:Delete*", "cloudtrail:Put*", "cloudtrail:Stop*", "cloudtrail:Update*",
      "logs:Delete*", "logs:PutRetentionPolicy",
    ]
    # A subscription, a subscription filter or a policy of a topic, queue, secret, repository or snapshot hands data to another
    # account; a purge loses the dead letters.
    HandOut = [
      "ec2:*ExportTask", "ec2:CreateStoreImageTask", "ec2:ExportImage", "ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute",
      "ecr:Put*Policy", "ecr:PutReplicationConfiguration", "ecr:SetRepositoryPolicy",
      "logs:CreateExportTask", "logs:PutDestination*", "logs:PutResourcePolicy", "logs:PutSubscriptionFilter",
      "secretsmanager:PutResourcePolicy", "secretsmanager:Replicate*",
      "sns:AddPermission", "sns:SetTopicAttributes", "sns:Subscribe",
      "sqs:AddPermission", "sqs:PurgeQueue", "sqs:SetQueueAttributes",
    ]
  }

  _roles = "${local._arn}:iam::${local.account_id}:role/${var.name}-*"

  boundary = {
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          # Every request carries the key:
          # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion
          Sid       = "UseServicesInTheCountry"
          Effect    = "Allow"
          Action    = local.allowed_actions
          Resource  = "*"
          Condition = { StringEquals = { "aws:RequestedRegion" = var.permitted_regions } }
        },
        {
          # A mount is no API request, and EFS lists the region among the keys of none
          # (https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html); the file system's ARN has it.
          Sid      = "MountInTheCountry"
          Effect   = "Allow"
          Action   = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
          Resource = [for region in var.permitted_regions : "${local._arn}:elasticfilesystem:${region}:${local.account_id}:file-system/*"]
        },
        {
          # IAM has one endpoint for the world, so no region is asked for.
          Sid       = "HandOverOwnRoles"
          Effect    = "Allow"
          Action    = "iam:PassRole"
          Resource  = local._roles
          Condition = { StringEquals = { "iam:PassedToService" = ["batchoperations.s3.amazonaws.com", "ec2.amazonaws.com"] } }
        },
        {
          Sid      = "SeeOwnProfiles"
          Effect   = "Allow"
          Action   = "iam:GetInstanceProfile"
          Resource = "${local._arn}:iam::${local.account_id}:instance-profile/${var.name}-*"
        },
      ],
      [for sid, actions in local.denied_actions : { Sid = sid, Effect = "Deny", Action = actions, Resource = "*" }],
      [
        {
          # A grant gives a key to somebody without a policy. EC2 needs one for an encrypted volume, and says so.
          # https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource
          Sid       = "GrantKeysToPeople"
          Effect    = "Deny"
          Action    = "kms:CreateGrant"
          Resource  = "*"
          Condition = { BoolIfExists = { "kms:GrantIsForAWSResource" = "false" } }
        },
        {
          # Inventories, replication, lifecycles. Batch Replication orders an inventory of the lake (s3:PutInventoryConfiguration,
          # which alone of these is allowed above) to see what there is to copy; nobody else does.
          Sid       = "ConfigureStorage"
          Effect    = "Deny"
          Action    = "s3:Put*Configuration"
          Resource  = "*"
          Condition = { ArnNotEquals = { "aws:PrincipalArn" = "${local._arn}:iam::${local.account_id}:role/${var.name}-lake-replication-jobs" } }
        },
        {
          # A bucket of somebody else in the same region is out of our hands all the same.
          Sid      = "UseStorageOfOthers"
          Effect   = "Deny"
          Action   = "s3:*"
          Resource = "*"
          Condition = {
            Null            = { "aws:ResourceAccount" = "false" }
            StringNotEquals = { "aws:ResourceAccount" = local.account_id }
          }
        },
      ],
    )
  }
}

resource "aws_iam_policy" "boundary" {
  name        = "${var.name}-boundary"
  description = "The most any role of ${var.name} can do: what the platform uses, in the country, and no change of its own rules"
  policy      = jsonencode(local.boundary)

  lifecycle {
    precondition {
      # White space does not count: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
      condition     = length(jsonencode(local.boundary)) <= 6144
      error_message = "The boundary has ${length(jsonencode(local.boundary))} characters; a managed policy may have 6,144. Say something shorter in modules/guardrails/boundary.tf."
    }
  }
}
