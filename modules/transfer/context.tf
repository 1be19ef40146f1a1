data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}
data "aws_region" "this" {}

locals {
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition
  region    = data.aws_region.this.name

  ec2_arn      = "arn:${local.partition}:ec2:${local.region}:${local.account}"
  datasync_arn = "arn:${local.partition}:datasync:${local.region}:${local.account}"

  # https://docs.aws.amazon.com/datasync/latest/userguide/cross-service-confused-deputy-prevention.html
  # The ARNs of the locations and of the task do not exist when the roles do, hence the wildcard.
  datasync_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "datasync.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "${local.datasync_arn}:*" }
      }
    }]
  })
}
