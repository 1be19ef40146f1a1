resource "aws_cloudwatch_query_definition" "this" {
  for_each = var.log_queries

  name            = "${var.name}/${each.key}"
  log_group_names = sort(flatten([for kind in each.value.logs : var.log_groups[kind]]))
  query_string    = trimspace(each.value.query)
}

# The pipeline writes a line for each sample that comes to an end (pipelines/sequencing/status.py). Fluent Bit of the add-on puts
# what a container writes as JSON below log_processed.
# https://github.com/aws-samples/amazon-cloudwatch-container-insights/tree/main/k8s-deployment-manifest-templates/deployment-mode/daemonset/container-insights-monitoring/fluent-bit
resource "aws_cloudwatch_log_metric_filter" "samples" {
  for_each = {
    SamplesEnded  = "{ $.log_processed.event = \"sample.ended\" && $.log_processed.state != \"stopped\" }"
    SamplesFailed = "{ $.log_processed.event = \"sample.ended\" && $.log_processed.state = \"failed\" }"
  }

  name           = "${var.name}-${each.key}"
  log_group_name = one(var.log_groups.application)
  pattern        = each.value

  metric_transformation {
    namespace = "Kosha"
    name      = each.key
    value     = "1"
    unit      = "Count"
  }
}
