data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  _arn       = "arn:${data.aws_partition.current.partition}"
}
