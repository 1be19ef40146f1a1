data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  region     = data.aws_region.current.name
  _arn       = "arn:${data.aws_partition.current.partition}"
  _ec2       = "${local._arn}:ec2:${local.region}:${local.account_id}"
}
