resource "aws_efs_file_system" "this" {
  # checkov:skip=CKV2_AWS_18: A plan of another root takes it by its ARN, which checkov does not follow (terraform/60-protection)
  creation_token   = "${var.name}-shared-storage"
  encrypted        = true
  kms_key_id       = var.storage_key_arn
  performance_mode = "generalPurpose"
  throughput_mode  = "elastic"

  # Archive needs elastic throughput. What is touched again comes back to the fast class.
  lifecycle_policy {
    transition_to_ia = "AFTER_${var.tiers.ia_days}_DAYS"
  }

  lifecycle_policy {
    transition_to_archive = "AFTER_${var.tiers.archive_days}_DAYS"
  }

  lifecycle_policy {
    transition_to_primary_storage_class = "AFTER_1_ACCESS"
  }

  # A file system that may be overwritten by a replication is read-only and loses what it held.
  protection {
    replication_overwrite = "ENABLED"
  }

  tags = { Name = "${var.name}-shared-storage" }
}

# Terraform's own refusal (docs/adr/0006): a plan that would delete or replace the file system must delete or replace this too.
resource "terraform_data" "deletion_protection" {
  count = var.deletion_protection ? 1 : 0

  triggers_replace = [aws_efs_file_system.this.id]

  lifecycle {
    prevent_destroy = true
  }
}
