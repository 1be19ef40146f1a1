# Who calls which function, and what each may do.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "ap-south-1" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:ap-south-1:111122223333:function:mock" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-south-1:111122223333:log-group:made-here" }
  }
  mock_resource "aws_lambda_layer_version" {
    defaults = { arn = "arn:aws:lambda:ap-south-1:111122223333:layer:mock:1" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:ap-south-1:111122223333:rule/mock" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/made-here" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:ap-south-1:111122223333:mock-dead-letters" }
  }
}

variables {
  name          = "kosha-test"
  environment   = "test"
  functions_dir = "tests/functions"
  storage = {
    access_point_arns = {
      intermediate = "arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-intermediate"
      published    = "arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-published"
      scratch      = "arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-scratch"
    }
    client_role_arns = {
      workers                      = "arn:aws:iam::111122223333:role/kosha-test-storage-workers"
      scratch_cleaner_intermediate = "arn:aws:iam::111122223333:role/kosha-test-storage-scratch-cleaner-intermediate"
      scratch_cleaner_published    = "arn:aws:iam::111122223333:role/kosha-test-storage-scratch-cleaner-published"
      scratch_cleaner_scratch      = "arn:aws:iam::111122223333:role/kosha-test-storage-scratch-cleaner-scratch"
    }
    lake_bucket        = "kosha-test-lake-ap-south-1"
    lake_bucket_arn    = "arn:aws:s3:::kosha-test-lake-ap-south-1"
    code_bucket        = "kosha-test-code-ap-south-1"
    reports_bucket     = "kosha-test-reports-ap-south-1"
    reports_bucket_arn = "arn:aws:s3:::kosha-test-reports-ap-south-1"
    transfers = {
      transfer = {
        directory = "published", lake_prefix = "", every_minutes = 30, report_prefix = "transfer-reports"
        task_arn  = "arn:aws:datasync:ap-south-1:111122223333:task/task-1"
      }
      snapshots = {
        directory = "critical", lake_prefix = "snapshots", every_minutes = 60, report_prefix = "snapshot-reports"
        task_arn  = "arn:aws:datasync:ap-south-1:111122223333:task/task-2"
      }
    }
  }
  network = {
    subnet_ids         = ["subnet-a", "subnet-b", "subnet-c"]
    security_group_ids = ["sg-functions"]
  }
  key_arns = {
    alerts    = "arn:aws:kms:ap-south-1:111122223333:key/alerts"
    backup    = "arn:aws:kms:ap-south-1:111122223333:key/backup"
    cluster   = "arn:aws:kms:ap-south-1:111122223333:key/cluster"
    functions = "arn:aws:kms:ap-south-1:111122223333:key/functions"
    lake      = "arn:aws:kms:ap-south-1:111122223333:key/lake"
    logs      = "arn:aws:kms:ap-south-1:111122223333:key/logs"
    storage   = "arn:aws:kms:ap-south-1:111122223333:key/storage"
    volumes   = "arn:aws:kms:ap-south-1:111122223333:key/volumes"
  }
  topic_arns = {
    transfer = "arn:aws:sns:ap-south-1:111122223333:kosha-test-transfer"
    data     = "arn:aws:sns:ap-south-1:111122223333:kosha-test-data"
    platform = "arn:aws:sns:ap-south-1:111122223333:kosha-test-platform"
  }
  cluster_log_group_names = {
    control_plane = "/aws/eks/kosha-test-cluster/cluster"
    application   = "/aws/containerinsights/kosha-test-cluster/application"
    dataplane     = "/aws/containerinsights/kosha-test-cluster/dataplane"
    host          = "/aws/containerinsights/kosha-test-cluster/host"
  }
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
}

# One run for all: a run plans and applies the whole module whatever it looks at, seconds of CPU each time.
run "the_functions_as_they_are" {
  command = apply

  # Starter may start the transfers and tell of it.
  assert {
    condition = [for s in jsondecode(module.transfer_starter.permissions_policy).Statement : [s.Sid, s.Action, s.Resource]] == [
      ["StartTransfer", ["datasync:DescribeTask", "datasync:StartTaskExecution"], ["arn:aws:datasync:ap-south-1:111122223333:task/task-2", "arn:aws:datasync:ap-south-1:111122223333:task/task-1"]],
      ["ListTransfers", ["datasync:ListTaskExecutions"], ["*"]],
      ["DescribeExecutions", ["datasync:DescribeTaskExecution"], ["arn:aws:datasync:ap-south-1:111122223333:task/task-2/execution/*", "arn:aws:datasync:ap-south-1:111122223333:task/task-1/execution/*"]],
      ["PublishNotices", ["sns:Publish"], ["arn:aws:sns:ap-south-1:111122223333:kosha-test-transfer"]],
      ["EncryptNotices", ["kms:Decrypt", "kms:GenerateDataKey"], ["arn:aws:kms:ap-south-1:111122223333:key/alerts"]],
    ]
    error_message = "The starter may look at and start the tasks, list executions, and publish on the topic transfer."
  }
  assert {
    condition = module.transfer_starter.environment == tomap({
      ENVIRONMENT                  = "test"
      POWERTOOLS_LOG_LEVEL         = "INFO"
      POWERTOOLS_METRICS_NAMESPACE = "Kosha"
      POWERTOOLS_SERVICE_NAME      = "transfer_starter"
      TRANSFERS                    = jsonencode(var.storage.transfers)
      TRANSFER_TOPIC_ARN           = "arn:aws:sns:ap-south-1:111122223333:kosha-test-transfer"
    })
    error_message = "The starter gets the settings of lambda_src/transfer_starter/config.py."
  }
  assert {
    condition     = var.transfer_schedule == { expression = "cron(0/30 * * * ? *)", timezone = "Asia/Kolkata" }
    error_message = "Transfers are due at every full and half hour, Indian time."
  }

  # Tagger changes tags and never reads data.
  assert {
    condition = [for s in jsondecode(module.object_tagger.permissions_policy).Statement : [s.Sid, s.Action, s.Resource]] == [
      ["DescribeExecutions", ["datasync:DescribeTaskExecution"], ["arn:aws:datasync:ap-south-1:111122223333:task/task-2/execution/*", "arn:aws:datasync:ap-south-1:111122223333:task/task-1/execution/*"]],
      ["ListReports", ["s3:ListBucket"], ["arn:aws:s3:::kosha-test-reports-ap-south-1"]],
      ["ReadReports", ["s3:GetObject"], ["arn:aws:s3:::kosha-test-reports-ap-south-1/snapshot-reports/*", "arn:aws:s3:::kosha-test-reports-ap-south-1/transfer-reports/*"]],
      ["NoticeMissingObjects", ["s3:ListBucket", "s3:ListBucketVersions"], ["arn:aws:s3:::kosha-test-lake-ap-south-1"]],
      ["ReadTags", ["s3:GetObjectTagging", "s3:GetObjectVersionTagging"], ["arn:aws:s3:::kosha-test-lake-ap-south-1/*"]],
      ["WriteTags", ["s3:PutObjectVersionTagging"], ["arn:aws:s3:::kosha-test-lake-ap-south-1/*"]],
      ["FindState", ["s3:ListBucket"], ["arn:aws:s3:::kosha-test-reports-ap-south-1"]],
      ["KeepState", ["s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::kosha-test-reports-ap-south-1/automation-state/object_tagger/*"]],
      ["EncryptState", ["kms:Decrypt", "kms:GenerateDataKey"], ["arn:aws:kms:ap-south-1:111122223333:key/lake"]],
      ["PublishNotices", ["sns:Publish"], ["arn:aws:sns:ap-south-1:111122223333:kosha-test-data"]],
      ["EncryptNotices", ["kms:Decrypt", "kms:GenerateDataKey"], ["arn:aws:kms:ap-south-1:111122223333:key/alerts"]],
    ]
    error_message = "The tagger reads reports, reads and writes tags, and publishes on the topic data; nothing else."
  }
  assert {
    condition = { for s in jsondecode(module.object_tagger.permissions_policy).Statement : s.Sid => s.Condition if can(s.Condition) } == {
      ListReports    = { StringLike = { "s3:prefix" = ["snapshot-reports/*", "transfer-reports/*"] } }
      FindState      = { StringLike = { "s3:prefix" = ["automation-state/object_tagger/*"] } }
      EncryptState   = { StringEquals = { "kms:ViaService" = ["s3.ap-south-1.amazonaws.com"] } }
      WriteTags      = { Null = { "s3:RequestObjectTag/data_class" = ["false"] } }
      EncryptNotices = { StringEquals = { "kms:ViaService" = ["sns.ap-south-1.amazonaws.com"] } }
    }
    error_message = "Listing is limited to the reports, keys to their service, and a tag set always has a class."
  }
  assert {
    condition = module.object_tagger.environment == tomap({
      DATA_TOPIC_ARN               = "arn:aws:sns:ap-south-1:111122223333:kosha-test-data"
      ENVIRONMENT                  = "test"
      LAKE_BUCKET                  = "kosha-test-lake-ap-south-1"
      POWERTOOLS_LOG_LEVEL         = "INFO"
      POWERTOOLS_METRICS_NAMESPACE = "Kosha"
      POWERTOOLS_SERVICE_NAME      = "object_tagger"
      READ_TAGS_FIRST              = "false"
      REPORTS_BUCKET               = "kosha-test-reports-ap-south-1"
      TRANSFERS                    = jsonencode(var.storage.transfers)
    })
    error_message = "The tagger gets the settings of lambda_src/object_tagger/config.py."
  }

  # Two of these at once would undo each other's work.
  assert {
    condition = alltrue([
      for function in concat(values(module.scratch_cleaner), [
        module.instance_scheduler, module.object_tagger, module.tag_auditor, module.transfer_reconciler,
        module.transfer_starter, module.volume_reaper,
      ]) : function.reserved_concurrency == 1
    ])
    error_message = "A function that must run alone may run twice at once."
  }

  # Notifier tells of the end and no more.
  assert {
    condition     = [for s in jsondecode(module.transfer_notifier.permissions_policy).Statement : s.Sid] == ["DescribeExecutions", "PublishNotices", "EncryptNotices"]
    error_message = "The notifier looks at executions and publishes."
  }
  assert {
    condition     = jsondecode(module.transfer_notifier.permissions_policy).Statement[1].Resource == ["arn:aws:sns:ap-south-1:111122223333:kosha-test-transfer"]
    error_message = "The notifier publishes on the topic transfer."
  }
  assert {
    condition     = module.transfer_notifier.environment["TRANSFER_TOPIC_ARN"] == "arn:aws:sns:ap-south-1:111122223333:kosha-test-transfer" && module.transfer_notifier.environment["POWERTOOLS_SERVICE_NAME"] == "transfer_notifier"
    error_message = "The notifier gets the settings of lambda_src/transfer_notifier/config.py."
  }

  # Events of our transfers only call the functions.
  assert {
    condition = jsondecode(local.transfer_ended) == {
      source      = ["aws.datasync"]
      detail-type = ["DataSync Task Execution State Change"]
      resources   = [for task in ["task-2", "task-1"] : { prefix = "arn:aws:datasync:ap-south-1:111122223333:task/${task}/execution/" }]
      detail      = { State = ["SUCCESS", "ERROR"] }
    }
    error_message = "The tagger and the notifier are called when one of our transfers has ended, well or badly."
  }

  # Reconciler looks and calls the functions that mend.
  assert {
    condition = [for s in jsondecode(module.transfer_reconciler.permissions_policy).Statement : [s.Sid, s.Action]] == [
      ["ListTransfers", ["datasync:ListTaskExecutions"]],
      ["DescribeExecutions", ["datasync:DescribeTaskExecution"]],
      ["FindReceipts", ["s3:ListBucket"]],
      ["ReadReceipts", ["s3:GetObject"]],
      ["CallTheTagger", ["lambda:InvokeFunction"]],
      ["FindState", ["s3:ListBucket"]],
      ["KeepState", ["s3:GetObject", "s3:PutObject"]],
      ["EncryptState", ["kms:Decrypt", "kms:GenerateDataKey"]],
      ["PublishNotices", ["sns:Publish"]],
      ["EncryptNotices", ["kms:Decrypt", "kms:GenerateDataKey"]],
    ]
    error_message = "The reconciler looks at executions and receipts, calls two functions, remembers and publishes; nothing else."
  }
  assert {
    condition     = var.reconciler_schedule == { expression = "cron(15/30 * * * ? *)", timezone = "Asia/Kolkata" }
    error_message = "It looks in the middle of each half hour."
  }

  # Reaper deletes only what carries its mark.
  assert {
    condition = { for s in jsondecode(module.volume_reaper.permissions_policy).Statement : s.Sid => [s.Action, s.Resource, s.Condition] if startswith(s.Sid, "Delete") } == {
      DeleteMarkedVolumes  = [["ec2:DeleteVolume"], ["arn:aws:ec2:ap-south-1:111122223333:volume/*"], { Null = { "aws:ResourceTag/kosha:unattached-since" = ["false"] } }]
      DeleteFinalSnapshots = [["ec2:DeleteSnapshot"], ["arn:aws:ec2:ap-south-1::snapshot/*"], { Null = { "aws:ResourceTag/kosha:final-snapshot-of" = ["false"] } }]
    }
    error_message = "Only marked volumes and final snapshots may go."
  }
  assert {
    condition     = module.volume_reaper.environment["SNAPSHOT_RETENTION_DAYS"] == tostring(yamldecode(file("../../catalog/recovery.yaml")).final_snapshots.keep_days)
    error_message = "Last snapshots are kept as the catalogue says."
  }
  assert {
    condition     = [for s in jsondecode(module.volume_reaper.permissions_policy).Statement : s.Sid if contains(s.Resource, "*")] == ["ReadMetrics", "Look"]
    error_message = "Only looking knows no resources."
  }

  assert {
    condition = { for name, arn in output.function_arns : (startswith(name, "scratch_cleaner_") ? "scratch_cleaner" : name) => name... } == merge(
      { for handler in fileset("../../lambda_src", "*/handler.py") : dirname(handler) => [dirname(handler)] },
      { scratch_cleaner = ["scratch_cleaner_intermediate", "scratch_cleaner_published", "scratch_cleaner_scratch"] },
    )
    error_message = "Every function has its ARN in the handoff (docs/architecture.md)."
  }
  assert {
    condition     = toset(flatten([for states in output.schedule_states : values(states)])) == toset(["ENABLED"])
    error_message = "Schedules call the functions unless this is a standby."
  }

  # Backfill tags and never reads data.
  assert {
    condition = [for s in jsondecode(module.tag_backfill.permissions_policy).Statement : s.Sid] == [
      "FindState", "KeepState", "EncryptState", "WriteReports", "ListLake", "ReadTags", "WriteTags", "AskForTaggingJobs", "FollowJobs", "HandOverJobRole", "PublishNotices", "EncryptNotices",
    ]
    error_message = "The backfill lists, reads and writes tags, asks for jobs, keeps its state, and publishes on the topic data."
  }
  assert {
    condition = { for s in jsondecode(module.tag_backfill.permissions_policy).Statement : s.Sid => s.Condition if contains(["WriteTags", "AskForTaggingJobs", "HandOverJobRole"], s.Sid) } == {
      WriteTags         = { Null = { "s3:RequestObjectTag/data_class" = ["false"] } }
      AskForTaggingJobs = { StringEquals = { "s3:RequestJobOperation" = ["S3PutObjectTagging"] } }
      HandOverJobRole   = { StringEquals = { "iam:PassedToService" = ["batchoperations.s3.amazonaws.com"] } }
    }
    error_message = "Jobs may only tag, the role goes to Batch Operations only, and a tag set always has a class."
  }
  assert {
    condition     = var.backfill_schedule == { expression = "rate(15 minutes)", timezone = "Asia/Kolkata" }
    error_message = "An open run goes on every quarter of an hour."
  }

  # Cleaners read the lake and write only their state.
  assert {
    condition     = keys(module.scratch_cleaner) == ["intermediate", "published", "scratch"]
    error_message = "Each directory that the catalogue calls cleaned has a function of its own, and no other has one."
  }
  assert {
    condition = [for s in jsondecode(module.scratch_cleaner["scratch"].permissions_policy).Statement : [s.Sid, s.Action, s.Resource]] == [
      ["FindState", ["s3:ListBucket"], ["arn:aws:s3:::kosha-test-reports-ap-south-1"]],
      ["KeepState", ["s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::kosha-test-reports-ap-south-1/automation-state/scratch_cleaner/*"]],
      ["EncryptState", ["kms:Decrypt", "kms:GenerateDataKey"], ["arn:aws:kms:ap-south-1:111122223333:key/lake"]],
      ["WriteReports", ["s3:PutObject"], ["arn:aws:s3:::kosha-test-reports-ap-south-1/automation-reports/scratch_cleaner/*"]],
      ["NoticeMissingCopies", ["s3:ListBucket"], ["arn:aws:s3:::kosha-test-lake-ap-south-1"]],
      ["LookAtCopies", ["s3:GetObject", "s3:GetObjectTagging"], ["arn:aws:s3:::kosha-test-lake-ap-south-1/*"]],
      ["PublishNotices", ["sns:Publish"], ["arn:aws:sns:ap-south-1:111122223333:kosha-test-data"]],
      ["EncryptNotices", ["kms:Decrypt", "kms:GenerateDataKey"], ["arn:aws:kms:ap-south-1:111122223333:key/alerts"]],
    ]
    error_message = "A cleaner looks at copies, keeps its state, writes its reports and publishes; it changes nothing in the lake."
  }
  assert {
    condition = module.scratch_cleaner["published"].environment == tomap({
      DATA_TOPIC_ARN               = "arn:aws:sns:ap-south-1:111122223333:kosha-test-data"
      DIRECTORY                    = "published"
      ENVIRONMENT                  = "test"
      LAKE_BUCKET                  = "kosha-test-lake-ap-south-1"
      MOUNT_PATH                   = "/mnt/published"
      NEEDS_REPLICA                = "true"
      POWERTOOLS_LOG_LEVEL         = "INFO"
      POWERTOOLS_METRICS_NAMESPACE = "Kosha"
      POWERTOOLS_SERVICE_NAME      = "scratch_cleaner_published"
      REPORTS_BUCKET               = "kosha-test-reports-ap-south-1"
      TRANSFERS                    = jsonencode(var.storage.transfers)
      UNDO_DAYS                    = "6"
    })
    error_message = "A cleaner gets the settings of lambda_src/scratch_cleaner/config.py."
  }
  assert {
    condition     = var.cleaning_schedule == { expression = "cron(0 2 ? * SUN *)", timezone = "Asia/Kolkata" }
    error_message = "It cleans on Sunday at two in the morning, Indian time."
  }

  # Auditor looks and changes nothing.
  assert {
    condition = [for s in jsondecode(module.tag_auditor.permissions_policy).Statement : [s.Sid, s.Action]] == [
      ["FindState", ["s3:ListBucket"]],
      ["KeepState", ["s3:GetObject", "s3:PutObject"]],
      ["EncryptState", ["kms:Decrypt", "kms:GenerateDataKey"]],
      ["WriteReports", ["s3:PutObject"]],
      ["ListLake", ["s3:ListBucket"]],
      ["ReadTags", ["s3:GetObjectTagging"]],
      ["PublishNotices", ["sns:Publish"]],
      ["EncryptNotices", ["kms:Decrypt", "kms:GenerateDataKey"]],
    ]
    error_message = "The auditor lists the lake, reads tags, keeps its state, writes its reports and publishes; nothing else."
  }
  assert {
    condition     = var.audit_schedule == { expression = "cron(0 6 * * ? *)", timezone = "Asia/Kolkata" } && module.tag_auditor.environment["GRACE_MINUTES"] == "150"
    error_message = "It audits at six in the morning, Indian time, and leaves the taggers two and a half hours."
  }

  # Alerter remembers and tells and reads no logs.
  assert {
    condition = [for s in jsondecode(module.log_alerter.permissions_policy).Statement : [s.Sid, s.Action, s.Resource]] == [
      ["FindState", ["s3:ListBucket"], ["arn:aws:s3:::kosha-test-reports-ap-south-1"]],
      ["KeepState", ["s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::kosha-test-reports-ap-south-1/automation-state/log_alerter/*"]],
      ["EncryptState", ["kms:Decrypt", "kms:GenerateDataKey"], ["arn:aws:kms:ap-south-1:111122223333:key/lake"]],
      ["PublishNotices", ["sns:Publish"], ["arn:aws:sns:ap-south-1:111122223333:kosha-test-platform", "arn:aws:sns:ap-south-1:111122223333:kosha-test-data"]],
      ["EncryptNotices", ["kms:Decrypt", "kms:GenerateDataKey"], ["arn:aws:kms:ap-south-1:111122223333:key/alerts"]],
    ]
    error_message = "The alerter keeps its state and publishes on two topics; lines are brought to it."
  }
  assert {
    condition     = var.log_flush_schedule == { expression = "cron(5/10 * * * ? *)", timezone = "Asia/Kolkata" }
    error_message = "What has become due is told every ten minutes."
  }

  # Alerter watches the cluster and every function but itself.
  assert {
    condition = { for name, filter in local.log_filters : name => filter.log_group_name if !startswith(name, "functions--") } == {
      applications--application         = "/aws/containerinsights/kosha-test-cluster/application"
      cluster-audit--control-plane      = "/aws/eks/kosha-test-cluster/cluster"
      cluster-components--control-plane = "/aws/eks/kosha-test-cluster/cluster"
      nodes--dataplane                  = "/aws/containerinsights/kosha-test-cluster/dataplane"
      nodes--host                       = "/aws/containerinsights/kosha-test-cluster/host"
    }
    error_message = "The filters of the catalogue lie on the cluster's log groups."
  }
  assert {
    condition     = local.log_filters["functions--transfer-starter"].log_group_name == "/aws/lambda/kosha-test-transfer-starter"
    error_message = "The functions' log groups are watched."
  }
  assert {
    condition     = !contains(values(local.log_filters)[*].log_group_name, module.log_alerter.log_group_name)
    error_message = "A line about a line would never end: the alerter's own log group is not subscribed."
  }
  assert {
    condition     = alltrue([for group in values(local.log_filters)[*].log_group_name : length([for each in values(local.log_filters) : each if each.log_group_name == group]) <= 2])
    error_message = "CloudWatch Logs allows two subscription filters on a log group."
  }

  # Patterns are made of the rules.
  assert {
    condition     = local.log_filters["functions--transfer-starter"].pattern == "?\"ERROR\" ?\"CRITICAL\" ?\"[ERROR]\" ?\"Runtime.ImportModuleError\" ?\"Runtime.HandlerNotFound\" ?\"Runtime.UserCodeSyntaxError\" ?\"MissingSetting\" ?\"Status: error\" ?\"Runtime exited\" ?\"Runtime.ExitError\" ?\"Runtime.OutOfMemory\" ?\"Task timed out\""
    error_message = "A text filter lets through lines with one of its rules' terms."
  }
  assert {
    condition     = strcontains(local.log_filters["cluster-audit--control-plane"].pattern, "(($.objectRef.subresource = \"exec\" || $.objectRef.subresource = \"attach\") && ($.stage = \"ResponseStarted\"))")
    error_message = "A JSON filter asks for every field of a rule."
  }
  assert {
    condition     = strcontains(local.log_filters["cluster-audit--control-plane"].pattern, "$.responseStatus.code = 403")
    error_message = "Numbers are compared as numbers."
  }

  # Scheduler stops only what opted in.
  assert {
    condition = { for s in jsondecode(module.instance_scheduler.permissions_policy).Statement : s.Sid => [s.Action, s.Resource, s.Condition] if contains(["StopAndStartScheduledInstances", "MarkScheduledInstances", "LetEc2OpenVolumes"], s.Sid) } == {
      StopAndStartScheduledInstances = [["ec2:StartInstances", "ec2:StopInstances"], ["arn:aws:ec2:ap-south-1:111122223333:instance/*"], {
        Null                           = { "aws:ResourceTag/kosha:schedule" = ["false"] }
        StringEqualsIgnoreCaseIfExists = { "aws:ResourceTag/kosha:protect" = ["", "false"] }
      }]
      MarkScheduledInstances = [["ec2:CreateTags", "ec2:DeleteTags"], ["arn:aws:ec2:ap-south-1:111122223333:instance/*"], {
        "ForAllValues:StringEquals" = { "aws:TagKeys" = ["kosha:stopped-at"] }
        Null                        = { "aws:TagKeys" = ["false"], "aws:ResourceTag/kosha:schedule" = ["false"] }
      }]
      LetEc2OpenVolumes = [["kms:CreateGrant"], ["arn:aws:kms:ap-south-1:111122223333:key/volumes"], {
        Bool         = { "kms:GrantIsForAWSResource" = ["true"] }
        StringEquals = { "kms:ViaService" = ["ec2.ap-south-1.amazonaws.com"] }
      }]
    }
    error_message = "Only instances with the schedule's tag may be stopped, started and marked, and only with the one mark."
  }
  assert {
    condition     = [for s in jsondecode(module.instance_scheduler.permissions_policy).Statement : s.Sid if contains(s.Resource, "*")] == ["ReadMetrics", "Look"]
    error_message = "Only looking knows no resources."
  }
  assert {
    condition     = var.instance_look_schedule == { expression = "cron(0/15 * * * ? *)", timezone = "Asia/Kolkata" }
    error_message = "Instances are looked at every quarter of an hour, Indian time."
  }
  assert {
    condition     = jsondecode(module.instance_scheduler.environment["SCHEDULES"]) == { office-hours = { weekdays = ["fri", "mon", "thu", "tue", "wed"], begin = "08:00", end = "20:00", timezone = "Asia/Kolkata", start = false } }
    error_message = "The default hours are those of an office in India, and start nothing."
  }
}

# Another prefix, because roles and layers of a standby lie beside those of the platform: IAM has no regions.
run "a_standby_is_called_by_nobody" {
  command = plan

  variables {
    name              = "kosha-test-recovery"
    schedules_enabled = false
  }

  assert {
    condition     = setsubtract(keys(output.function_arns), keys(output.schedule_states)) == toset(["object_tagger", "transfer_notifier"]) && toset(flatten([for states in output.schedule_states : values(states)])) == toset(["DISABLED"])
    error_message = "No schedule of a standby calls a function."
  }
  assert {
    condition     = aws_iam_role.backfill_jobs.name == "kosha-test-recovery-tag-backfill-jobs" && module.transfer_starter.name == "kosha-test-recovery-transfer-starter"
    error_message = "What a standby makes bears its own names."
  }
}

run "refuses_inputs_that_cannot_be" {
  command = plan

  variables {
    name                     = "kosha"
    permissions_boundary_arn = "kosha-test-boundary"
    key_arns                 = { alerts = "arn:aws:kms:ap-south-1:111122223333:key/alerts" }
  }

  expect_failures = [var.name, var.permissions_boundary_arn, var.key_arns]
}

run "refuses_a_cleaned_directory_without_access_point" {
  command = plan

  variables {
    storage = {
      access_point_arns  = { published = "arn:aws:elasticfilesystem:ap-south-1:111122223333:access-point/fsap-published" }
      client_role_arns   = {}
      lake_bucket        = "kosha-test-lake-ap-south-1"
      lake_bucket_arn    = "arn:aws:s3:::kosha-test-lake-ap-south-1"
      code_bucket        = "kosha-test-code-ap-south-1"
      reports_bucket     = "kosha-test-reports-ap-south-1"
      reports_bucket_arn = "arn:aws:s3:::kosha-test-reports-ap-south-1"
      transfers = {
        transfer = {
          directory = "published", lake_prefix = "", every_minutes = 30, report_prefix = "transfer-reports"
          task_arn  = "arn:aws:datasync:ap-south-1:111122223333:task/task-1"
        }
        snapshots = {
          directory = "critical", lake_prefix = "snapshots", every_minutes = 60, report_prefix = "snapshot-reports"
          task_arn  = "arn:aws:datasync:ap-south-1:111122223333:task/task-2"
        }
      }
    }
  }

  expect_failures = [var.storage]
}

run "refuses_hours_without_a_name" {
  command = plan

  variables {
    testing_hours = {}
  }

  expect_failures = [var.testing_hours]
}

run "refuses_a_weekday_nobody_knows" {
  command = plan

  variables {
    testing_hours = { office-hours = { weekdays = ["monday"], begin = "08:00", end = "20:00" } }
  }

  expect_failures = [var.testing_hours]
}

run "refuses_hours_that_end_when_they_begin" {
  command = plan

  variables {
    testing_hours = { office-hours = { weekdays = ["mon"], begin = "08:00", end = "08:00" } }
  }

  expect_failures = [var.testing_hours]
}

run "refuses_an_abbreviated_timezone" {
  command = plan

  variables {
    testing_hours = { office-hours = { weekdays = ["mon"], begin = "08:00", end = "20:00", timezone = "IST" } }
  }

  expect_failures = [var.testing_hours]
}

run "refuses_more_hours_than_lambda_takes" {
  command = plan

  variables {
    testing_hours = { for number in range(30) : "hours-${number}" => { weekdays = ["mon"], begin = "08:00", end = "20:00" } }
  }

  expect_failures = [var.testing_hours]
}

run "refuses_more_holidays_than_lambda_takes" {
  command = plan

  variables {
    testing_holidays = [for number in range(101) : format("%d-01-26", 2000 + number)]
  }

  expect_failures = [var.testing_holidays]
}

# One run for all: Terraform reports every value it refuses.
run "refuses_every_value_that_cannot_be" {
  command = plan

  variables {
    volume_window_days      = 7
    functions_dir           = "/tmp/functions"
    function_log_level      = "verbose"
    backfill_schedule       = { expression = "every quarter of an hour", timezone = "Asia/Kolkata" }
    cleaning_schedule       = { expression = "rate(7 days)", timezone = "Asia/Kolkata" }
    cleaning_undo_days      = 0.5
    audit_schedule          = { expression = "rate(1 day)", timezone = "Asia/Kolkata" }
    audit_grace_minutes     = 3000
    log_flush_schedule      = { expression = "every ten minutes", timezone = "Asia/Kolkata" }
    testing_holidays        = ["02-30"]
    instance_override_hours = 168
    busy_instance           = { window_minutes = 5 }
  }

  expect_failures = [
    var.volume_window_days,
    var.functions_dir,
    var.function_log_level,
    var.backfill_schedule,
    var.cleaning_schedule,
    var.cleaning_undo_days,
    var.audit_schedule,
    var.audit_grace_minutes,
    var.log_flush_schedule,
    var.testing_holidays,
    var.instance_override_hours,
    var.busy_instance,
  ]
}
