locals {
  # https://docs.aws.amazon.com/config/latest/developerguide/managed-rules-by-aws-config.html: the name of a rule -> its identifier
  known_rules = {
    cloud-trail-log-file-validation-enabled    = "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED"
    efs-encrypted-check                        = "EFS_ENCRYPTED_CHECK"
    encrypted-volumes                          = "ENCRYPTED_VOLUMES"
    iam-policy-no-statements-with-admin-access = "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS"
    kms-cmk-not-scheduled-for-deletion         = "KMS_CMK_NOT_SCHEDULED_FOR_DELETION"
    restricted-ssh                             = "INCOMING_SSH_DISABLED"
    s3-bucket-public-read-prohibited           = "S3_BUCKET_PUBLIC_READ_PROHIBITED"
    s3-bucket-replication-enabled              = "S3_BUCKET_REPLICATION_ENABLED"
    s3-bucket-server-side-encryption-enabled   = "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED"
  }

  # Of one resource only: the lake is replicated, logs and reports are not, and shall not be.
  rule_scopes = { s3-bucket-replication-enabled = { type = "AWS::S3::Bucket", id = var.lake_bucket } }

  config = length(var.config_rules) > 0 ? { this = {} } : {}

  # What the rules look at. Recording everything would bill each item of each node of the pipelines, which come and go by the hour.
  recorded_types = [
    "AWS::CloudTrail::Trail",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Volume",
    "AWS::EFS::FileSystem",
    "AWS::IAM::Policy",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
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
  deletion_protection = var.deletion_protection
}

# A role of its own, not the service-linked one: that exists in accounts which ever used Config and cannot be made twice, and the key's
# policy would have to let the service in.
resource "aws_iam_role" "config" {
  for_each = local.config

  name        = "${var.name}-audit-config"
  description = "AWS Config reads configurations and writes their history with this role"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "config.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "config" {
  for_each = local.config

  role       = aws_iam_role.config[each.key].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AWS_ConfigRole"
}

# https://docs.aws.amazon.com/config/latest/developerguide/iamrole-permissions.html
resource "aws_iam_role_policy" "config" {
  for_each = local.config

  name = "deliver"
  role = aws_iam_role.config[each.key].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "CheckBucket"
        Effect   = "Allow"
        Action   = ["s3:GetBucketAcl", "s3:ListBucket"]
        Resource = local.bucket_arns[local.config_bucket]
      },
      {
        Sid       = "WriteHistory"
        Effect    = "Allow"
        Action    = ["s3:PutObject", "s3:PutObjectAcl"]
        Resource  = "${local.bucket_arns[local.config_bucket]}/AWSLogs/${local.account}/Config/*"
        Condition = { StringLike = { "s3:x-amz-acl" = "bucket-owner-full-control" } }
      },
      {
        Sid       = "EncryptHistory"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = var.key_arn
        Condition = { StringEquals = { "kms:ViaService" = "s3.${local.region}.amazonaws.com" } }
      },
    ]
  })
}

# One for a region and account.
resource "aws_config_configuration_recorder" "this" {
  # checkov:skip=CKV2_AWS_45: Records what the rules look at; everything would bill each part of nodes that live an hour
  # checkov:skip=CKV2_AWS_48: Records what the rules look at; everything would bill each part of nodes that live an hour
  for_each = local.config

  name     = local.trail_name
  role_arn = aws_iam_role.config[each.key].arn

  recording_group {
    all_supported                 = false
    include_global_resource_types = false
    resource_types                = local.recorded_types
  }

  depends_on = [aws_iam_role_policy.config, aws_iam_role_policy_attachment.config]
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

  dynamic "scope" {
    for_each = [for name, scope in local.rule_scopes : scope if name == each.key]

    content {
      compliance_resource_types = [scope.value.type]
      compliance_resource_id    = scope.value.id
    }
  }

  depends_on = [aws_config_configuration_recorder.this]
}
