locals {
  # Add-ons without which no node becomes ready; they are installed before the nodes.
  _network_addons = ["eks-pod-identity-agent", "kube-proxy", "vpc-cni"]

  # Add-on -> configuration, or null for the add-on's own.
  addons = {
    vpc-cni = {
      # Without it every NetworkPolicy is accepted and none enforced.
      # https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html
      enableNetworkPolicy = "true"
      nodeAgent           = { enablePolicyEventLogs = "true" }
    }
    coredns                = { autoScaling = { enabled = true, minReplicas = 2, maxReplicas = 10 } }
    kube-proxy             = null
    eks-pod-identity-agent = null
    aws-efs-csi-driver = {
      # With it a deleted claim takes its files along, and with basePath "/" the whole shared storage
      # (https://github.com/kubernetes-sigs/aws-efs-csi-driver/issues/1695).
      controller = { deleteAccessPointRootDir = false }
    }
    aws-ebs-csi-driver = {
      # default_tags do not reach what the driver makes.
      controller = { extraVolumeTags = data.aws_default_tags.current.tags }
    }
    # The last minute's CPU and memory of pods and nodes, for kubectl top and autoscalers.
    metrics-server = { replicas = 2 }
    amazon-cloudwatch-observability = {
      # Container Insights, without Application Signals: nothing here is instrumented for it and it is billed by the span.
      agent         = { config = { logs = { metrics_collected = { kubernetes = { enhanced_container_insights = true } } } } }
      containerLogs = { enabled = true }
    }
  }

  # Through JSON: the configurations differ in shape, and the values of a map in Terraform may not.
  _configurations = { for addon, configuration in local.addons : addon => configuration == null ? null : jsonencode(configuration) }
}

resource "aws_eks_addon" "network" {
  for_each = toset(local._network_addons)

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = lookup(var.addon_versions, each.key, null)
  configuration_values        = local._configurations[each.key]
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  # A pod started before its association never gets the role.
  depends_on = [module.identity]
}

resource "aws_eks_addon" "this" {
  for_each = var.nodes_enabled ? setsubtract(keys(local.addons), local._network_addons) : []

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = lookup(var.addon_versions, each.key, null)
  configuration_values        = local._configurations[each.key]
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  # These run on nodes: EKS calls them degraded until there are some. The log groups come first, or the agent makes its own.
  depends_on = [
    aws_cloudwatch_log_group.containers,
    aws_eks_node_group.system,
    aws_eks_pod_identity_association.efs_csi_node,
    module.identity,
  ]
}
