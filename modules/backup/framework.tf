# What AWS Backup Audit Manager watches, through rules of AWS Config, which must record what these controls look at (modules/audit-trail).
# Left out: BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED asks for a refusal to change the vault's policy, which would bind Terraform, too.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/controls-and-remediation.html

locals {
  _controls = {
    BACKUP_LAST_RECOVERY_POINT_CREATED                = { parameters = { recoveryPointAgeUnit = "hours", recoveryPointAgeValue = local.kinds.shared_storage.missing_hours }, types = ["EFS"] }
    BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK = { parameters = { requiredFrequencyUnit = "days", requiredFrequencyValue = 1, requiredRetentionDays = local.keep_days.shortest }, types = [] }
    BACKUP_RECOVERY_POINT_ENCRYPTED                   = { parameters = {}, types = [] }
    BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK     = { parameters = { requiredRetentionDays = local.keep_days.shortest }, types = [] }
    BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN         = { parameters = {}, types = ["EFS"] }
    BACKUP_RESOURCES_PROTECTED_BY_BACKUP_VAULT_LOCK   = { parameters = { maxRetentionDays = local.keep_days.longest, minRetentionDays = local.keep_days.shortest }, types = ["EFS"] }
    BACKUP_RESOURCES_PROTECTED_BY_CROSS_REGION        = { parameters = { crossRegionList = local.recovery_region }, types = ["EFS"] }
  }
}

resource "aws_backup_framework" "this" {
  count = var.framework ? 1 : 0

  name        = "${replace(var.name, "-", "_")}_backup"
  description = "Backups as catalog/recovery.yaml has them"

  dynamic "control" {
    for_each = local._controls

    content {
      name = control.key

      dynamic "input_parameter" {
        for_each = control.value.parameters

        content {
          name  = input_parameter.key
          value = input_parameter.value
        }
      }

      dynamic "scope" {
        for_each = length(control.value.types) > 0 ? [control.value.types] : []

        content {
          compliance_resource_types = scope.value
        }
      }
    }
  }
}
