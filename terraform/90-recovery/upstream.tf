# What the roots before this one publish (docs/architecture.md), as the recovery region holds it.

data "aws_ssm_parameter" "foundation" {
  name = module.naming.handoff_paths["10-foundation"]
}

data "aws_ssm_parameter" "storage" {
  name = module.naming.handoff_paths["20-storage"]
}

data "aws_ssm_parameter" "protection" {
  count = local.is_lit ? 1 : 0

  name = module.naming.handoff_paths["60-protection"]
}

locals {
  foundation = jsondecode(data.aws_ssm_parameter.foundation.insecure_value)
  storage    = jsondecode(data.aws_ssm_parameter.storage.insecure_value)
  protection = one([for parameter in data.aws_ssm_parameter.protection : jsondecode(parameter.insecure_value)])

  data_classes = yamldecode(file("${path.module}/../../catalog/data-classes.yaml")).classes
  layout       = yamldecode(file("${path.module}/../../catalog/shared-storage.yaml"))
  access       = yamldecode(file("${path.module}/../../catalog/access.yaml"))
}
