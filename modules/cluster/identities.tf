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
    # Makes an access point for each dynamic volume.
    efs-csi = {
      namespace       = "kube-system"
      service_account = "efs-csi-controller-sa"
      policy          = "service-role/AmazonEFSCSIDriverPolicy"
    }
    observability = {
      namespace       = "amazon-cloudwatch"
      service_account = "cloudwatch-agent"
      policy          = "CloudWatchAgentServerPolicy"
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
}

module "identity" {
  source   = "../workload-identity"
  for_each = local._identities

  cluster_name             = aws_eks_cluster.this.name
  cluster_arn              = local.cluster_arn
  name                     = each.key
  permissions_boundary_arn = var.permissions_boundary_arn
  service_account          = { namespace = each.value.namespace, name = each.value.service_account }
  managed_policies         = [each.value.policy]
  policy                   = each.key == "ebs-csi" ? jsonencode(local._volume_encryption) : null
}

# The node plugin mounts for every pod, and EFS sees this role, not the pod's.
resource "aws_eks_pod_identity_association" "efs_csi_node" {
  cluster_name    = aws_eks_cluster.this.name
  namespace       = "kube-system"
  service_account = "efs-csi-node-sa"
  role_arn        = var.shared_storage_role_arn
}
