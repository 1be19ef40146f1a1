# Key policies, one per region and purpose, from the same text: a replica's policy is its own and is not copied from the
# primary, so nothing but this keeps the two alike.
# https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  _account_id = data.aws_caller_identity.current.account_id
  _partition  = data.aws_partition.current.partition
  _account    = "arn:${local._partition}:iam::${local._account_id}:root"

  # To administer a key is not to use it: no Encrypt, Decrypt, GenerateDataKey or CreateGrant among these.
  _administration = [
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:Describe*",
    "kms:DisableKey",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:Get*",
    "kms:List*",
    "kms:PutKeyPolicy",
    "kms:ReplicateKey",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
    "kms:UpdatePrimaryRegion",
  ]
  _use = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]

  _regions = { primary = var.region, recovery = var.recovery_region }

  # The trail a later root makes (modules/audit-trail), by its name.
  _trail_arns = {
    for role, region in local._regions : role => "arn:${local._partition}:cloudtrail:${region}:${local._account_id}:trail/${var.name}-audit"
  }

  # Statements that every key has.
  _common_statements = {
    for role, region in local._regions : role => {
      for purpose, key in local.purposes : purpose => [
        # The account's IAM policies decide who administers the key. Without this statement nobody could ever change it:
        # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
        {
          Sid       = "AdministerByIamPolicy"
          Effect    = "Allow"
          Principal = { AWS = local._account }
          Action    = local._administration
          Resource  = "*"
        },
        # The account as principal hands the decision to IAM policies: a role still needs kms:Decrypt of its own. The
        # condition takes away every use but that through the service the key is for, so a leaked credential
        # with kms:Decrypt cannot open a copied ciphertext.
        merge(
          {
            Sid       = length(key.services) > 0 ? "UseThroughServiceByIamPolicy" : "UseByIamPolicy"
            Effect    = "Allow"
            Principal = { AWS = local._account }
            Action    = local._use
            Resource  = "*"
          },
          length(key.services) == 0 ? {} : {
            Condition = { StringEquals = { "kms:ViaService" = [for service in key.services : "${service}.${region}.amazonaws.com"] } }
          },
        ),
        # EFS, EBS, EKS, ECR, Backup and Lambda keep using a key through a grant that they make with the caller's rights. A
        # grant for anything but an AWS resource, which would outlive the caller's rights, is refused.
        # https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource
        {
          Sid       = "GrantToAwsResourceByIamPolicy"
          Effect    = "Allow"
          Principal = { AWS = local._account }
          Action    = ["kms:CreateGrant"]
          Resource  = "*"
          Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
        },
      ]
    }
  }

  # Statements for the services that act in their own name, per purpose.
  _service_statements = {
    for role, region in local._regions : role => {
      # CloudWatch Logs encrypts as a service principal of its region. The encryption context is the log group's ARN, so
      # the condition shuts out log groups of other accounts.
      # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
      logs = [
        {
          Sid       = "EncryptLogGroupsOfThisAccount"
          Effect    = "Allow"
          Principal = { Service = "logs.${region}.amazonaws.com" }
          Action    = local._use
          Resource  = "*"
          Condition = {
            ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${local._partition}:logs:${region}:${local._account_id}:log-group:*" }
          }
        },
      ]

      alerts = [
        # Alarms, budgets and cost anomalies publish to encrypted topics, and SNS delivers to encrypted queues. Without this all
        # vanish silently. https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services,
        # https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
        {
          Sid       = "PublishAlarmsAndDeliverToQueues"
          Effect    = "Allow"
          Principal = { Service = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com", "costalerts.amazonaws.com", "sns.amazonaws.com"] }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
          Resource  = "*"
          Condition = { StringEquals = { "aws:SourceAccount" = local._account_id } }
        },
        # EventBridge sends dead letters of its rules to encrypted queues. It states no aws:SourceAccount, aws:SourceArn or
        # aws:SourceOrgID to KMS: with such a condition every delivery fails (same page; seen in
        # https://github.com/awslabs/landing-zone-accelerator-on-aws/issues/407). The policies of the queues and topics
        # are what keeps other accounts' rules out.
        {
          Sid       = "DeliverEvents"
          Effect    = "Allow"
          Principal = { Service = "events.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
          Resource  = "*"
        },
      ]

      # When a schedule falls due, EventBridge Scheduler decrypts its payload with the role of the schedule, not through
      # itself; the encryption context is the schedule's ARN.
      # https://docs.aws.amazon.com/scheduler/latest/UserGuide/encryption-rest.html
      functions = [
        {
          Sid       = "DecryptDueSchedules"
          Effect    = "Allow"
          Principal = { AWS = local._account }
          Action    = ["kms:Decrypt"]
          Resource  = "*"
          Condition = {
            ArnLike = {
              "kms:EncryptionContext:aws:scheduler:schedule:arn" = "arn:${local._partition}:scheduler:${region}:${local._account_id}:schedule/*"
            }
          }
        },
      ]

      # A repository uses the key by grants, which whoever deletes it retires:
      # https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
      images = [
        {
          Sid       = "RetireGrantsOfRepositories"
          Effect    = "Allow"
          Principal = { AWS = local._account }
          Action    = ["kms:RetireGrant"]
          Resource  = "*"
          Condition = { StringEquals = { "kms:ViaService" = "ecr.${region}.amazonaws.com" } }
        },
      ]

      # CloudTrail encrypts its files in its own name, for the one trail of modules/audit-trail, which must be named so: a
      # context or a source that does not fit stops the delivery, and the log tells of nothing any more. Decrypt is for the
      # bucket key. Whoever reads the logs does so through S3, by an IAM policy, like every other user of a key.
      # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
      audit = [
        {
          Sid       = "EncryptTrail"
          Effect    = "Allow"
          Principal = { Service = "cloudtrail.amazonaws.com" }
          Action    = ["kms:GenerateDataKey*"]
          Resource  = "*"
          Condition = {
            ArnEquals    = { "aws:SourceArn" = local._trail_arns[role] }
            StringEquals = { "kms:EncryptionContext:aws:cloudtrail:arn" = local._trail_arns[role] }
          }
        },
        {
          Sid       = "CheckKeyOfTrail"
          Effect    = "Allow"
          Principal = { Service = "cloudtrail.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:DescribeKey"]
          Resource  = "*"
          Condition = { ArnEquals = { "aws:SourceArn" = local._trail_arns[role] } }
        },
        # AWS Config's service-linked role has no right to keys, so Config delivers in its own name.
        # https://docs.aws.amazon.com/config/latest/developerguide/s3-kms-key-policy.html
        {
          Sid       = "EncryptHistoryOfConfiguration"
          Effect    = "Allow"
          Principal = { Service = "config.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = "*"
          Condition = { StringEquals = { "aws:SourceAccount" = local._account_id } }
        },
      ]

      # EC2 Auto Scaling and Spot start nodes in their own names, and their roles have no right to customer keys unless named
      # here: https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html,
      # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/service-linked-roles-spot-instance-requests.html
      volumes = [
        {
          Sid       = "StartNodesWithEncryptedVolumes"
          Effect    = "Allow"
          Principal = { AWS = values(var.launching_role_arns) }
          Action    = local._use
          Resource  = "*"
        },
        {
          Sid       = "AttachVolumesToNodes"
          Effect    = "Allow"
          Principal = { AWS = values(var.launching_role_arns) }
          Action    = ["kms:CreateGrant"]
          Resource  = "*"
          Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
        },
      ]
    }
  }

  # role of the region (primary, recovery) -> purpose -> policy
  policies = {
    for role, region in local._regions : role => {
      for purpose in keys(local.purposes) : purpose => jsonencode({
        Version = "2012-10-17"
        Statement = concat(
          local._common_statements[role][purpose],
          lookup(local._service_statements[role], purpose, []),
        )
      })
    }
  }
}
