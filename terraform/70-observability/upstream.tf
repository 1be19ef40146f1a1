# What the roots before this one publish (docs/architecture.md).

data "aws_ssm_parameter" "this" {
  for_each = toset(["10-foundation", "20-storage", "30-cluster", "40-automation", "60-protection"])

  name = module.naming.handoff_paths[each.key]
}

locals {
  foundation = jsondecode(data.aws_ssm_parameter.this["10-foundation"].insecure_value)
  storage    = jsondecode(data.aws_ssm_parameter.this["20-storage"].insecure_value)
  cluster    = jsondecode(data.aws_ssm_parameter.this["30-cluster"].insecure_value)
  protection = jsondecode(data.aws_ssm_parameter.this["60-protection"].insecure_value)
  automation = jsondecode(data.aws_ssm_parameter.this["40-automation"].insecure_value)
}
