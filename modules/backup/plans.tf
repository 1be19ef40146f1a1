# Everything that is backed up is copied to the recovery region, and kept there as long.
resource "aws_backup_plan" "this" {
  for_each = var.backups

  name = "${var.name}-${each.key}"

  rule {
    rule_name                    = each.key
    target_vault_name            = aws_backup_vault.primary.name
    schedule                     = each.value.schedule
    schedule_expression_timezone = var.timezone
    start_window                 = local.kinds[each.value.protects].begin_minutes
    completion_window            = local.kinds[each.value.protects].complete_minutes

    lifecycle {
      delete_after = each.value.keep_days
    }

    copy_action {
      destination_vault_arn = aws_backup_vault.recovery.arn

      lifecycle {
        delete_after = each.value.keep_days
      }
    }
  }

  # Before, a backup made at once would be kept without the refusals.
  depends_on = [aws_backup_vault_policy.primary, aws_backup_vault_policy.recovery]
}

# Volumes are what they are told by their tag: resource type and condition must both be met, where selection_tag would add to the
# resources whatever has the tag. The keys are those AWS Backup knows: aws:ResourceTag/ and the name of a tag.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html
resource "aws_backup_selection" "this" {
  for_each = var.backups

  name         = each.key
  plan_id      = aws_backup_plan.this[each.key].id
  iam_role_arn = aws_iam_role.backup.arn
  resources    = each.value.protects == "volumes" ? ["arn:${local.partition}:ec2:${local.region}:${local.account}:volume/*"] : [var.file_system_arn]

  dynamic "condition" {
    for_each = each.value.protects == "volumes" ? [each.key] : []

    content {
      string_equals {
        key   = "aws:ResourceTag/kosha:backup"
        value = condition.value
      }
    }
  }

  # Or the first backup would be tried with a role that may do nothing yet.
  depends_on = [aws_iam_role_policy.backup]
}
