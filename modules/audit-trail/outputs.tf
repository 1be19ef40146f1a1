output "trail_arn" {
  description = "ARN of the trail."
  value       = aws_cloudtrail.this.arn
}

output "trail_bucket" {
  description = "Name of the bucket with the trail's files, below AWSLogs/<account>."
  value       = module.trail_bucket.bucket
}

output "trail_bucket_arn" {
  description = "ARN of the bucket with the trail's files."
  value       = module.trail_bucket.arn
}

output "config_bucket" {
  description = "Name of the bucket with the history of the configuration; null where Config is off."
  value       = one([for bucket in module.config_bucket : bucket.bucket])
}

output "trail_bucket_policy" {
  description = "The policy of the trail's bucket as JSON, for tests and reviews."
  value       = module.trail_bucket.policy
}

output "topic_arn" {
  description = "ARN of the topic every rule tells."
  value       = module.notices.topic_arn
}
