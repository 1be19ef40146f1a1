data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  _arn = "arn:${data.aws_partition.current.partition}"

  # Instances of one package (a cleaner for each directory) share the runbook and have everything else to themselves.
  service       = join("_", compact([var.function, var.instance]))
  kebab         = replace(local.service, "_", "-")
  function_name = "${var.name}-${local.kebab}"
  runbook       = "docs/runbooks/${replace(var.function, "_", "-")}.md"
  account_id    = data.aws_caller_identity.current.account_id
  region        = data.aws_region.current.name

  # Made from the parts, not read from the resource, so that the role's policy exists before the function that needs it.
  function_arn = "${local._arn}:lambda:${local.region}:${local.account_id}:function:${local.function_name}"
  schedule_arns = {
    for name in keys(var.schedules) :
    name => "${local._arn}:scheduler:${local.region}:${local.account_id}:schedule/default/${local.function_name}-${name}"
  }
}
