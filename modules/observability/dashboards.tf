# One dashboard for each audience: its alarms, then panels, three in a row. A panel is a title, what its axis counts, and lines.
locals {
  _w = var.watched

  _efs         = { FileSystemId = local._w.file_system_id }
  _lake        = { BucketName = local._w.lake_bucket, FilterId = aws_s3_bucket_metric.lake.name }
  _replication = { SourceBucket = local._w.lake_bucket, DestinationBucket = local._w.replica_bucket, RuleId = local._w.replication_rule }
  _cluster     = { ClusterName = local._w.cluster_name }

  _panels = {
    platform = concat([
      { title = "Tags of the data lake", unit = "percent", period = 86400, limits = ["tag-coverage"], lines = [
        for metric, label in { TagCoverage = "have tags", TagCorrectness = "have the right ones" } :
        { space = "Kosha", metric = metric, of = { service = "tag_auditor" }, stat = "Minimum", label = label }
      ] },
      { title = "Samples of the pipeline", unit = "samples", period = 3600, limits = [], lines = [
        for metric, label in { SamplesEnded = "ended", SamplesFailed = "failed" } :
        { space = "Kosha", metric = metric, of = {}, stat = "Sum", label = label }
      ] },
      { title = "Events given up", unit = "events", period = 300, limits = [], lines = [
        for function in local._w.functions :
        { space = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", of = { QueueName = "${function}-dead-letters" }, stat = "Maximum", label = trimprefix(function, "${var.name}-") }
      ] },
      ],
      [for metric, about in {
        Errors      = { title = "Failed calls of functions", unit = "calls", stat = "Sum" }
        Invocations = { title = "Calls of functions", unit = "calls", stat = "Sum" }
        Duration    = { title = "Longest call of functions", unit = "milliseconds", stat = "Maximum" }
        } : { title = about.title, unit = about.unit, period = 300, limits = [], lines = [
          for function in local._w.functions :
          { space = "AWS/Lambda", metric = metric, of = { FunctionName = function }, stat = about.stat, label = trimprefix(function, "${var.name}-") }
      ] }],
    )

    storage = [
      { title = "Shared storage: bytes", unit = "bytes in 5 minutes", period = 300, limits = [], lines = [
        for metric, label in { DataReadIOBytes = "read", DataWriteIOBytes = "written", MetadataIOBytes = "metadata" } :
        { space = "AWS/EFS", metric = metric, of = local._efs, stat = "Sum", label = label }
      ] },
      { title = "Shared storage: use of its operations", unit = "percent", period = 300, limits = ["storage-io-limit"], lines = [
        { space = "AWS/EFS", metric = "PercentIOLimit", of = local._efs, stat = "Maximum", label = "of the limit" },
      ] },
      { title = "Shared storage: throughput", unit = "bytes", period = 300, limits = [], lines = [
        { space = "AWS/EFS", metric = "PermittedThroughput", of = local._efs, stat = "Average", label = "permitted, a second" },
        { space = "AWS/EFS", metric = "MeteredIOBytes", of = local._efs, stat = "Sum", label = "used in 5 minutes" },
      ] },
      { title = "Shared storage: what lies there", unit = "bytes", period = 3600, limits = [], lines = [
        for class in ["Total", "Standard", "IA", "Archive"] :
        { space = "AWS/EFS", metric = "StorageBytes", of = merge(local._efs, { StorageClass = class }), stat = "Average", label = class }
      ] },
      { title = "Shared storage: clients", unit = "connections", period = 300, limits = [], lines = [
        { space = "AWS/EFS", metric = "ClientConnections", of = local._efs, stat = "Sum", label = "connected" },
      ] },
      { title = "Data lake: requests", unit = "requests in 5 minutes", period = 300, limits = [], lines = [
        for metric, label in { AllRequests = "all", GetRequests = "reads", PutRequests = "writes" } :
        { space = "AWS/S3", metric = metric, of = local._lake, stat = "Sum", label = label }
      ] },
      { title = "Data lake: refused and failed requests", unit = "requests in 5 minutes", period = 300, limits = [], lines = [
        for metric, label in { "4xxErrors" = "refused (4xx)", "5xxErrors" = "failed (5xx)" } :
        { space = "AWS/S3", metric = metric, of = local._lake, stat = "Sum", label = label }
      ] },
      { title = "Data lake: time to the first byte", unit = "milliseconds", period = 300, limits = [], lines = [
        { space = "AWS/S3", metric = "FirstByteLatency", of = local._lake, stat = "Average", label = "on average" },
      ] },
      { title = "Data lake: objects", unit = "objects", period = 86400, limits = [], lines = [
        { space = "AWS/S3", metric = "NumberOfObjects", of = { BucketName = local._w.lake_bucket, StorageType = "AllStorageTypes" }, stat = "Average", label = "versions" },
      ] },
      { title = "Replica: how late", unit = "seconds", period = 300, limits = [], in_recovery = true, lines = [
        { space = "AWS/S3", metric = "ReplicationLatency", of = local._replication, stat = "Maximum", label = "behind the lake" },
      ] },
      { title = "Replica: bytes that wait", unit = "bytes", period = 300, limits = [], in_recovery = true, lines = [
        { space = "AWS/S3", metric = "BytesPendingReplication", of = local._replication, stat = "Maximum", label = "pending" },
      ] },
      { title = "Replica: operations that wait", unit = "operations", period = 300, limits = [], in_recovery = true, lines = [
        { space = "AWS/S3", metric = "OperationsPendingReplication", of = local._replication, stat = "Maximum", label = "pending" },
      ] },
      { title = "Replica: operations that failed", unit = "operations", period = 300, limits = [], lines = [
        { space = "AWS/S3", metric = "OperationsFailedReplication", of = local._replication, stat = "Sum", label = "failed" },
      ] },
      { title = "Shared storage: how late its replica is", unit = "seconds", period = 300, limits = [], lines = [
        { space = "AWS/EFS", metric = "TimeSinceLastSync", of = { FileSystemId = local._w.file_system_id, DestinationFileSystemId = local._w.replica_file_system_id }, stat = "Maximum", label = "since the last synchronisation" },
      ] },
      { title = "Recovery points made", unit = "recovery points in an hour", period = 3600, limits = [], lines = [
        for type, label in { EBS = "volumes", EFS = "shared storage" } :
        { space = "AWS/Backup", metric = "NumberOfRecoveryPointsCompleted", of = { BackupVaultName = local._w.vault_name, ResourceType = type }, stat = "Sum", label = label }
      ] },
      { title = "Recovery points copied", unit = "recovery points in an hour", period = 3600, limits = [], in_recovery = true, lines = [
        for type, label in { EBS = "volumes", EFS = "shared storage" } :
        { space = "AWS/Backup", metric = "NumberOfRecoveryPointsCompleted", of = { BackupVaultName = local._w.recovery_vault_name, ResourceType = type }, stat = "Sum", label = label }
      ] },
    ]

    transfer = [
      { title = "How old is what the lake lacks", unit = "minutes", period = 1800, limits = ["transfer-lag"], lines = [
        for transfer in keys(local._w.transfer_task_ids) :
        { space = "Kosha", metric = "TransferLagMinutes", of = { service = "transfer_reconciler", transfer = transfer }, stat = "Maximum", label = "${transfer}: since the last success began" }
      ] },
      { title = "Transfers", unit = "transfers", period = 1800, limits = [], lines = concat(
        [for metric, label in { TransfersSucceeded = "succeeded", TransfersFailed = "failed" } :
        { space = "Kosha", metric = metric, of = { service = "transfer_notifier" }, stat = "Sum", label = label }],
        [{ space = "Kosha", metric = "SlotsMissed", of = { service = "transfer_reconciler" }, stat = "Sum", label = "missed" }],
      ) },
      { title = "Bytes", unit = "bytes", period = 1800, limits = [], lines = flatten([
        for transfer, task in local._w.transfer_task_ids : [
          for metric, label in { BytesPreparedSource = "looked at", BytesTransferred = "transferred", BytesWritten = "written" } :
          { space = "AWS/DataSync", metric = metric, of = { TaskId = task }, stat = "Sum", label = "${transfer}: ${label}" }
        ]
      ]) },
      { title = "Files", unit = "files", period = 1800, limits = [], lines = flatten([
        for transfer, task in local._w.transfer_task_ids : [
          for metric, label in { FilesTransferred = "transferred", FilesVerifiedDestination = "verified", FilesSkipped = "unchanged" } :
          { space = "AWS/DataSync", metric = metric, of = { TaskId = task }, stat = "Sum", label = "${transfer}: ${label}" }
        ]
      ]) },
      { title = "Files left behind", unit = "files", period = 1800, limits = [], lines = [
        { space = "Kosha", metric = "FilesLeftBehind", of = { service = "transfer_notifier" }, stat = "Sum", label = "left behind" },
      ] },
      { title = "Objects tagged", unit = "objects", period = 1800, limits = [], lines = [
        for metric, label in { ObjectsTagged = "tagged", ObjectsUnclassified = "unclassified", TagFailures = "failed" } :
        { space = "Kosha", metric = metric, of = { service = "object_tagger" }, stat = "Sum", label = label }
      ] },
    ]

    cluster = [
      { title = "Nodes", unit = "nodes", period = 300, limits = [], lines = [
        for metric, label in { cluster_node_count = "there", cluster_failed_node_count = "failed" } :
        { space = "ContainerInsights", metric = metric, of = local._cluster, stat = "Maximum", label = label }
      ] },
      { title = "Nodes: processors", unit = "percent", period = 300, limits = [], lines = [
        for stat, label in { Average = "on average", Maximum = "busiest node" } :
        { space = "ContainerInsights", metric = "node_cpu_utilization", of = local._cluster, stat = stat, label = label }
      ] },
      { title = "Nodes: memory", unit = "percent", period = 300, limits = ["nodes-memory"], lines = [
        for stat, label in { Average = "on average", Maximum = "fullest node" } :
        { space = "ContainerInsights", metric = "node_memory_utilization", of = local._cluster, stat = stat, label = label }
      ] },
      { title = "Nodes: disks", unit = "percent", period = 300, limits = ["nodes-disk"], lines = [
        { space = "ContainerInsights", metric = "node_filesystem_utilization", of = local._cluster, stat = "Maximum", label = "fullest node" },
      ] },
      { title = "Pods", unit = "pods", period = 300, limits = [], lines = [
        { space = "ContainerInsights", metric = "namespace_number_of_running_pods", of = local._cluster, stat = "Sum", label = "running" },
        { space = "ContainerInsights", metric = "pod_status_pending", of = local._cluster, stat = "Sum", label = "pending" },
      ] },
      { title = "Containers started again", unit = "containers in 15 minutes", period = 900, limits = ["pods-restarting"], lines = [
        { space = "ContainerInsights", metric = "pod_number_of_container_restarts", of = local._cluster, stat = "Sum", label = "restarts" },
      ] },
    ]
  }

  # What tells, by audience: composite alarms where something is kept quiet, and never the measures behind them.
  _told = {
    for audience in keys(local._panels) : audience => concat(
      [for name, alarm in var.alarms : aws_cloudwatch_metric_alarm.this[name].arn if alarm.audience == audience && alarm.quiet_while == null && !alarm.silent],
      [for name, each in aws_cloudwatch_composite_alarm.told : each.arn if var.alarms[name].audience == audience],
      [for name, each in merge(aws_cloudwatch_composite_alarm.first, aws_cloudwatch_composite_alarm.second) : each.arn if var.composites[name].audience == audience],
      [for each in module.burn.alarms : each.arn if var.slos[each.slo].audience == audience],
      [for each in module.burn_in_recovery.alarms : each.arn if var.slos[each.slo].audience == audience],
    )
  }

  _notes = {
    platform = "Functions, tags and samples. Objectives: docs/slos.md."
    storage  = "The shared storage (EFS, ${local._w.access_points} access points of 10,000 that are allowed), the data lake (S3) and its replica."
    transfer = "From the shared storage to the data lake, every half hour (DataSync)."
    cluster  = "Nodes and pods, by Container Insights."
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  for_each = local._panels

  dashboard_name = "${var.name}-${each.key}"
  dashboard_body = jsonencode({
    start          = "-P1D"
    periodOverride = "inherit"
    widgets = concat(
      [
        { type = "text", x = 0, y = 0, width = 24, height = 2, properties = { markdown = "# ${var.name}: ${each.key}\n${local._notes[each.key]}" } },
        { type = "alarm", x = 0, y = 2, width = 24, height = 3, properties = { title = "Alarms", alarms = local._told[each.key] } },
      ],
      [for number, panel in each.value : {
        type   = "metric"
        x      = 8 * (number % 3)
        y      = 5 + 6 * floor(number / 3)
        width  = 8
        height = 6
        properties = {
          title  = panel.title
          region = lookup(panel, "in_recovery", false) ? local._w.recovery_region : local._w.region
          view   = "timeSeries"
          period = panel.period
          metrics = [for line in panel.lines : concat(
            [line.space, line.metric],
            flatten([for dimension, value in line.of : [dimension, value]]),
            [{ stat = line.stat, label = line.label }],
          )]
          yAxis = { left = { label = panel.unit, min = 0, showUnits = false } }
          annotations = { horizontal = [for alarm in panel.limits : {
            label = alarm
            value = coalesce(var.alarms[alarm].above, var.alarms[alarm].below)
          } if contains(keys(var.alarms), alarm)] }
        }
      }],
    )
  })
}
