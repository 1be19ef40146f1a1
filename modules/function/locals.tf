data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  _arn = "arn:${data.aws_partition.current.partition}"

  kebab         = replace(var.function, "_", "-")
  function_name = "${var.name}-${local.kebab}"
  runbook       = "docs/runbooks/${local.kebab}.md"
  account_id    = data.aws_caller_identity.current.account_id
  region        = data.aws_region.current.name

  # Made from the parts, not read from the resource, so that the role's policy exists before the function that needs it.
  function_arn = "${local._arn}:lambda:${local.region}:${local.account_id}:function:${local.function_name}"
  schedule_arn = "${local._arn}:scheduler:${local.region}:${local.account_id}:schedule/default/${local.function_name}"
}
