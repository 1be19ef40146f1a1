output "lake_bucket" {
  description = "Name of the data lake's bucket, known once it is closed, versioned and encrypted."
  value       = module.lake.bucket
}

output "lake_bucket_arn" {
  description = "ARN of the data lake's bucket."
  value       = module.lake.arn

  # Whoever writes to the lake waits until what it writes will be replicated: S3 does not replicate what was there before.
  depends_on = [module.replication]
}

output "replica_bucket" {
  description = "Name of the replica's bucket in the recovery region."
  value       = module.replica.bucket
}

output "replica_bucket_arn" {
  description = "ARN of the replica's bucket."
  value       = module.replica.arn

  # The same the other way.
  depends_on = [module.replication_back]
}

output "replication_rule" {
  description = "Name of the rule by which the lake is replicated: its metrics have it as a dimension."
  value       = module.replication.rule_id
}

output "reports_bucket" {
  description = "Name of the bucket for reports of the transfer."
  value       = module.reports.bucket
}

output "reports_bucket_arn" {
  description = "ARN of the bucket for reports."
  value       = module.reports.arn
}

output "access_logs_buckets" {
  description = "Names of the buckets with S3 access logs: primary and recovery."
  value = {
    primary  = module.access_logs.bucket
    recovery = module.recovery_access_logs.bucket
  }
}

output "replication" {
  description = "What Batch Replication works with (make replicate): its role, and where in the bucket for reports its own lie."
  value = {
    role_arn      = aws_iam_role.replication_jobs.arn
    report_prefix = local.replication_report_prefix
  }

  depends_on = [aws_iam_role_policy.replication_jobs]
}

output "policies" {
  description = "The bucket policies as JSON, by bucket: lake and replica."
  value = {
    lake    = module.lake.policy
    replica = module.replica.policy
  }
}

output "reports_policy" {
  description = "The policy of the bucket for reports as JSON."
  value       = module.reports.policy
}

output "object_lock" {
  description = "Mode and days of the lock on every version, by bucket: a list of one, empty where there is none."
  value = {
    lake    = module.lake.object_lock
    replica = module.replica.object_lock
  }
}
