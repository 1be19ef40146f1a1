locals {
  # https://docs.aws.amazon.com/config/latest/developerguide/managed-rules-by-aws-config.html: the name of a rule -> its identifier
  known_rules = {
    cloud-trail-log-file-validation-enabled    = "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED"
    efs-encrypted-check                        = "EFS_ENCRYPTED_CHECK"
    encrypted-volumes                          = "ENCRYPTED_VOLUMES"
    iam-policy-no-statements-with-admin-access = "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS"
    kms-cmk-not-scheduled-for-deletion         = "KMS_CMK_NOT_SCHEDULED_FOR_DELETION"
    required-tags                              = "REQUIRED_TAGS"
    restricted-ssh                             = "INCOMING_SSH_DISABLED"
    s3-bucket-public-read-prohibited           = "S3_BUCKET_PUBLIC_READ_PROHIBITED"
    s3-bucket-replication-enabled              = "S3_BUCKET_REPLICATION_ENABLED"
    s3-bucket-server-side-encryption-enabled   = "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED"
  }

  # Of one resource only: the lake is replicated, logs and reports are not, and shall not be.
  rule_scopes = { s3-bucket-replication-enabled = { type = "AWS::S3::Bucket", id = var.lake_bucket } }

  # Of volumes that claims of the cluster made, whose driver tags them so; disks of nodes are not backed up, and shall not be. Whoever
  # wants none for a volume says so: kosha:backup=none.
  # https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md
  tagged_scopes   = { required-tags = { key = "ebs.csi.aws.com/cluster", value = "true" } }
  rule_parameters = { required-tags = jsonencode({ tag1Key = "kosha:backup" }) }

  config = length(var.config_rules) > 0 ? { this = {} } : {}

  # What the rules look at. Recording everything would bill each item of each node of the pipelines, which come and go by the hour.
  recorded_types = [
    "AWS::Backup::BackupPlan", # and the next four: what AWS Backup Audit Manager looks at (modules/backup)
    "AWS::Backup::BackupSelection",
    "AWS::Backup::BackupVault",
    "AWS::Backup::RecoveryPoint",
    "AWS::Config::ResourceCompliance",
    "AWS::CloudTrail::Trail",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Volume",
    "AWS::EFS::FileSystem",
    "AWS::IAM::Policy",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
  ]

  # AWS's own role: one of ours has the boundary of every role, which lets it see buckets and volumes but no trail, IAM
  # policy or list of keys (docs/adr/0031). Of the resource where there is one, so that it is made before the recorder that names it.
  # https://docs.aws.amazon.com/config/latest/developerguide/using-service-linked-roles.html
  config_role_arn = one(concat(
    [for role in aws_iam_service_linked_role.config : role.arn],
    var.create_config_service_linked_role ? [] : ["arn:${local.partition}:iam::${local.account}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"],
  ))

  # That role has no right to the bucket, so Config delivers in its own name. The policy of the key lets it in, too (modules/keys).
  # https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html
  config_statements = [
    {
      Sid       = "ConfigChecksBucket"
      Effect    = "Allow"
      Principal = { Service = "config.amazonaws.com" }
      Action    = ["s3:GetBucketAcl", "s3:ListBucket"]
      Resource  = local.bucket_arns[local.config_bucket]
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    },
    {
      Sid       = "ConfigWritesHistory"
      Effect    = "Allow"
      Principal = { Service = "config.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.bucket_arns[local.config_bucket]}/AWSLogs/${local.account}/Config/*"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account, "s3:x-amz-acl" = "bucket-owner-full-control" } }
    },
  ]
}

# Not the trail's bucket: Config does not deliver to one with Object Lock.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-config-deliverychannel.html
module "config_bucket" {
  for_each = local.config
  source   = "../bucket"

  bucket              = local.config_bucket
  key_arn             = var.key_arn
  access_log_bucket   = var.access_log_bucket
  lifecycle_rules     = { everything = { prefix = "", noncurrent_days = 30, expire_days = var.retention_days } }
  extra_statements    = [for statement in local.config_statements : jsonencode(statement)]
  deletion_protection = var.deletion_protection
}

resource "aws_iam_service_linked_role" "config" {
  for_each = var.create_config_service_linked_role ? local.config : {}

  aws_service_name = "config.amazonaws.com"
}

# One for a region and account.
resource "aws_config_configuration_recorder" "this" {
  # checkov:skip=CKV2_AWS_45: Records what the rules look at; everything would bill each part of nodes that live an hour
  # checkov:skip=CKV2_AWS_48: Records what the rules look at; everything would bill each part of nodes that live an hour
  for_each = local.config

  name     = local.trail_name
  role_arn = local.config_role_arn

  recording_group {
    all_supported                 = false
    include_global_resource_types = false
    resource_types                = local.recorded_types
  }
}

resource "aws_config_delivery_channel" "this" {
  for_each = local.config

  name           = local.trail_name
  s3_bucket_name = module.config_bucket[each.key].bucket
  s3_kms_key_arn = var.key_arn

  snapshot_delivery_properties {
    delivery_frequency = "TwentyFour_Hours"
  }

  depends_on = [aws_config_configuration_recorder.this]
}

resource "aws_config_configuration_recorder_status" "this" {
  # checkov:skip=CKV2_AWS_45: Records what the rules look at; everything would bill each part of nodes that live an hour
  for_each = local.config

  name       = aws_config_configuration_recorder.this[each.key].name
  is_enabled = true

  depends_on = [aws_config_delivery_channel.this]
}

resource "aws_config_config_rule" "this" {
  for_each = var.config_rules

  name = "${var.name}-${each.key}"

  source {
    owner             = "AWS"
    source_identifier = local.known_rules[each.key]
  }

  input_parameters = lookup(local.rule_parameters, each.key, null)

  dynamic "scope" {
    for_each = [for name, scope in local.rule_scopes : scope if name == each.key]

    content {
      compliance_resource_types = [scope.value.type]
      compliance_resource_id    = scope.value.id
    }
  }

  dynamic "scope" {
    for_each = [for name, scope in local.tagged_scopes : scope if name == each.key]

    content {
      tag_key   = scope.value.key
      tag_value = scope.value.value
    }
  }

  depends_on = [aws_config_configuration_recorder.this]
}
