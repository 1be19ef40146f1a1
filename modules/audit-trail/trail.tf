resource "aws_cloudtrail" "this" {
  # checkov:skip=CKV_AWS_252: A notice for each log file, every five minutes, is read by nobody; what matters is told by rules (events.tf)
  # checkov:skip=CKV2_AWS_10: Delivery to CloudWatch Logs doubles the price of the logs and is a variable; the rules need no log group
  name           = local.trail_name
  s3_bucket_name = module.trail_bucket.bucket
  kms_key_id     = var.key_arn

  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true

  cloud_watch_logs_group_arn = one([for group in aws_cloudwatch_log_group.trail : "${group.arn}:*"])
  cloud_watch_logs_role_arn  = one(aws_iam_role.log_delivery[*].arn)

  advanced_event_selector {
    name = "Management events, reads and writes"

    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
  }

  # Who read which object is what a breach is measured by.
  advanced_event_selector {
    name = "Objects of the lake, of its replica and of the reports"

    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }
    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }
    field_selector {
      field       = "resources.ARN"
      starts_with = [for bucket in [var.lake_bucket, var.replica_bucket, var.reports_bucket] : "${local.bucket_arns[bucket]}/"]
    }
  }

  advanced_event_selector {
    name = "Calls of the platform's functions"

    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }
    field_selector {
      field  = "resources.type"
      equals = ["AWS::Lambda::Function"]
    }
    field_selector {
      field       = "resources.ARN"
      starts_with = [for region in [local.region, local.recovery_region] : "arn:${local.partition}:lambda:${region}:${local.account}:function:${var.name}-"]
    }
  }

  # CloudTrail tries both when the trail is made.
  depends_on = [aws_iam_role_policy.log_delivery, module.trail_bucket]
}
