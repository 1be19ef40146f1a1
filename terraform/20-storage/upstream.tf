# What the root before this one publishes (docs/architecture.md).

data "aws_ssm_parameter" "foundation" {
  name = module.naming.handoff_paths["10-foundation"]
}

locals {
  foundation = jsondecode(data.aws_ssm_parameter.foundation.insecure_value)
}
