resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/datasync/${var.name}-${var.task}"
  kms_key_id        = var.logs_key_arn
  retention_in_days = var.log_days
}

# https://docs.aws.amazon.com/datasync/latest/userguide/configure-logging.html
resource "aws_cloudwatch_log_resource_policy" "this" {
  policy_name = "${var.name}-${var.task}"

  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "DataSyncWritesLogs"
      Effect    = "Allow"
      Principal = { Service = "datasync.amazonaws.com" }
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = "${aws_cloudwatch_log_group.this.arn}:*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "${local.datasync_arn}:task/*" }
      }
    }]
  })
}
