# By way of S3: the provider creates functions whose zip it sends itself one after the other (docs/adr/0020).
resource "aws_s3_object" "archive" {
  bucket             = var.archive_bucket
  key                = "functions/${local.function_name}.zip"
  source             = var.archive
  source_hash        = filebase64sha256(var.archive)
  kms_key_id         = var.key_arns.functions
  bucket_key_enabled = true
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_272:Owner platform. Code signing guards zips that others could upload; only the apply role may, and zips are rebuilt byte for byte in CI.
  #checkov:skip=CKV_AWS_117:Owner platform. Only a function that mounts the shared storage belongs in the VPC; it gets there through the network variable.
  function_name = local.function_name
  description   = var.description
  role          = local.role_arn

  s3_bucket         = aws_s3_object.archive.bucket
  s3_key            = aws_s3_object.archive.key
  s3_object_version = aws_s3_object.archive.version_id
  source_code_hash  = filebase64sha256(var.archive)
  package_type      = "Zip"
  runtime           = "python3.13"
  architectures     = ["arm64"]
  handler           = "${var.function}.handler.handler"
  layers            = var.layer_arns

  timeout                        = var.timeout_seconds
  memory_size                    = var.memory_mb
  reserved_concurrent_executions = var.reserved_concurrency
  kms_key_arn                    = var.key_arns.functions

  environment {
    variables = var.environment
  }

  dead_letter_config {
    target_arn = aws_sqs_queue.dead_letter.arn
  }

  # Names the log group instead of relying on the default, so that it exists, with its key and retention, before the first line.
  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  tracing_config {
    mode = "Active"
  }

  dynamic "vpc_config" {
    for_each = var.network[*]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  dynamic "file_system_config" {
    for_each = var.file_system[*]
    content {
      arn              = file_system_config.value.access_point_arn
      local_mount_path = file_system_config.value.mount_path
    }
  }

  # Lambda refuses a dead-letter queue or a network that its role may not use yet.
  depends_on = [aws_iam_role_policy.permissions, aws_iam_role_policy.runtime]
}

resource "aws_lambda_function_event_invoke_config" "this" {
  function_name                = aws_lambda_function.this.function_name
  maximum_event_age_in_seconds = var.retry.max_age_seconds
  maximum_retry_attempts       = var.retry.attempts
}
