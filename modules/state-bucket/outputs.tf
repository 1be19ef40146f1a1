output "bucket" {
  description = "Name of the bucket, for <environment>.s3.tfbackend."
  value       = module.state.bucket
}

output "key_arn" {
  description = "ARN of the key of the states."
  value       = aws_kms_key.state.arn
}
