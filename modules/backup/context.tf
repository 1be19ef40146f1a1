data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}
data "aws_region" "this" {}

data "aws_region" "recovery" {
  provider = aws.recovery
}

locals {
  account         = data.aws_caller_identity.this.account_id
  partition       = data.aws_partition.this.partition
  region          = data.aws_region.this.name
  recovery_region = data.aws_region.recovery.name

  # The same in both regions, as the aliases of keys are. Worked out and not read from the vaults: policies are then complete in the plan.
  vault               = "${var.name}-backup"
  vault_arn           = "arn:${local.partition}:backup:${local.region}:${local.account}:backup-vault:${local.vault}"
  recovery_vault_arn  = "arn:${local.partition}:backup:${local.recovery_region}:${local.account}:backup-vault:${local.vault}"
  backup_role         = "${var.name}-backup"
  restore_role        = "${var.name}-restore"
  _role               = "arn:${local.partition}:iam::${local.account}:role/"
  snapshot_arns       = [for region in [local.region, local.recovery_region] : "arn:${local.partition}:ec2:${region}::snapshot/*"]
  volume_arns         = [for region in [local.region, local.recovery_region] : "arn:${local.partition}:ec2:${region}:${local.account}:volume/*"]
  file_system_arns    = [for region in [local.region, local.recovery_region] : "arn:${local.partition}:elasticfilesystem:${region}:${local.account}:file-system/*"]
  recovery_point_arns = [for region in [local.region, local.recovery_region] : "arn:${local.partition}:backup:${region}:${local.account}:recovery-point:*"]

  # The shortest and the longest time anything here is kept.
  keep_days = { shortest = min(values(var.backups)[*].keep_days...), longest = max(values(var.backups)[*].keep_days...) }

  # What a backup may protect: the type AWS Backup knows it by, minutes until it must have begun and until it must be done, and after
  # how many hours without a recovery point somebody is told: the time between two backups and their windows, and for the copy two or
  # six hours more. An hour is the shortest window there is to begin in.
  # https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRule.html
  kinds = {
    volumes        = { type = "EBS", begin_minutes = 60, complete_minutes = 240, missing_hours = 30, copy_missing_hours = 36 }
    shared_storage = { type = "EFS", begin_minutes = 60, complete_minutes = 120, missing_hours = 4, copy_missing_hours = 6 }
  }

  runbook = "docs/runbooks/backups.md"
}
