# A second copy, for queries and metric filters. The one in S3 is what counts.
resource "aws_cloudwatch_log_group" "trail" {
  count = var.log_group_days == null ? 0 : 1

  name              = "/aws/cloudtrail/${local.trail_name}"
  kms_key_id        = var.logs_key_arn
  retention_in_days = var.log_group_days
}

resource "aws_iam_role" "log_delivery" {
  count = var.log_group_days == null ? 0 : 1

  name        = "${local.trail_name}-log-delivery"
  description = "CloudTrail writes events to its log group with this role"

  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
    }]
  })
}

# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
resource "aws_iam_role_policy" "log_delivery" {
  count = var.log_group_days == null ? 0 : 1

  name = "log-delivery"
  role = aws_iam_role.log_delivery[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "WriteEvents"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.trail[0].arn}:log-stream:${local.account}_CloudTrail_*"
    }]
  })
}
