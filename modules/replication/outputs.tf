output "role_policy" {
  description = "What the role may do, as JSON, for tests and reviews."
  value       = local.replication_policy
}

output "rule" {
  description = "From where to where, with which key there; known once S3 replicates."
  value = {
    from    = aws_s3_bucket_replication_configuration.this.bucket
    to      = aws_s3_bucket_replication_configuration.this.rule[0].destination[0].bucket
    key_arn = aws_s3_bucket_replication_configuration.this.rule[0].destination[0].encryption_configuration[0].replica_kms_key_id
  }
}

output "rule_id" {
  description = "Name of the rule, which its metrics have as a dimension."
  value       = aws_s3_bucket_replication_configuration.this.rule[0].id
}
