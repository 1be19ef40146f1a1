locals {
  _schedule_trust = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Scheduler"
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      # The source is the schedule's group: https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = local.account_id
          "aws:SourceArn"     = "${local._arn}:scheduler:${local.region}:${local.account_id}:schedule-group/default"
        }
      }
    }]
  }

  _schedule_permissions = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "InvokeFunction"
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = [aws_lambda_function.this.arn]
      },
      {
        Sid      = "SendDeadLetters"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [aws_sqs_queue.dead_letter.arn]
      },
      {
        Sid       = "EncryptDeadLetters"
        Effect    = "Allow"
        Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
        Resource  = [var.key_arns.alerts]
        Condition = { StringEquals = { "kms:ViaService" = "sqs.${local.region}.amazonaws.com" } }
      },
      {
        # Scheduler reads an encrypted schedule as this role: https://docs.aws.amazon.com/scheduler/latest/UserGuide/encryption-rest.html
        Sid       = "DecryptSchedule"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = [var.key_arns.functions]
        Condition = { StringEquals = { "kms:EncryptionContext:aws:scheduler:schedule:arn" = values(local.schedule_arns) } }
      },
    ]
  }
}

resource "aws_iam_role" "schedule" {
  count = length(var.schedules) > 0 ? 1 : 0

  name                 = "${local.function_name}-schedule"
  description          = "Lets the schedules call ${local.function_name}, and nothing else"
  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = jsonencode(local._schedule_trust)
}

resource "aws_iam_role_policy" "schedule" {
  count = length(var.schedules) > 0 ? 1 : 0

  name   = "${local.kebab}-schedule"
  role   = aws_iam_role.schedule[0].name
  policy = jsonencode(local._schedule_permissions)
}

resource "aws_scheduler_schedule" "this" {
  for_each = var.schedules

  name                         = "${local.function_name}-${each.key}"
  description                  = "Calls ${local.function_name} (${each.key})"
  schedule_expression          = each.value.expression
  schedule_expression_timezone = each.value.timezone
  kms_key_arn                  = var.key_arns.functions
  state                        = var.schedules_enabled ? "ENABLED" : "DISABLED"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.this.arn
    role_arn = aws_iam_role.schedule[0].arn
    # The function learns which schedule calls; what it does follows from the state it finds, not from how often it is called.
    input = jsonencode(merge({ schedule = each.key }, each.value.input))

    dead_letter_config {
      arn = aws_sqs_queue.dead_letter.arn
    }

    retry_policy {
      maximum_event_age_in_seconds = each.value.max_age_seconds
      maximum_retry_attempts       = each.value.max_attempts
    }
  }

  depends_on = [aws_iam_role_policy.schedule]
}
