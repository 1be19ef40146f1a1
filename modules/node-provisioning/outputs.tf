output "instance_profile_name" {
  description = "Instance profile of the nodes, for the EC2NodeClass."
  value       = aws_iam_instance_profile.node.name
}

output "interruption_queue_name" {
  description = "Name of the queue in which Karpenter hears of nodes that will be taken away, for the chart's settings.interruptionQueue."
  # Known before: who waits for the name need not wait for the half minute in which the provider looks at the queue.
  value = local._queue_name
}

output "service_account" {
  description = "Namespace and service account that the chart must give Karpenter; no other gets its rights."
  value       = module.controller.service_account
}
