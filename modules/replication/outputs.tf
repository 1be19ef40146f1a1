output "role_policy" {
  description = "What the role may do, as JSON, for tests and reviews."
  value       = local.replication_policy
}

output "rule" {
  description = "Its name (a dimension of its metrics), from where to where, with which key there; known once S3 replicates."
  value = {
    id      = aws_s3_bucket_replication_configuration.this.rule[0].id
    from    = aws_s3_bucket_replication_configuration.this.bucket
    to      = aws_s3_bucket_replication_configuration.this.rule[0].destination[0].bucket
    key_arn = aws_s3_bucket_replication_configuration.this.rule[0].destination[0].encryption_configuration[0].replica_kms_key_id
  }
}
