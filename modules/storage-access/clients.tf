# Born with the file system, because its policy must name them, and EFS locks out a role that is made anew under the same
# name (https://docs.aws.amazon.com/efs/latest/ug/security_iam_resource-based-policy-examples.html).
locals {
  # The scratch cleaner is one function for each directory, because a function mounts one access point; with a role for
  # each, none of them reaches into another's directory.
  cleaners = {
    for name, directory in var.directories : "scratch_cleaner_${replace(name, "-", "_")}" => {
      description = "The function that removes old files from ${name}"
      service     = "lambda.amazonaws.com"
      actions     = ["sts:AssumeRole"]
      # AWS does not document that Lambda sends aws:SourceAccount; a function can be given only roles of its own account.
      conditions    = {}
      access_points = [aws_efs_access_point.this[name].arn]
    } if directory.cleaned
  }

  # One role for each transfer: none of them reaches another's directory.
  transfers = {
    for name, transfer in var.transfers : name => {
      description = "DataSync, which copies ${transfer.directory} to the data lake"
      service     = "datasync.amazonaws.com"
      actions     = ["sts:AssumeRole"]
      # https://docs.aws.amazon.com/datasync/latest/userguide/cross-service-confused-deputy-prevention.html
      conditions = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:datasync:${local.region}:${local.account}:*" }
      }
      access_points = [aws_efs_access_point.this[transfer.directory].arn]
    }
  }

  # What each client may mount. The workers come through any access point, those of dynamic volumes included, whose ARNs
  # exist later than this policy; nobody comes without one.
  clients = merge(local.cleaners, local.transfers, {
    workers = {
      description = "Pods that mount the shared storage through the EFS CSI driver"
      service     = "pods.eks.amazonaws.com"
      actions     = ["sts:AssumeRole", "sts:TagSession"]
      # Born before the cluster, so the cluster's ARN is made from its name. The node plugin of the driver mounts for every pod.
      # https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
      conditions = {
        StringEquals = {
          "aws:SourceAccount"                         = local.account
          "aws:RequestTag/eks-cluster-arn"            = "arn:${local.partition}:eks:${local.region}:${local.account}:cluster/${var.name}-cluster"
          "aws:RequestTag/kubernetes-namespace"       = "kube-system"
          "aws:RequestTag/kubernetes-service-account" = "efs-csi-node-sa"
        }
      }
      access_points = [
        "arn:${local.partition}:elasticfilesystem:${local.region}:${local.account}:access-point/*",
      ]
    }
  })

  # The same statement in the file system's policy and in the role's own. EFS admits a client if either of them does, so
  # a role policy without these conditions would undo them.
  mount_statements = {
    for client, settings in local.clients : client => {
      Sid      = "Mount${join("", [for word in split("_", client) : title(word)])}"
      Effect   = "Allow"
      Action   = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
      Resource = var.file_system.arn
      Condition = {
        Bool       = { "elasticfilesystem:AccessedViaMountTarget" = "true" }
        StringLike = { "elasticfilesystem:AccessPointArn" = settings.access_points }
      }
    }
  }
}

resource "aws_iam_role" "client" {
  for_each = local.clients

  name                 = "${var.name}-storage-${replace(each.key, "_", "-")}"
  description          = each.value.description
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [merge(
      {
        Effect    = "Allow"
        Principal = { Service = each.value.service }
        Action    = each.value.actions
      },
      length(each.value.conditions) == 0 ? {} : { Condition = each.value.conditions },
    )]
  })
}

resource "aws_iam_role_policy" "client" {
  for_each = local.clients

  name = "mount-shared-storage"
  role = aws_iam_role.client[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.mount_statements[each.key],
      {
        # The mount helper looks up the address of the mount target where DNS does not answer.
        Sid      = "FindMountTargets"
        Effect   = "Allow"
        Action   = "elasticfilesystem:DescribeMountTargets"
        Resource = var.file_system.arn
      },
    ]
  })
}
