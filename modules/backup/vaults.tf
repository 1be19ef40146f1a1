resource "aws_backup_vault" "primary" {
  name          = local.vault
  kms_key_arn   = var.key_arns.backup
  force_destroy = !var.deletion_protection
}

resource "aws_backup_vault" "recovery" {
  provider = aws.recovery

  name          = local.vault
  kms_key_arn   = var.recovery_key_arns.backup
  force_destroy = !var.deletion_protection
}

# In governance mode whoever may take the lock away can. In compliance mode, changeable_for_days after the lock was made, nobody can any
# more, not AWS and not the root user: neither the lock nor a recovery point before its time. What is kept shorter or longer than the
# catalogue says is refused when it is made.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
resource "aws_backup_vault_lock_configuration" "primary" {
  backup_vault_name   = aws_backup_vault.primary.name
  changeable_for_days = var.lock == "compliance" ? var.lock_changeable_for_days : null
  min_retention_days  = local.keep_days.shortest
  max_retention_days  = local.keep_days.longest
}

resource "aws_backup_vault_lock_configuration" "recovery" {
  provider = aws.recovery

  backup_vault_name   = aws_backup_vault.recovery.name
  changeable_for_days = var.lock == "compliance" ? var.lock_changeable_for_days : null
  min_retention_days  = local.keep_days.shortest
  max_retention_days  = local.keep_days.longest
}

# Terraform's own refusal (docs/adr/0006): a plan that would delete or replace a vault must delete or replace this too.
resource "terraform_data" "deletion_protection" {
  count = var.deletion_protection ? 1 : 0

  triggers_replace = [aws_backup_vault.primary.id, aws_backup_vault.recovery.id]

  lifecycle {
    prevent_destroy = true
  }
}
