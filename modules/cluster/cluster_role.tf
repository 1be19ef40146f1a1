locals {
  _cluster_trust = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Eks"
      Effect    = "Allow"
      Principal = { Service = "eks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      # https://docs.aws.amazon.com/eks/latest/userguide/cross-service-confused-deputy-prevention.html
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnEquals    = { "aws:SourceArn" = local.cluster_arn }
      }
    }]
  }
}

resource "aws_iam_role" "cluster" {
  name                 = local.cluster_name
  description          = "What the control plane of ${local.cluster_name} may do"
  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = jsonencode(local._cluster_trust)
}

# EKS requires this policy: https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html
resource "aws_iam_role_policy_attachment" "cluster" {
  role       = aws_iam_role.cluster.name
  policy_arn = "${local.managed_policy_prefix}/AmazonEKSClusterPolicy"
}
