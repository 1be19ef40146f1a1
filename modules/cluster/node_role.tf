locals {
  _node_trust = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Ec2"
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
      # EC2 states no aws:SourceAccount when an instance takes its role; a condition would keep every node out.
    }]
  }

  # What EKS requires of a node, and no more: the network plugin has a role of its own, and no node reads data.
  # https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
  _node_policies = ["AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodePolicy"]
}

resource "aws_iam_role" "node" {
  name                 = "${local.cluster_name}-node"
  description          = "What the nodes of ${local.cluster_name} may do"
  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = jsonencode(local._node_trust)
}

resource "aws_iam_role_policy_attachment" "node" {
  for_each = toset(local._node_policies)

  role       = aws_iam_role.node.name
  policy_arn = "${local.managed_policy_prefix}/${each.key}"
}
