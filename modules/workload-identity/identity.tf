data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  _trust = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "PodIdentity"
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      # Pod Identity sends these tags with the session, so no other cluster, namespace or service account gets the role.
      # https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
      Condition = {
        StringEquals = {
          "aws:SourceAccount"                         = data.aws_caller_identity.current.account_id
          "aws:RequestTag/eks-cluster-arn"            = var.cluster_arn
          "aws:RequestTag/kubernetes-namespace"       = var.service_account.namespace
          "aws:RequestTag/kubernetes-service-account" = var.service_account.name
        }
      }
    }]
  }
}

resource "aws_iam_role" "this" {
  name                 = "${var.cluster_name}-${var.name}"
  description          = "What ${var.service_account.namespace}/${var.service_account.name} of ${var.cluster_name} may do"
  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = jsonencode(local._trust)
}

resource "aws_iam_role_policy" "this" {
  count = var.policy == null ? 0 : 1

  name   = var.name
  role   = aws_iam_role.this.name
  policy = var.policy
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = var.managed_policies

  role       = aws_iam_role.this.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/${each.key}"
}

# A pod that starts before this never gets the role.
resource "aws_eks_pod_identity_association" "this" {
  cluster_name    = var.cluster_name
  namespace       = var.service_account.namespace
  service_account = var.service_account.name
  role_arn        = aws_iam_role.this.arn

  depends_on = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.this]
}
