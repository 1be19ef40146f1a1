# What Terraform knows. A state holds ids and ARNs and may hold secrets, so it is encrypted with a key of its own, and every
# version of it stays for a year: the way back after a state was spoiled.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  _account = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"
}

# Its name is its own, because checkov finds the skips of a plan's resources by type and name.
resource "aws_kms_key" "state" {
  #checkov:skip=CKV_KOSHA_9:each region has a state bucket and a key of its own, because a state is of no use without its region
  description             = "Terraform's states (S3) of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 30

  # To administer is not to use (docs/adr/0005), and to use is only through S3.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AdministerByIamPolicy"
        Effect    = "Allow"
        Principal = { AWS = local._account }
        Action = [
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
          "kms:ScheduleKeyDeletion",
          "kms:TagResource",
          "kms:UntagResource",
          "kms:UpdateAlias",
          "kms:UpdateKeyDescription",
        ]
        Resource = "*"
      },
      {
        Sid       = "UseThroughS3ByIamPolicy"
        Effect    = "Allow"
        Principal = { AWS = local._account }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
        Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
      },
    ]
  })
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}-state"
  target_key_id = aws_kms_key.state.key_id
}

module "access_logs" {
  source = "../bucket"

  bucket                     = "${var.name}-state-access-logs-${var.region}"
  access_log_sources_account = data.aws_caller_identity.current.account_id
  lifecycle_rules            = { all = { prefix = "", noncurrent_days = 1, expire_days = 400 } }
  deletion_protection        = var.deletion_protection
}

module "state" {
  source = "../bucket"

  bucket              = "${var.name}-state-${var.region}"
  key_arn             = aws_kms_key.state.arn
  access_log_bucket   = module.access_logs.bucket
  lifecycle_rules     = { replaced = { prefix = "", noncurrent_days = 365 } }
  deletion_protection = var.deletion_protection
}
