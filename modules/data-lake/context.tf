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

  lake_bucket                 = "${var.name}-lake-${local.region}"
  replica_bucket              = "${var.name}-lake-${local.recovery_region}"
  reports_bucket              = "${var.name}-reports-${local.region}"
  access_logs_bucket          = "${var.name}-access-logs-${local.region}"
  recovery_access_logs_bucket = "${var.name}-access-logs-${local.recovery_region}"
}
