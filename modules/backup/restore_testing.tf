# Every week the newest copy of each kind is restored in the recovery region, and what was restored is deleted an hour later: a backup nobody
# ever restored is none. That it can be restored is what this shows; what is in it, only a drill does.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html

locals {
  _tested = { for kind, each in local.kinds : kind => each if var.restore_testing }

  # What AWS Backup does not work out by itself: the key. Keys: https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-inferred-metadata.html
  _restored_with = { volumes = var.recovery_key_arns.volumes, shared_storage = var.recovery_key_arns.storage }
}

resource "aws_backup_restore_testing_plan" "this" {
  count    = var.restore_testing ? 1 : 0
  provider = aws.recovery

  name                         = "${replace(var.name, "-", "_")}_weekly"
  schedule_expression          = "cron(0 3 ? * SUN *)"
  schedule_expression_timezone = var.timezone
  start_window_hours           = 4

  recovery_point_selection {
    algorithm             = "LATEST_WITHIN_WINDOW"
    include_vaults        = [aws_backup_vault.recovery.arn]
    recovery_point_types  = ["SNAPSHOT"]
    selection_window_days = 7
  }
}

resource "aws_backup_restore_testing_selection" "this" {
  for_each = local._tested
  provider = aws.recovery

  name                       = each.key
  restore_testing_plan_name  = aws_backup_restore_testing_plan.this[0].name
  iam_role_arn               = aws_iam_role.restore.arn
  protected_resource_type    = each.value.type
  protected_resource_arns    = ["*"]
  restore_metadata_overrides = { kmsKeyId = local._restored_with[each.key] }
  validation_window_hours    = 1

  depends_on = [aws_iam_role_policy.restore]
}
