output "lake_bucket" {
  description = "Name of the data lake's bucket, known once it is closed, versioned and encrypted."
  value       = module.lake.bucket
}

output "lake_bucket_arn" {
  description = "ARN of the data lake's bucket."
  value       = module.lake.arn

  # Whoever writes to the lake waits until what it writes will be replicated: S3 does not replicate what was there before.
  depends_on = [aws_s3_bucket_replication_configuration.this]
}

output "replica_bucket" {
  description = "Name of the replica's bucket in the recovery region."
  value       = module.replica.bucket
}

output "replica_bucket_arn" {
  description = "ARN of the replica's bucket."
  value       = module.replica.arn
}

output "replication_rule" {
  description = "Name of the rule by which the lake is replicated: its metrics have it as a dimension."
  value       = one(aws_s3_bucket_replication_configuration.this.rule).id
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

output "policies" {
  description = "The bucket policies as JSON, by bucket: lake and replica."
  value = {
    lake    = module.lake.policy
    replica = module.replica.policy
  }
}
