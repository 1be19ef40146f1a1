output "vault_name" {
  description = "Name of the vault, the same in both regions, known once it is locked and has its policy."
  value       = aws_backup_vault.primary.name

  depends_on = [aws_backup_vault_policy.primary]
}

output "vault_arn" {
  description = "ARN of the vault in the primary region."
  value       = aws_backup_vault.primary.arn
}

output "recovery_vault_name" {
  description = "Name of the vault in the recovery region, known once it is locked and has its policy."
  value       = aws_backup_vault.recovery.name

  depends_on = [aws_backup_vault_policy.recovery]
}

output "recovery_vault_arn" {
  description = "ARN of the vault in the recovery region."
  value       = aws_backup_vault.recovery.arn
}

output "backup_role_arn" {
  description = "ARN of the role AWS Backup makes backups with."
  value       = aws_iam_role.backup.arn

  depends_on = [aws_iam_role_policy.backup]
}

output "restore_role_arn" {
  description = "ARN of the role AWS Backup restores with, to be named when a restore is started."
  value       = aws_iam_role.restore.arn

  depends_on = [aws_iam_role_policy.restore]
}

output "notice_rules" {
  description = "What modules/event-notices is to wait for and tell."
  value       = local.notice_rules
}

output "recovery_alarm_arns" {
  description = "ARNs of the alarms in the recovery region, for modules/event-notices."
  value       = [for alarm in aws_cloudwatch_metric_alarm.copy_missing : "arn:${local.partition}:cloudwatch:${local.recovery_region}:${local.account}:alarm:${alarm.alarm_name}"]
}

output "plans" {
  description = "Plan -> when it runs, and days its recovery points and their copies are kept."
  value = {
    for name, plan in aws_backup_plan.this : name => {
      schedule       = one(plan.rule).schedule
      timezone       = one(plan.rule).schedule_expression_timezone
      keep_days      = one(plan.rule).lifecycle[0].delete_after
      copy_keep_days = try(one(one(plan.rule).copy_action).lifecycle[0].delete_after, null)
    }
  }
}
