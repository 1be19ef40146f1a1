data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}
data "aws_region" "this" {}

data "aws_region" "recovery" {
  provider = aws.recovery
}

locals {
  account         = data.aws_caller_identity.this.account_id
  partition       = data.aws_partition.this.partition
  region          = data.aws_region.this.name
  recovery_region = data.aws_region.recovery.name

  trail_name    = "${var.name}-audit"
  trail_bucket  = "${var.name}-audit-${local.region}"
  config_bucket = "${var.name}-config-${local.region}"

  # By its name: the bucket's policy must be there before the trail, and names it. The key's policy does the same (modules/keys).
  trail_arn = "arn:${local.partition}:cloudtrail:${local.region}:${local.account}:trail/${local.trail_name}"

  bucket_arns = { for bucket in [local.trail_bucket, local.config_bucket, var.lake_bucket, var.replica_bucket, var.reports_bucket] : bucket => "arn:${local.partition}:s3:::${bucket}" }
}
