locals {
  _node_name = "${local.cluster_name}-system"

  # default_tags do not reach what a launch template starts.
  _node_tags = merge(data.aws_default_tags.current.tags, { Name = local._node_name })
}

resource "aws_launch_template" "system" {
  name                   = local._node_name
  description            = "Nodes of ${local.cluster_name}: encrypted, no IMDSv1, metadata out of the pods' reach"
  update_default_version = true
  ebs_optimized          = true
  vpc_security_group_ids = [aws_eks_cluster.this.vpc_config[0].cluster_security_group_id, var.worker_security_group_id]

  # One hop: a pod behind its own network interface does not reach the node's credentials. Pods get theirs by Pod Identity.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = var.nodes.volume_gib
      encrypted             = true
      kms_key_id            = var.key_arns.volumes
      delete_on_termination = true
    }
  }

  monitoring {
    enabled = true
  }

  dynamic "tag_specifications" {
    for_each = toset(["instance", "network-interface", "volume"])
    content {
      resource_type = tag_specifications.value
      tags          = local._node_tags
    }
  }
}

resource "aws_eks_node_group" "system" {
  count = var.nodes_enabled ? 1 : 0

  cluster_name    = aws_eks_cluster.this.name
  node_group_name = "system"
  node_role_arn   = aws_iam_role.node.arn
  subnet_ids      = var.subnet_ids
  version         = var.kubernetes_version
  ami_type        = "AL2023_x86_64_STANDARD"
  capacity_type   = "ON_DEMAND"
  instance_types  = var.nodes.instance_types
  labels          = { pool = "system" }

  launch_template {
    id      = aws_launch_template.system.id
    version = aws_launch_template.system.latest_version
  }

  scaling_config {
    min_size     = var.nodes.min
    desired_size = var.nodes.desired
    max_size     = var.nodes.max
  }

  update_config {
    max_unavailable = 1
  }

  node_repair_config {
    enabled = true
  }

  lifecycle {
    # Scaling moves it; Terraform must not move it back.
    ignore_changes = [scaling_config[0].desired_size]
  }

  # A node is only ready with its network, and vpc-cni only works with its identity.
  depends_on = [aws_iam_role_policy_attachment.node, aws_eks_addon.network]
}
