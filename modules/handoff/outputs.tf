output "path" {
  description = "Name of the parameter, the same in every region that holds it."
  value       = aws_ssm_parameter.primary.name
}

output "document" {
  description = "What is published, as JSON."
  value       = aws_ssm_parameter.primary.insecure_value
}
