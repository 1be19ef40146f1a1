data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  # By the name, which is known before the bucket is: a plan shows the whole policy.
  arn     = "arn:${data.aws_partition.current.partition}:s3:::${aws_s3_bucket.this.bucket}"
  objects = "${local.arn}/*"

  transport_statements = [
    {
      Sid       = "DenyWithoutTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [local.arn, local.objects]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    },
    {
      Sid       = "DenyOldTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [local.arn, local.objects]
      Condition = { NumericLessThan = { "s3:TlsVersion" = "1.2" } }
    },
  ]

  # A request without encryption headers is encrypted by the bucket's default, so it must pass: DataSync, access points
  # and replication send none. What must not pass is a request that asks for something else. Each of these Denies says itself
  # that the header is there: StringNotEquals alone, and StringNotEqualsIfExists too, is true of a request without the
  # header, and would refuse all of those.
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IfExists
  # SSE-C is refused because a key nobody keeps is how data are held to ransom.
  encryption_statements = [
    {
      Sid       = "DenyOtherEncryption"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:PutObject"
      Resource  = local.objects
      Condition = merge(
        {
          Null = { "s3:x-amz-server-side-encryption" = "false" }
          StringNotEquals = merge(
            { "s3:x-amz-server-side-encryption" = "aws:kms" },
            { for key in ["aws:PrincipalServiceName"] : key => sort(var.sse_s3_services) if length(var.sse_s3_services) > 0 },
          )
        },
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-examples-reports.html
        { for operator in ["ArnNotEquals"] : operator => { "aws:PrincipalArn" = var.sse_s3_role_arns } if length(var.sse_s3_role_arns) > 0 },
      )
    },
    {
      Sid       = "DenyOtherKey"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:PutObject"
      Resource  = local.objects
      Condition = {
        Null            = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "false" }
        StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = var.key_arn }
      }
    },
    {
      Sid       = "DenyCustomerProvidedKey"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:PutObject"
      Resource  = local.objects
      Condition = { Null = { "s3:x-amz-server-side-encryption-customer-algorithm" = "false" } }
    },
  ]

  # Lifecycle rules are S3's own and are not asked: what is due for expiry goes.
  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
  lock_statements = [
    {
      Sid       = "DenyDeletionOfObjects"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion"]
      Resource  = local.objects
    },
  ]

  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html (permissions for log delivery)
  log_delivery_statements = [
    {
      Sid       = "AcceptAccessLogs"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = local.objects
      Condition = { StringEquals = { "aws:SourceAccount" = var.access_log_sources_account } }
    },
  ]

  deletion_statements = [
    {
      Sid       = "DenyDeletionOfBucket"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:DeleteBucket"
      Resource  = local.arn
    },
  ]

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.transport_statements,
      [for statement in local.encryption_statements : statement if var.key_arn != null],
      [for statement in local.log_delivery_statements : statement if var.access_log_sources_account != null],
      [for statement in local.lock_statements : statement if var.object_lock_days != null],
      [for statement in local.deletion_statements : statement if var.deletion_protection],
      [for statement in var.extra_statements : jsondecode(statement)],
    )
  })
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.bucket
  policy = local.policy

  # S3 evaluates "is this policy public?" against the block; setting both at once gives conflicting-operation errors.
  depends_on = [aws_s3_bucket_public_access_block.this]
}
