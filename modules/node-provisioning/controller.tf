# What Karpenter may do: start and end nodes of this cluster, and no others. The statements follow its reference
# (https://karpenter.sh/docs/reference/cloudformation/#controller-authorization); those that let it make instance profiles
# are left out, and the keys of the nodes' disks added.

locals {
  # What Karpenter makes bears these tags from its first moment.
  _made_with   = { StringEquals = { "aws:RequestTag/kubernetes.io/cluster/${var.cluster_name}" = "owned" }, StringLike = { "aws:RequestTag/karpenter.sh/nodepool" = "*" } }
  _made_before = { StringEquals = { "aws:ResourceTag/kubernetes.io/cluster/${var.cluster_name}" = "owned" }, StringLike = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" } }
  _makes       = [for kind in ["fleet", "instance", "launch-template", "network-interface", "spot-instances-request", "volume"] : "${local._ec2}:${kind}/*"]

  _may = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "StartFromWhatIsThere"
        Effect = "Allow"
        Action = ["ec2:CreateFleet", "ec2:RunInstances"]
        Resource = [
          "${local._arn}:ec2:${local.region}::image/*",
          "${local._arn}:ec2:${local.region}::snapshot/*",
          "${local._ec2}:security-group/*",
          "${local._ec2}:subnet/*",
        ]
      },
      {
        Sid       = "StartFromOwnTemplates"
        Effect    = "Allow"
        Action    = ["ec2:CreateFleet", "ec2:RunInstances"]
        Resource  = "${local._ec2}:launch-template/*"
        Condition = local._made_before
      },
      {
        Sid       = "StartNodesOfThisCluster"
        Effect    = "Allow"
        Action    = ["ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:RunInstances"]
        Resource  = local._makes
        Condition = local._made_with
      },
      {
        Sid      = "TagWhatIsMade"
        Effect   = "Allow"
        Action   = ["ec2:CreateTags"]
        Resource = local._makes
        Condition = {
          StringEquals = merge(local._made_with.StringEquals, { "ec2:CreateAction" = ["CreateFleet", "CreateLaunchTemplate", "RunInstances"] })
          StringLike   = local._made_with.StringLike
        }
      },
      {
        Sid      = "NameOwnNodes"
        Effect   = "Allow"
        Action   = ["ec2:CreateTags"]
        Resource = "${local._ec2}:instance/*"
        Condition = merge(local._made_before, {
          "ForAllValues:StringEquals" = { "aws:TagKeys" = ["Name", "eks:eks-cluster-name", "karpenter.sh/nodeclaim"] }
        })
      },
      {
        Sid       = "EndOwnNodes"
        Effect    = "Allow"
        Action    = ["ec2:DeleteLaunchTemplate", "ec2:TerminateInstances"]
        Resource  = ["${local._ec2}:instance/*", "${local._ec2}:launch-template/*"]
        Condition = local._made_before
      },
      {
        # None of these knows resources.
        Sid    = "SeeWhatEc2Offers"
        Effect = "Allow"
        Action = [
          "ec2:DescribeCapacityReservations",
          "ec2:DescribeImages",
          "ec2:DescribeInstanceStatus",
          "ec2:DescribeInstanceTypeOfferings",
          "ec2:DescribeInstanceTypes",
          "ec2:DescribeInstances",
          "ec2:DescribeLaunchTemplates",
          "ec2:DescribeSecurityGroups",
          "ec2:DescribeSpotPriceHistory",
          "ec2:DescribeSubnets",
        ]
        Resource  = "*"
        Condition = { StringEquals = { "aws:RequestedRegion" = local.region } }
      },
      {
        # The price list has no resources, and answers for all regions from one of its few endpoints.
        Sid      = "SeePrices"
        Effect   = "Allow"
        Action   = ["pricing:GetProducts"]
        Resource = "*"
      },
      {
        Sid      = "FindImages"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter"]
        Resource = "${local._arn}:ssm:${local.region}::parameter/aws/service/*"
      },
      {
        Sid      = "HearOfInterruptions"
        Effect   = "Allow"
        Action   = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
        Resource = aws_sqs_queue.interruptions.arn
      },
      {
        Sid       = "DecryptInterruptions"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = var.key_arns.alerts
        Condition = { StringEquals = { "kms:ViaService" = "sqs.${local.region}.amazonaws.com" } }
      },
      {
        Sid       = "GiveNodesTheirRole"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = var.node_role_arn
        Condition = { StringEquals = { "iam:PassedToService" = "ec2.amazonaws.com" } }
      },
      {
        Sid      = "SeeTheNodesProfile"
        Effect   = "Allow"
        Action   = ["iam:GetInstanceProfile"]
        Resource = aws_iam_instance_profile.node.arn
      },
      {
        Sid      = "FindTheApi"
        Effect   = "Allow"
        Action   = ["eks:DescribeCluster"]
        Resource = var.cluster_arn
      },
      # Without these no node with an encrypted disk starts.
      # https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html#ebs-encryption-permissions
      {
        Sid       = "EncryptDisks"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        Resource  = var.key_arns.volumes
        Condition = { StringEquals = { "kms:ViaService" = "ec2.${local.region}.amazonaws.com" } }
      },
      {
        Sid       = "AttachEncryptedDisks"
        Effect    = "Allow"
        Action    = ["kms:CreateGrant"]
        Resource  = var.key_arns.volumes
        Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
      },
    ]
  }
}

module "controller" {
  source = "../workload-identity"

  cluster_name             = var.cluster_name
  cluster_arn              = var.cluster_arn
  name                     = "karpenter"
  service_account          = { namespace = "kube-system", name = "karpenter" }
  policy                   = jsonencode(local._may)
  permissions_boundary_arn = var.permissions_boundary_arn
}
