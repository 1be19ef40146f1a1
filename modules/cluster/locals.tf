data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_default_tags" "current" {}

locals {
  _arn = "arn:${data.aws_partition.current.partition}"

  account_id   = data.aws_caller_identity.current.account_id
  region       = data.aws_region.current.name
  cluster_name = "${var.name}-cluster"

  # Made from the parts: the roles' trust must name the cluster before it exists.
  cluster_arn = "${local._arn}:eks:${local.region}:${local.account_id}:cluster/${local.cluster_name}"

  managed_policy_prefix = "${local._arn}:iam::aws:policy"
}
