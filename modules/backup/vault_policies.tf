# The same for both vaults: refusals alone. AWS Backup itself lets a recovery point go at the end of its time all the same: the vault it
# makes for EFS's automatic backups refuses everybody to delete, and empties itself.
# A statement names actions in full; vaults take no pattern there. What an EBS snapshot is asked through EC2 no vault sees: IAM decides,
# and the boundary.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html

locals {
  vault_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # To take the lock away, one must first change this policy, and either is told. Changing it is refused to nobody: only the root user
        # could ever mend it (docs/adr/0031).
        Sid       = "DenyDeletionAndShorterKeeping"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action = concat(
          ["backup:DeleteBackupVaultLockConfiguration", "backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"],
          var.deletion_protection ? ["backup:DeleteBackupVault"] : [],
        )
        Resource = "*"
      },
      {
        # Neither to another account nor to a vault without these refusals.
        Sid       = "DenyCopiesToOtherVaults"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "backup:CopyFromBackupVault"
        Resource  = "*"
        Condition = { "ForAnyValue:ArnNotEquals" = { "backup:CopyTargets" = [local.vault_arn, local.recovery_vault_arn] } }
      },
      {
        # A restored volume or file system is read past the access points. People restore, whom IAM lets; of the platform's roles only
        # the one AWS Backup works with.
        Sid       = "DenyRestoresByThePlatform"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "backup:StartRestoreJob"
        Resource  = "*"
        Condition = {
          ArnLike      = { "aws:PrincipalArn" = "${local._role}${var.name}-*" }
          ArnNotEquals = { "aws:PrincipalArn" = "${local._role}${local.restore_role}" }
        }
      },
    ]
  })
}

# After the lock, so that it is gone before the lock when everything is destroyed: the policy guards it.
resource "aws_backup_vault_policy" "primary" {
  backup_vault_name = aws_backup_vault.primary.name
  policy            = local.vault_policy

  depends_on = [aws_backup_vault_lock_configuration.primary]
}

resource "aws_backup_vault_policy" "recovery" {
  provider = aws.recovery

  backup_vault_name = aws_backup_vault.recovery.name
  policy            = local.vault_policy

  depends_on = [aws_backup_vault_lock_configuration.recovery]
}
