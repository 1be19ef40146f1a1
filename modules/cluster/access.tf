locals {
  # https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
  _access_policies = {
    platform_admin = "AmazonEKSClusterAdminPolicy"
    researcher     = "AmazonEKSViewPolicy"
  }
}

resource "aws_eks_access_entry" "this" {
  for_each = var.access_entries

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = each.value.principal_arn
  type          = "STANDARD"
}

resource "aws_eks_access_policy_association" "this" {
  for_each = var.access_entries

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = each.value.principal_arn
  policy_arn    = "${local._arn}:eks::aws:cluster-access-policy/${local._access_policies[each.value.role]}"

  access_scope {
    type       = each.value.role == "researcher" ? "namespace" : "cluster"
    namespaces = each.value.role == "researcher" ? each.value.namespaces : null
  }

  depends_on = [aws_eks_access_entry.this]
}
