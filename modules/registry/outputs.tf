output "registry" {
  description = "What comes before an image's name."
  value       = "${split("/", values(aws_ecr_repository.this)[0].repository_url)[0]}/${var.name}"
}

output "recovery_registry" {
  description = "The same in the recovery region."
  value       = "${split("/", values(aws_ecr_repository.recovery)[0].repository_url)[0]}/${var.name}"
}
