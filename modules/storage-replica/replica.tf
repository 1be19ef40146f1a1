data "aws_region" "recovery" {
  provider = aws.recovery
}

# Made here and not by EFS itself when the replication begins: it then has our name, our throughput and our lifecycle, and goes when
# everything goes. EFS deletes no replica.
resource "aws_efs_file_system" "replica" {
  # checkov:skip=CKV2_AWS_18: What it is a copy of is backed up, and the backups are copied here: a backup of the copy would hold the same twice
  provider = aws.recovery

  creation_token   = "${var.name}-shared-storage-replica"
  encrypted        = true
  kms_key_id       = var.storage_key_arn
  performance_mode = "generalPurpose"
  throughput_mode  = "elastic"

  # EFS does not copy the lifecycle: https://docs.aws.amazon.com/efs/latest/ug/efs-replication.html
  lifecycle_policy {
    transition_to_ia = "AFTER_${var.tiers.ia_days}_DAYS"
  }

  lifecycle_policy {
    transition_to_archive = "AFTER_${var.tiers.archive_days}_DAYS"
  }

  lifecycle_policy {
    transition_to_primary_storage_class = "AFTER_1_ACCESS"
  }

  # Off until the replication begins, which alone may write then.
  protection {
    replication_overwrite = "DISABLED"
  }

  tags = { Name = "${var.name}-shared-storage-replica" }

  lifecycle {
    # EFS answers REPLICATING, which nobody can set: https://github.com/hashicorp/terraform-provider-aws/issues/36811
    ignore_changes = [protection]
  }
}

resource "aws_efs_replication_configuration" "this" {
  source_file_system_id = var.file_system_id

  destination {
    file_system_id = aws_efs_file_system.replica.id
    region         = data.aws_region.recovery.name
  }
}

# Terraform's own refusal (docs/adr/0006): a plan that would delete or replace the replica must delete or replace this too.
resource "terraform_data" "deletion_protection" {
  count = var.deletion_protection ? 1 : 0

  triggers_replace = [aws_efs_file_system.replica.id]

  lifecycle {
    prevent_destroy = true
  }
}
