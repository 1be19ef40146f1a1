# Whoever uses the name or the ARN waits until the bucket is closed, versioned and encrypted, so that nothing is written before.
output "bucket" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.this.bucket

  depends_on = [
    aws_s3_bucket_ownership_controls.this,
    aws_s3_bucket_policy.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
  ]
}

output "arn" {
  description = "ARN of the bucket."
  value       = local.arn

  depends_on = [
    aws_s3_bucket_ownership_controls.this,
    aws_s3_bucket_policy.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
  ]
}

output "policy" {
  description = "The bucket policy as JSON, for tests and reviews."
  value       = local.policy
}

output "object_lock" {
  description = "Mode and days of the lock, as a list of one; empty where the bucket has none."
  value       = [for lock in aws_s3_bucket_object_lock_configuration.this : { mode = lock.rule[0].default_retention[0].mode, days = lock.rule[0].default_retention[0].days }]
}

output "has_object_lock" {
  description = "Whether versions can be locked at all."
  value       = var.object_lock || var.object_lock_days != null
}

output "expire_days" {
  description = "Rule of the lifecycle -> days after which its objects expire; null where they never do."
  value       = { for id, rule in var.lifecycle_rules : id => rule.expire_days }
}

output "transitions" {
  description = "Rule of the lifecycle -> what its objects are moved into, by days, as `<days> <storage class>`."
  value = {
    for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id => sort([for move in rule.transition : "${move.days} ${move.storage_class}"])
  }
}
