resource "aws_eks_cluster" "this" {
  #checkov:skip=CKV_AWS_39:Owner platform. The endpoint is public only for the CIDRs a caller lists; with none, which is the default, it is private.
  name     = local.cluster_name
  version  = var.kubernetes_version
  role_arn = aws_iam_role.cluster.arn

  enabled_cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]

  # Every add-on is declared here, so none may come by itself and be left out of updates.
  bootstrap_self_managed_addons = false

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = false
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = var.key_arns.cluster
    }
  }

  # Extended support costs six times as much per hour and comes unasked; standard upgrades instead.
  # https://docs.aws.amazon.com/eks/latest/userguide/disable-extended-support.html
  upgrade_policy {
    support_type = "STANDARD"
  }

  vpc_config {
    subnet_ids              = var.subnet_ids
    endpoint_private_access = true
    endpoint_public_access  = length(var.public_access_cidrs) > 0
    public_access_cidrs     = length(var.public_access_cidrs) > 0 ? var.public_access_cidrs : null
  }

  # EKS would make the log group itself, without key or retention, if it were not there first. A cluster whose role has lost
  # its policy cannot delete its network interfaces.
  depends_on = [aws_cloudwatch_log_group.control_plane, aws_iam_role_policy_attachment.cluster]
}
