output "name" {
  description = "Name of the cluster."
  value       = aws_eks_cluster.this.name
}

output "arn" {
  description = "ARN of the cluster."
  value       = aws_eks_cluster.this.arn
}

output "node_role_arn" {
  description = "ARN of the nodes' role."
  value       = aws_iam_role.node.arn
}

output "log_group_names" {
  description = "Names of the cluster's log groups: control_plane, and those of the containers (application, dataplane, host, performance)."
  value = merge(
    { control_plane = aws_cloudwatch_log_group.control_plane.name },
    { for kind, log_group in aws_cloudwatch_log_group.containers : kind => log_group.name },
  )
}

output "has_nodes" {
  description = "Whether there are nodes: not in a standby that waits."
  value       = length(aws_eks_node_group.system) > 0
}
