# Which service account runs as which role (EKS Pod Identity). Nothing here gives a pod the node's rights.

locals {
  # Roles made here, one per add-on that calls AWS.
  _identities = {
    vpc-cni = {
      namespace       = "kube-system"
      service_account = "aws-node"
      policy          = "AmazonEKS_CNI_Policy"
    }
    ebs-csi = {
      namespace       = "kube-system"
      service_account = "ebs-csi-controller-sa"
      policy          = "service-role/AmazonEBSCSIDriverPolicy"
    }
    observability = {
      namespace       = "amazon-cloudwatch"
      service_account = "cloudwatch-agent"
      policy          = "CloudWatchAgentServerPolicy"
    }
  }

  _identity_trust = {
    for key, identity in local._identities : key => {
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
            "aws:SourceAccount"                         = local.account_id
            "aws:RequestTag/eks-cluster-arn"            = local.cluster_arn
            "aws:RequestTag/kubernetes-namespace"       = identity.namespace
            "aws:RequestTag/kubernetes-service-account" = identity.service_account
          }
        }
      }]
    }
  }

  # Without it the driver can make no volume under the volumes key.
  # https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html
  _volume_encryption = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "EncryptVolumes"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        Resource  = [var.key_arns.volumes]
        Condition = { StringEquals = { "kms:ViaService" = "ec2.${local.region}.amazonaws.com" } }
      },
      {
        Sid       = "AttachEncryptedVolumes"
        Effect    = "Allow"
        Action    = ["kms:CreateGrant"]
        Resource  = [var.key_arns.volumes]
        Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
      },
    ]
  }

  # Every association, those of the shared storage's client role among them: the driver's controller makes access points,
  # its node plugin mounts them, and EFS sees that role, not the pod's.
  _associations = merge(
    { for key, identity in local._identities : key => {
      namespace       = identity.namespace
      service_account = identity.service_account
      role_arn        = aws_iam_role.identity[key].arn
    } },
    { for account in ["efs-csi-controller-sa", "efs-csi-node-sa"] : trimsuffix(account, "-sa") => {
      namespace       = "kube-system"
      service_account = account
      role_arn        = var.shared_storage_role_arn
    } },
  )
}

resource "aws_iam_role" "identity" {
  for_each = local._identities

  name               = "${local.cluster_name}-${each.key}"
  description        = "What ${each.value.namespace}/${each.value.service_account} of ${local.cluster_name} may do"
  assume_role_policy = jsonencode(local._identity_trust[each.key])
}

resource "aws_iam_role_policy_attachment" "identity" {
  for_each = local._identities

  role       = aws_iam_role.identity[each.key].name
  policy_arn = "${local.managed_policy_prefix}/${each.value.policy}"
}

resource "aws_iam_role_policy" "volume_encryption" {
  name   = "volume-encryption"
  role   = aws_iam_role.identity["ebs-csi"].name
  policy = jsonencode(local._volume_encryption)
}

resource "aws_eks_pod_identity_association" "this" {
  for_each = local._associations

  cluster_name    = aws_eks_cluster.this.name
  namespace       = each.value.namespace
  service_account = each.value.service_account
  role_arn        = each.value.role_arn
}
