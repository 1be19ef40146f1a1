data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  # What starts nodes in its own name: Auto Scaling those of the system, Spot those of restartable work.
  _launching_roles = {
    autoscaling = "AWSServiceRoleForAutoScaling"
    spot        = "AWSServiceRoleForEC2Spot"
  }

  # Of the resource where there is one, so that the role is made before the key policy that names it.
  launching_role_arns = {
    for service, role in local._launching_roles : service => (
      contains(var.create_service_linked_roles, service)
      ? aws_iam_service_linked_role.launching[service].arn
      : "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/aws-service-role/${service}.amazonaws.com/${role}"
    )
  }
}

resource "aws_iam_service_linked_role" "launching" {
  for_each = var.create_service_linked_roles

  aws_service_name = "${each.key}.amazonaws.com"
}

module "keys" {
  source = "../../modules/keys"

  providers = {
    aws          = aws
    aws.recovery = aws.recovery
  }

  name                = module.naming.prefix
  region              = module.naming.region
  recovery_region     = module.naming.recovery_region
  launching_role_arns = local.launching_role_arns
}
