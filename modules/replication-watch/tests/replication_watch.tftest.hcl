mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

mock_provider "aws" {
  alias           = "recovery"
  override_during = plan

  mock_data "aws_region" {
    defaults = { name = "ap-south-2" }
  }
}

variables {
  name      = "kosha-test"
  topic_arn = "arn:aws:sns:ap-south-1:111122223333:kosha-test-platform"
  buckets = {
    lake = { source = "lake", destination = "replica", rule = "everything", to_recovery = true, late_minutes = 15 }
  }
  file_systems = {
    shared-storage = { source = "fs-1", destination = "fs-2", late_minutes = 15 }
  }
}

run "each_alarm_is_where_its_metric_is_published" {
  command = plan

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.this) == ["lake-failed", "shared-storage-late"] && keys(aws_cloudwatch_metric_alarm.recovery) == ["lake-late", "lake-waiting"]
    error_message = "what failed is published where the source lies, what is late or waits where the replica lies"
  }
  assert {
    condition = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.recovery), [aws_cloudwatch_metric_alarm.this["lake-failed"]]) :
      alarm.dimensions == tomap({ SourceBucket = "lake", DestinationBucket = "replica", RuleId = "everything" }) && alarm.namespace == "AWS/S3"
    ])
    error_message = "an alarm looks at another replication"
  }
  assert {
    condition     = output.recovery_alarm_arns == ["arn:aws:cloudwatch:ap-south-2:111122223333:alarm:kosha-test-replication-lake-late", "arn:aws:cloudwatch:ap-south-2:111122223333:alarm:kosha-test-replication-lake-waiting"]
    error_message = "alarms of the recovery region are not handed on: ${jsonencode(output.recovery_alarm_arns)}"
  }
}

run "a_lake_that_is_late_or_fails_is_noticed" {
  command = plan

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.recovery["lake-late"].metric_name == "ReplicationLatency" && aws_cloudwatch_metric_alarm.recovery["lake-late"].threshold == 900 &&
      aws_cloudwatch_metric_alarm.recovery["lake-late"].statistic == "Maximum"
    )
    error_message = "more than 900 seconds behind must be noticed"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.recovery["lake-waiting"].metric_name == "BytesPendingReplication" && aws_cloudwatch_metric_alarm.recovery["lake-waiting"].statistic == "Minimum"
    error_message = "a replication that never catches up must be noticed"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["lake-failed"].metric_name == "OperationsFailedReplication" && aws_cloudwatch_metric_alarm.this["lake-failed"].threshold == 0
    error_message = "an object that is not replicated must be noticed"
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset([var.topic_arn])])
    error_message = "an alarm of the primary region tells nobody"
  }
}

run "shared_storage_that_is_late_or_no_longer_replicated_is_noticed" {
  command = plan

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["shared-storage-late"].namespace == "AWS/EFS" && aws_cloudwatch_metric_alarm.this["shared-storage-late"].metric_name == "TimeSinceLastSync" &&
      aws_cloudwatch_metric_alarm.this["shared-storage-late"].dimensions == tomap({ FileSystemId = "fs-1", DestinationFileSystemId = "fs-2" }) &&
      aws_cloudwatch_metric_alarm.this["shared-storage-late"].threshold == 900
    )
    error_message = "a replica of the shared storage older than 15 minutes must be noticed"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["shared-storage-late"].treat_missing_data == "breaching"
    error_message = "a replication that is gone publishes nothing, and must be noticed all the same"
  }
}

run "the_way_back_is_watched_at_the_other_end" {
  command = plan

  variables {
    buckets = {
      lake-back = { source = "replica", destination = "lake", rule = "everything", to_recovery = false, late_minutes = 15 }
    }
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.this) == ["lake-back-late", "lake-back-waiting", "shared-storage-late"] && keys(aws_cloudwatch_metric_alarm.recovery) == ["lake-back-failed"]
    error_message = "from the recovery region to the primary it is the other way round"
  }
}

run "refuses_a_name_that_is_no_prefix" {
  command = plan

  variables {
    name = "kosha"
  }

  expect_failures = [var.name]
}

run "refuses_a_topic_that_is_none" {
  command = plan

  variables {
    topic_arn = "platform"
  }

  expect_failures = [var.topic_arn]
}

run "refuses_a_bucket_faster_than_s3_promises" {
  command = plan

  variables {
    buckets = { lake = { source = "lake", destination = "replica", rule = "everything", to_recovery = true, late_minutes = 5 } }
  }

  expect_failures = [var.buckets]
}

run "refuses_a_file_system_faster_than_efs_aims_at" {
  command = plan

  variables {
    file_systems = { shared-storage = { source = "fs-1", destination = "fs-2", late_minutes = 5 } }
  }

  expect_failures = [var.file_systems]
}
