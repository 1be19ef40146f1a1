locals {
  # Written by the add-on amazon-cloudwatch-observability, which would make them without key and without an end.
  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-EKS-logs.html
  _container_logs = ["application", "dataplane", "host", "performance"]
}

resource "aws_cloudwatch_log_group" "control_plane" {
  name              = "/aws/eks/${local.cluster_name}/cluster"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arns.logs
}

resource "aws_cloudwatch_log_group" "containers" {
  for_each = toset(local._container_logs)

  name              = "/aws/containerinsights/${local.cluster_name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arns.logs
}
