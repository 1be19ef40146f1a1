# What the cluster becomes. Policies and add-on configurations are read back from their JSON, as AWS would read them.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "ap-south-1" }
  }
  mock_data "aws_default_tags" {
    defaults = { tags = { environment = "test" } }
  }
  mock_resource "aws_eks_cluster" {
    defaults = { vpc_config = { cluster_security_group_id = "sg-cluster" } }
  }
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0", latest_version = 3 }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/made-here" }
  }
}

variables {
  name                     = "kosha-test"
  kubernetes_version       = "1.35"
  subnet_ids               = ["subnet-a", "subnet-b", "subnet-c"]
  worker_security_group_id = "sg-workers"
  shared_storage_role_arn  = "arn:aws:iam::111122223333:role/kosha-test-workers"
  key_arns = {
    cluster = "arn:aws:kms:ap-south-1:111122223333:key/cluster"
    logs    = "arn:aws:kms:ap-south-1:111122223333:key/logs"
    volumes = "arn:aws:kms:ap-south-1:111122223333:key/volumes"
  }
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
}

run "control_plane_is_private_encrypted_and_logged" {
  command = apply

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "The endpoint is private unless networks are listed."
  }
  assert {
    condition     = aws_eks_cluster.this.encryption_config[0].provider[0].key_arn == var.key_arns.cluster && aws_eks_cluster.this.encryption_config[0].resources == toset(["secrets"])
    error_message = "Kubernetes secrets are encrypted with the cluster key."
  }
  assert {
    condition     = aws_eks_cluster.this.enabled_cluster_log_types == toset(["api", "audit", "authenticator", "controllerManager", "scheduler"])
    error_message = "All five control-plane logs are on."
  }
  assert {
    condition     = aws_cloudwatch_log_group.control_plane.name == "/aws/eks/kosha-test-cluster/cluster" && aws_cloudwatch_log_group.control_plane.retention_in_days == 400 && aws_cloudwatch_log_group.control_plane.kms_key_id == var.key_arns.logs
    error_message = "The control plane's log group is kept 400 days under the logs key."
  }
  assert {
    condition     = length(aws_cloudwatch_log_group.containers) == 4 && alltrue([for group in aws_cloudwatch_log_group.containers : group.retention_in_days == 400 && group.kms_key_id == var.key_arns.logs])
    error_message = "Container Insights' log groups are made with key and retention."
  }
  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "Access is given by entries only, not to whoever made the cluster."
  }
  assert {
    condition     = aws_eks_cluster.this.version == "1.35" && aws_eks_cluster.this.upgrade_policy[0].support_type == "STANDARD" && !aws_eks_cluster.this.bootstrap_self_managed_addons
    error_message = "Version, support and add-ons are declared, not left to EKS."
  }
  assert {
    condition = jsondecode(aws_iam_role.cluster.assume_role_policy).Statement[0].Condition == {
      StringEquals = { "aws:SourceAccount" = "111122223333" }
      ArnEquals    = { "aws:SourceArn" = "arn:aws:eks:ap-south-1:111122223333:cluster/kosha-test-cluster" }
    }
    error_message = "Only this cluster may take its role."
  }
  assert {
    condition     = aws_iam_role_policy_attachment.cluster.policy_arn == "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
    error_message = "The control plane has the policy EKS requires."
  }
  assert {
    condition     = alltrue([for role in [aws_iam_role.cluster, aws_iam_role.node] : role.permissions_boundary == var.permissions_boundary_arn])
    error_message = "A role without the boundary can do whatever its policies say."
  }
}

run "endpoint_is_public_only_for_the_listed_networks" {
  command = apply

  variables {
    public_access_cidrs = ["203.0.113.0/28"]
  }

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_public_access && aws_eks_cluster.this.vpc_config[0].public_access_cidrs == toset(["203.0.113.0/28"]) && aws_eks_cluster.this.vpc_config[0].endpoint_private_access
    error_message = "The endpoint opens to the listed networks and stays private for the VPC."
  }
}

run "researchers_see_their_namespaces_and_no_more" {
  command = apply

  variables {
    access_entries = {
      platform = { principal_arn = "arn:aws:iam::111122223333:role/platform", role = "platform_admin" }
      lambda   = { principal_arn = "arn:aws:iam::111122223333:role/researchers", role = "researcher", namespaces = ["lambda-phage"] }
    }
  }

  assert {
    condition     = keys(aws_eks_access_entry.this) == ["lambda", "platform"] && alltrue([for entry in aws_eks_access_entry.this : entry.type == "STANDARD"])
    error_message = "Each named role has one access entry."
  }
  assert {
    condition     = aws_eks_access_policy_association.this["lambda"].policy_arn == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy" && aws_eks_access_policy_association.this["lambda"].access_scope[0].type == "namespace" && aws_eks_access_policy_association.this["lambda"].access_scope[0].namespaces == toset(["lambda-phage"])
    error_message = "A researcher may view the named namespaces."
  }
  assert {
    condition     = aws_eks_access_policy_association.this["platform"].policy_arn == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy" && aws_eks_access_policy_association.this["platform"].access_scope[0].type == "cluster"
    error_message = "A platform admin has the cluster."
  }
}

run "nodes_are_encrypted_and_hide_their_credentials" {
  command = apply

  assert {
    condition     = aws_launch_template.system.metadata_options[0].http_tokens == "required" && aws_launch_template.system.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "IMDSv2 only, out of the pods' reach."
  }
  assert {
    condition     = aws_launch_template.system.block_device_mappings[0].ebs[0].encrypted == "true" && aws_launch_template.system.block_device_mappings[0].ebs[0].kms_key_id == var.key_arns.volumes && aws_launch_template.system.block_device_mappings[0].ebs[0].volume_type == "gp3"
    error_message = "Node volumes are gp3 under the volumes key."
  }
  assert {
    condition     = toset(aws_launch_template.system.vpc_security_group_ids) == toset(["sg-cluster", "sg-workers"])
    error_message = "Nodes carry the cluster's and the workers' security group."
  }
  assert {
    condition     = aws_launch_template.system.monitoring[0].enabled
    error_message = "Nodes are monitored in detail."
  }
  assert {
    condition     = [for t in aws_launch_template.system.tag_specifications : t.resource_type] == ["instance", "network-interface", "volume"] && alltrue([for t in aws_launch_template.system.tag_specifications : t.tags == tomap({ environment = "test", Name = "kosha-test-cluster-system" })])
    error_message = "What the template starts carries the default tags."
  }
  assert {
    condition     = aws_eks_node_group.system[0].ami_type == "AL2023_x86_64_STANDARD" && aws_eks_node_group.system[0].capacity_type == "ON_DEMAND" && aws_eks_node_group.system[0].subnet_ids == toset(var.subnet_ids) && aws_eks_node_group.system[0].version == "1.35"
    error_message = "System nodes run Amazon Linux 2023 on demand in every subnet, at the cluster's version."
  }
  assert {
    condition     = aws_eks_node_group.system[0].scaling_config[0].min_size == 2 && aws_eks_node_group.system[0].scaling_config[0].desired_size == 2 && aws_eks_node_group.system[0].scaling_config[0].max_size == 6 && aws_eks_node_group.system[0].update_config[0].max_unavailable == 1
    error_message = "Two to six nodes, replaced one at a time."
  }
  assert {
    condition     = aws_eks_node_group.system[0].launch_template[0].version == tostring(aws_launch_template.system.latest_version)
    error_message = "The node group follows the launch template."
  }
  assert {
    condition     = [for a in aws_iam_role_policy_attachment.node : a.policy_arn] == ["arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly", "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"]
    error_message = "A node may join the cluster and pull images, nothing else."
  }
}

run "addons_are_complete_and_configured" {
  command = apply

  assert {
    condition     = setunion(keys(aws_eks_addon.network), keys(aws_eks_addon.this)) == toset(["amazon-cloudwatch-observability", "aws-ebs-csi-driver", "aws-efs-csi-driver", "coredns", "eks-pod-identity-agent", "kube-proxy", "metrics-server", "vpc-cni"])
    error_message = "All seven add-ons are installed."
  }
  assert {
    condition     = keys(aws_eks_addon.network) == ["eks-pod-identity-agent", "kube-proxy", "vpc-cni"]
    error_message = "What a node needs to become ready comes before the nodes."
  }
  assert {
    condition     = jsondecode(aws_eks_addon.network["vpc-cni"].configuration_values) == { enableNetworkPolicy = "true", nodeAgent = { enablePolicyEventLogs = "true" } }
    error_message = "Network policies are enforced and logged."
  }
  assert {
    condition     = jsondecode(aws_eks_addon.this["aws-efs-csi-driver"].configuration_values).controller.deleteAccessPointRootDir == false
    error_message = "Deleting a claim never deletes files of the shared storage."
  }
  assert {
    condition     = jsondecode(aws_eks_addon.this["aws-ebs-csi-driver"].configuration_values) == { controller = { extraVolumeTags = { environment = "test" } } }
    error_message = "Volumes of claims carry the default tags."
  }
  assert {
    condition     = jsondecode(aws_eks_addon.this["amazon-cloudwatch-observability"].configuration_values) == { agent = { config = { logs = { metrics_collected = { kubernetes = { enhanced_container_insights = true } } } } }, containerLogs = { enabled = true } }
    error_message = "Container Insights and container logs are on, Application Signals is not."
  }
  assert {
    condition     = jsondecode(aws_eks_addon.this["coredns"].configuration_values).autoScaling == { enabled = true, minReplicas = 2, maxReplicas = 10 }
    error_message = "CoreDNS scales from two replicas."
  }
  assert {
    condition     = alltrue([for addon in merge(aws_eks_addon.network, aws_eks_addon.this) : addon.resolve_conflicts_on_create == "OVERWRITE" && addon.resolve_conflicts_on_update == "OVERWRITE"])
    error_message = "What stands here wins over what was changed by hand."
  }
}

run "an_addon_version_is_pinned_by_name" {
  command = apply

  variables {
    addon_versions = { vpc-cni = "v1.20.4-eksbuild.2", coredns = "v1.12.3-eksbuild.1" }
  }

  assert {
    condition     = aws_eks_addon.network["vpc-cni"].addon_version == "v1.20.4-eksbuild.2" && aws_eks_addon.this["coredns"].addon_version == "v1.12.3-eksbuild.1"
    error_message = "Versions reach the add-ons they name."
  }
}

run "each_service_account_has_its_own_role" {
  command = apply

  assert {
    condition = { for key, identity in module.identity : key => "${identity.service_account.namespace}/${identity.service_account.name}" } == {
      ebs-csi       = "kube-system/ebs-csi-controller-sa"
      efs-csi       = "kube-system/efs-csi-controller-sa"
      observability = "amazon-cloudwatch/cloudwatch-agent"
      vpc-cni       = "kube-system/aws-node"
    }
    error_message = "Each add-on that calls AWS has a role of its own."
  }
  assert {
    condition     = aws_eks_pod_identity_association.efs_csi_node.service_account == "efs-csi-node-sa" && aws_eks_pod_identity_association.efs_csi_node.role_arn == "arn:aws:iam::111122223333:role/kosha-test-workers"
    error_message = "What mounts for the pods runs as the shared storage's client role."
  }
  assert {
    condition = { for key, identity in module.identity : key => identity.managed_policies } == {
      ebs-csi       = toset(["service-role/AmazonEBSCSIDriverPolicy"])
      efs-csi       = toset(["service-role/AmazonEFSCSIDriverPolicy"])
      observability = toset(["CloudWatchAgentServerPolicy"])
      vpc-cni       = toset(["AmazonEKS_CNI_Policy"])
    }
    error_message = "Each role has the one policy AWS prescribes for its add-on."
  }
  assert {
    condition     = alltrue([for s in jsondecode(module.identity["ebs-csi"].policy).Statement : s.Resource == [var.key_arns.volumes] && length(keys(s.Condition)) == 1])
    error_message = "The EBS driver uses the volumes key only, and only for volumes."
  }
}

run "a_standby_has_a_control_plane_and_no_nodes" {
  command = plan

  variables {
    nodes_enabled = false
  }

  assert {
    condition     = length(aws_eks_node_group.system) == 0 && length(aws_eks_addon.this) == 0
    error_message = "Nothing that runs on nodes is there before the nodes."
  }
  assert {
    condition     = keys(aws_eks_addon.network) == ["eks-pod-identity-agent", "kube-proxy", "vpc-cni"] && aws_eks_cluster.this.name == "kosha-test-cluster"
    error_message = "The control plane waits with what a node needs to become ready."
  }
}
