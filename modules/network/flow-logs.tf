locals {
  # Worked out, not read from the resource: policies are then complete in the plan.
  flow_log_group_arn = "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:${var.name}-flow-logs"
}

resource "aws_cloudwatch_log_group" "flow" {
  name              = "${var.name}-flow-logs"
  retention_in_days = var.flow_log_retention_days
  kms_key_id        = var.logs_key_arn
}

resource "aws_iam_role" "flow_logs" {
  name                 = "${var.name}-flow-logs"
  description          = "Lets VPC flow logs write to their log group"
  permissions_boundary = var.permissions_boundary_arn

  # The conditions keep other accounts' flow logs from using the role (confused deputy):
  # https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:ec2:${var.region}:${local.account_id}:vpc-flow-log/*" }
      }
    }]
  })
}

# No logs:CreateLogGroup: after a destroy, late records would create the group again, unencrypted and kept for ever.
resource "aws_iam_role_policy" "flow_logs" {
  name = "write"
  role = aws_iam_role.flow_logs.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = "${local.flow_log_group_arn}:*"
      },
      # Listing groups knows no narrower resource than the account's groups in the region.
      {
        Effect   = "Allow"
        Action   = "logs:DescribeLogGroups"
        Resource = "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:*"
      },
    ]
  })
}

resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  max_aggregation_interval = 60

  log_destination_type = "cloud-watch-logs"
  log_destination      = aws_cloudwatch_log_group.flow.arn
  iam_role_arn         = aws_iam_role.flow_logs.arn

  tags = { Name = var.name }
}
