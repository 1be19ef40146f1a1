data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

resource "aws_iam_service_linked_role" "autoscaling" {
  count = var.create_autoscaling_role ? 1 : 0

  aws_service_name = "autoscaling.amazonaws.com"
}

locals {
  # Of the resource where there is one, so that the role is made before the key policy that names it.
  autoscaling_role_arn = (
    var.create_autoscaling_role
    ? aws_iam_service_linked_role.autoscaling[0].arn
    : "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
  )
}

module "keys" {
  source = "../../modules/keys"

  providers = {
    aws          = aws
    aws.recovery = aws.recovery
  }

  name                 = module.naming.prefix
  region               = module.naming.region
  recovery_region      = module.naming.recovery_region
  autoscaling_role_arn = local.autoscaling_role_arn
}
