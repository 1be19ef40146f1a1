# What the roots before this one publish (docs/architecture.md).

data "aws_ssm_parameter" "foundation" {
  name = module.naming.handoff_paths["10-foundation"]
}

data "aws_ssm_parameter" "storage" {
  name = module.naming.handoff_paths["20-storage"]
}

data "aws_ssm_parameter" "cluster" {
  name = module.naming.handoff_paths["30-cluster"]
}

locals {
  foundation = jsondecode(data.aws_ssm_parameter.foundation.insecure_value)
  storage    = jsondecode(data.aws_ssm_parameter.storage.insecure_value)
  cluster    = jsondecode(data.aws_ssm_parameter.cluster.insecure_value)
}
