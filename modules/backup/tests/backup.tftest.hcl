mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "ap-south-1" }
  }
  mock_resource "aws_backup_plan" {
    defaults = { id = "plan" }
  }
  override_resource {
    target = aws_iam_role.backup
    values = { arn = "arn:aws:iam::111122223333:role/kosha-test-backup" }
  }
  override_resource {
    target = aws_iam_role.restore
    values = { arn = "arn:aws:iam::111122223333:role/kosha-test-restore" }
  }
  mock_resource "aws_backup_vault" {
    defaults = { arn = "arn:aws:backup:ap-south-1:111122223333:backup-vault:kosha-test-backup" }
  }
  mock_resource "aws_backup_vault_lock_configuration" {
    defaults = { backup_vault_arn = "arn:aws:backup:ap-south-1:111122223333:backup-vault:kosha-test-backup" }
  }
  mock_resource "aws_backup_vault_policy" {
    defaults = { backup_vault_arn = "arn:aws:backup:ap-south-1:111122223333:backup-vault:kosha-test-backup" }
  }
}

mock_provider "aws" {
  alias           = "recovery"
  override_during = plan

  mock_data "aws_region" {
    defaults = { name = "ap-south-2" }
  }
  mock_resource "aws_backup_vault" {
    defaults = { arn = "arn:aws:backup:ap-south-2:111122223333:backup-vault:kosha-test-backup" }
  }
  mock_resource "aws_backup_vault_lock_configuration" {
    defaults = { backup_vault_arn = "arn:aws:backup:ap-south-2:111122223333:backup-vault:kosha-test-backup" }
  }
  mock_resource "aws_backup_vault_policy" {
    defaults = { backup_vault_arn = "arn:aws:backup:ap-south-2:111122223333:backup-vault:kosha-test-backup" }
  }
}

variables {
  name     = "kosha-test"
  timezone = "Asia/Kolkata"
  backups = {
    daily    = { description = "Volumes", protects = "volumes", schedule = "cron(30 20 * * ? *)", keep_days = 7 }
    critical = { description = "The shared storage", protects = "shared_storage", schedule = "cron(0 * * * ? *)", keep_days = 35 }
  }
  watched_backups = ["critical", "daily"]
  file_system_arn = "arn:aws:elasticfilesystem:ap-south-1:111122223333:file-system/fs-0123456789abcdef0"
  key_arns = {
    backup  = "arn:aws:kms:ap-south-1:111122223333:key/mrk-backup"
    storage = "arn:aws:kms:ap-south-1:111122223333:key/mrk-storage"
    volumes = "arn:aws:kms:ap-south-1:111122223333:key/mrk-volumes"
  }
  recovery_key_arns = {
    backup  = "arn:aws:kms:ap-south-2:111122223333:key/mrk-backup"
    storage = "arn:aws:kms:ap-south-2:111122223333:key/mrk-storage"
    volumes = "arn:aws:kms:ap-south-2:111122223333:key/mrk-volumes"
  }
  restore_testing          = true
  framework                = true
  topic_arn                = "arn:aws:sns:ap-south-1:111122223333:kosha-test-platform"
  deletion_protection      = true
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
}

run "a_vault_in_each_region_under_the_key_there" {
  command = plan

  assert {
    condition     = aws_backup_vault.primary.kms_key_arn == var.key_arns.backup && aws_backup_vault.recovery.kms_key_arn == var.recovery_key_arns.backup
    error_message = "a vault has another key than backup of its region"
  }
  assert {
    condition     = !aws_backup_vault.primary.force_destroy && !aws_backup_vault.recovery.force_destroy && length(terraform_data.deletion_protection) == 1
    error_message = "with deletion_protection Terraform must refuse to delete a vault, and what is in it"
  }
  assert {
    condition     = output.vault_name == "kosha-test-backup" && output.recovery_vault_name == "kosha-test-backup"
    error_message = "the vaults are named ${output.vault_name} and ${output.recovery_vault_name}"
  }
}

run "what_is_disposable_can_be_deleted" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition     = aws_backup_vault.primary.force_destroy && aws_backup_vault.recovery.force_destroy && length(terraform_data.deletion_protection) == 0
    error_message = "without deletion_protection the vaults must go with what they hold"
  }
  assert {
    condition     = !strcontains(aws_backup_vault_policy.primary.policy, "backup:DeleteBackupVault\"")
    error_message = "the policy refuses to delete what is disposable"
  }
}

run "both_vaults_are_locked_for_the_days_of_the_catalogue" {
  command = plan

  assert {
    condition = alltrue([for lock in [aws_backup_vault_lock_configuration.primary, aws_backup_vault_lock_configuration.recovery] :
      lock.min_retention_days == 7 && lock.max_retention_days == 35 && lock.changeable_for_days == null
    ])
    error_message = "a lock must be in governance mode, from the shortest to the longest time of the backups"
  }
  assert {
    condition     = [aws_backup_vault_lock_configuration.primary.backup_vault_arn, aws_backup_vault_lock_configuration.recovery.backup_vault_arn] == [aws_backup_vault.primary.arn, aws_backup_vault.recovery.arn]
    error_message = "a vault has no lock: both lie on the same"
  }
}

run "a_lock_in_compliance_mode_can_be_taken_away_for_a_while" {
  command = plan

  variables {
    lock                     = "compliance"
    lock_changeable_for_days = 30
  }

  assert {
    condition     = aws_backup_vault_lock_configuration.primary.changeable_for_days == 30 && aws_backup_vault_lock_configuration.recovery.changeable_for_days == 30
    error_message = "both locks must become final after 30 days"
  }
}

run "nobody_deletes_copies_elsewhere_or_restores_with_a_role_of_the_platform" {
  command = plan

  assert {
    condition = jsondecode(aws_backup_vault_policy.primary.policy).Statement == [
      {
        Sid       = "DenyDeletionAndShorterKeeping"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = ["backup:DeleteBackupVaultLockConfiguration", "backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:DeleteBackupVault"]
        Resource  = "*"
      },
      {
        Sid       = "DenyCopiesToOtherVaults"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "backup:CopyFromBackupVault"
        Resource  = "*"
        Condition = { "ForAnyValue:ArnNotEquals" = { "backup:CopyTargets" = ["arn:aws:backup:ap-south-1:111122223333:backup-vault:kosha-test-backup", "arn:aws:backup:ap-south-2:111122223333:backup-vault:kosha-test-backup"] } }
      },
      {
        Sid       = "DenyRestoresByThePlatform"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "backup:StartRestoreJob"
        Resource  = "*"
        Condition = {
          ArnLike      = { "aws:PrincipalArn" = "arn:aws:iam::111122223333:role/kosha-test-*" }
          ArnNotEquals = { "aws:PrincipalArn" = "arn:aws:iam::111122223333:role/kosha-test-restore" }
        }
      },
    ]
    error_message = "the policy of a vault must refuse deletion, other lifecycles, copies elsewhere and restores by the platform, to everybody: ${aws_backup_vault_policy.primary.policy}"
  }
  assert {
    condition     = aws_backup_vault_policy.recovery.policy == aws_backup_vault_policy.primary.policy
    error_message = "the vault in the recovery region is guarded otherwise"
  }
  assert {
    condition     = [aws_backup_vault_policy.primary.backup_vault_arn, aws_backup_vault_policy.recovery.backup_vault_arn] == [aws_backup_vault.primary.arn, aws_backup_vault.recovery.arn]
    error_message = "a vault has no policy: both are on the same"
  }
}

run "everything_is_copied_and_kept_as_long_on_both_sides" {
  command = plan

  assert {
    condition     = keys(aws_backup_plan.this) == ["critical", "daily"]
    error_message = "the plans differ: ${jsonencode(keys(aws_backup_plan.this))}"
  }
  assert {
    condition = alltrue([for name, plan in aws_backup_plan.this :
      alltrue([for rule in plan.rule : rule.schedule == var.backups[name].schedule && rule.schedule_expression_timezone == "Asia/Kolkata" && rule.target_vault_name == "kosha-test-backup"])
    ])
    error_message = "a plan runs at another time than the catalogue says, or into another vault"
  }
  assert {
    condition = alltrue([for name, plan in aws_backup_plan.this : alltrue([for rule in plan.rule :
      length(rule.copy_action) == 1 && alltrue([for copy in rule.copy_action : copy.destination_vault_arn == aws_backup_vault.recovery.arn])
    ])])
    error_message = "a plan does not copy to the recovery region"
  }
  assert {
    condition = alltrue([for name, plan in aws_backup_plan.this : alltrue([for rule in plan.rule :
      rule.lifecycle[0].delete_after == var.backups[name].keep_days && alltrue([for copy in rule.copy_action : copy.lifecycle[0].delete_after == var.backups[name].keep_days])
    ])])
    error_message = "a backup and its copy must be deleted after the same days, those of the catalogue"
  }
  assert {
    condition = {
      for name, plan in aws_backup_plan.this : name => [for rule in plan.rule : [rule.start_window, rule.completion_window]][0]
    } == { critical = [60, 120], daily = [60, 240] }
    error_message = "a backup has other windows"
  }
}

run "volumes_by_their_tag_and_the_shared_storage_by_its_arn" {
  command = plan

  assert {
    condition     = aws_backup_selection.this["daily"].resources == toset(["arn:aws:ec2:ap-south-1:111122223333:volume/*"])
    error_message = "the plan daily takes other resources than volumes"
  }
  assert {
    condition     = [for condition in aws_backup_selection.this["daily"].condition : [for each in condition.string_equals : "${each.key}=${each.value}"]] == [["aws:ResourceTag/kosha:backup=daily"]]
    error_message = "volumes are chosen by another tag than kosha:backup=daily"
  }
  assert {
    condition     = length(aws_backup_selection.this["daily"].selection_tag) == 0
    error_message = "a selection_tag adds to the resources whatever has the tag"
  }
  assert {
    condition     = aws_backup_selection.this["critical"].resources == toset([var.file_system_arn]) && length(aws_backup_selection.this["critical"].condition) == 0
    error_message = "the plan critical must take the shared storage, whatever its tags"
  }
  assert {
    condition     = alltrue([for selection in aws_backup_selection.this : selection.iam_role_arn == "arn:aws:iam::111122223333:role/kosha-test-backup"])
    error_message = "a selection uses another role"
  }
}

run "both_services_are_opted_in_in_both_regions" {
  command = plan

  assert {
    condition = (
      aws_backup_region_settings.primary.resource_type_opt_in_preference == tomap({ EBS = true, EFS = true }) &&
      aws_backup_region_settings.recovery.resource_type_opt_in_preference == tomap({ EBS = true, EFS = true })
    )
    error_message = "AWS Backup must look at EBS and EFS"
  }
}

run "the_roles_have_the_boundary_and_trust_aws_backup_alone" {
  command = plan

  assert {
    condition = alltrue([for role in [aws_iam_role.backup, aws_iam_role.restore] :
      role.permissions_boundary == var.permissions_boundary_arn && jsondecode(role.assume_role_policy).Statement[*].Principal == [{ Service = "backup.amazonaws.com" }]
    ])
    error_message = "a role has no boundary, or trusts somebody else"
  }
}

run "who_backs_up_restores_nothing_and_deletes_its_own_snapshots_only" {
  command = plan

  assert {
    condition = length(setintersection(
      flatten([for statement in jsondecode(aws_iam_role_policy.backup.policy).Statement : statement.Action]),
      ["backup:DeleteRecoveryPoint", "backup:StartRestoreJob", "ec2:CreateVolume", "ec2:DeleteVolume", "elasticfilesystem:CreateFileSystem", "elasticfilesystem:DeleteFileSystem", "elasticfilesystem:Restore", "kms:Decrypt"],
    )) == 0
    error_message = "the backup role may restore or delete"
  }
  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.backup.policy).Statement : statement.Condition if contains(flatten([statement.Action]), "ec2:DeleteSnapshot")] == [
      { Null = { "aws:ResourceTag/aws:backup:source-resource" = "false" } }
    ]
    error_message = "the backup role could delete the last snapshots of volumes"
  }
  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.backup.policy).Statement : statement.Condition if contains(flatten([statement.Action]), "backup:CopyFromBackupVault")] == [{
      "ForAllValues:ArnEquals" = { "backup:CopyTargets" = ["arn:aws:backup:ap-south-1:111122223333:backup-vault:kosha-test-backup", "arn:aws:backup:ap-south-2:111122223333:backup-vault:kosha-test-backup"] }
      Null                     = { "backup:CopyTargets" = "false" }
    }]
    error_message = "the backup role could copy elsewhere"
  }
  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.backup.policy).Statement : statement.Condition if statement.Sid == "SnapVolumes"] == [
      { StringEquals = { "aws:ResourceTag/kosha:backup" = ["daily"] } }
    ]
    error_message = "the backup role may snap volumes that nobody asked to back up"
  }
}

run "who_restores_backs_up_nothing_and_deletes_what_tests_made_only" {
  command = plan

  assert {
    condition = length(setintersection(
      flatten([for statement in jsondecode(aws_iam_role_policy.restore.policy).Statement : statement.Action]),
      ["backup:CopyFromBackupVault", "backup:DeleteRecoveryPoint", "ec2:CopySnapshot", "ec2:CreateSnapshot", "ec2:DeleteSnapshot", "elasticfilesystem:Backup"],
    )) == 0
    error_message = "the restore role may back up or delete backups"
  }
  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.restore.policy).Statement : statement.Condition if contains(flatten([statement.Action]), "elasticfilesystem:DeleteFileSystem")] == [
      { Null = { "aws:ResourceTag/awsbackup-restore-test" = "false" } }
    ]
    error_message = "the restore role could delete the shared storage"
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.restore.policy).Statement : statement.Condition if statement.Sid == "MakeFileSystems"] == [{ Bool = { "elasticfilesystem:Encrypted" = "true" } }]
    error_message = "a file system could be restored without encryption"
  }
}

run "a_backup_or_a_copy_that_does_not_come_is_noticed" {
  command = plan

  assert {
    condition = {
      for name, alarm in aws_cloudwatch_metric_alarm.missing : name => [alarm.namespace, alarm.metric_name, alarm.dimensions["BackupVaultName"], alarm.dimensions["ResourceType"], alarm.evaluation_periods * alarm.period / 3600, alarm.treat_missing_data]
      } == {
      critical = ["AWS/Backup", "NumberOfRecoveryPointsCompleted", "kosha-test-backup", "EFS", 4, "breaching"]
      daily    = ["AWS/Backup", "NumberOfRecoveryPointsCompleted", "kosha-test-backup", "EBS", 30, "breaching"]
    }
    error_message = "a missing backup is not noticed in the primary region, or later"
  }
  assert {
    condition = {
      for name, alarm in aws_cloudwatch_metric_alarm.copy_missing : name => [alarm.namespace, alarm.metric_name, alarm.dimensions["BackupVaultName"], alarm.dimensions["ResourceType"], alarm.evaluation_periods * alarm.period / 3600, alarm.treat_missing_data]
      } == {
      critical = ["AWS/Backup", "NumberOfRecoveryPointsCompleted", "kosha-test-backup", "EFS", 6, "breaching"]
      daily    = ["AWS/Backup", "NumberOfRecoveryPointsCompleted", "kosha-test-backup", "EBS", 36, "breaching"]
    }
    error_message = "a missing copy is not noticed in the recovery region, or later"
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.missing : alarm.comparison_operator == "LessThanThreshold" && alarm.threshold == 1 && alarm.alarm_actions == toset([var.topic_arn])])
    error_message = "an alarm of the primary region tells nobody, or of the opposite"
  }
  assert {
    condition     = output.recovery_alarm_arns == ["arn:aws:cloudwatch:ap-south-2:111122223333:alarm:kosha-test-backup-critical-missing", "arn:aws:cloudwatch:ap-south-2:111122223333:alarm:kosha-test-backup-daily-missing"]
    error_message = "alarms of the recovery region are not handed on: ${jsonencode(output.recovery_alarm_arns)}"
  }
}

run "a_plan_with_nothing_to_back_up_yet_is_not_watched" {
  command = plan

  variables {
    watched_backups = ["critical"]
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.missing) == ["critical"] && keys(aws_cloudwatch_metric_alarm.copy_missing) == ["critical"] && length(output.recovery_alarm_arns) == 1
    error_message = "the plan daily is watched"
  }
}

run "jobs_that_fail_and_changes_of_what_guards_are_told" {
  command = plan

  assert {
    condition = { for name, rule in output.notice_rules : name => jsondecode(rule.pattern)["detail-type"][0] } == {
      backup-jobs     = "Backup Job State Change"
      copy-jobs       = "Copy Job State Change"
      recovery-points = "Recovery Point State Change"
      restore-jobs    = "Restore Job State Change"
      vault-guards    = "AWS API Call via CloudTrail"
    }
    error_message = "an event is not waited for"
  }
  assert {
    condition = (
      jsondecode(output.notice_rules.backup-jobs.pattern).detail == { state = ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"] } &&
      jsondecode(output.notice_rules.copy-jobs.pattern).detail == { state = ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"] } &&
      jsondecode(output.notice_rules.restore-jobs.pattern).detail == { status = ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"] }
    )
    error_message = "a job that ends badly is not told; restore jobs say status, the others state"
  }
  assert {
    condition = length(setsubtract(
      ["DeleteBackupVaultAccessPolicy", "DeleteBackupVaultLockConfiguration", "PutBackupVaultAccessPolicy", "DeleteRecoveryPoint", "DeleteBackupSelection", "UpdateBackupPlan"],
      jsondecode(output.notice_rules.vault-guards.pattern).detail.eventName,
    )) == 0
    error_message = "a change of what guards the backups is not told"
  }
}

run "copies_are_restored_every_week_where_they_lie" {
  command = plan

  assert {
    condition = (
      one(aws_backup_restore_testing_plan.this).schedule_expression == "cron(0 3 ? * SUN *)" &&
      one(aws_backup_restore_testing_plan.this).recovery_point_selection[0].include_vaults == toset([aws_backup_vault.recovery.arn])
    )
    error_message = "the test must restore from the vault of the recovery region, every week"
  }
  assert {
    condition = { for name, selection in aws_backup_restore_testing_selection.this : name => [selection.protected_resource_type, selection.restore_metadata_overrides["kmsKeyId"]] } == {
      shared_storage = ["EFS", var.recovery_key_arns.storage]
      volumes        = ["EBS", var.recovery_key_arns.volumes]
    }
    error_message = "both kinds must be restored, each under its key"
  }
}

run "the_framework_asks_for_what_the_catalogue_says" {
  command = plan

  assert {
    condition = { for control in one(aws_backup_framework.this).control : control.name => { for parameter in control.input_parameter : parameter.name => parameter.value } } == {
      BACKUP_LAST_RECOVERY_POINT_CREATED                = { recoveryPointAgeUnit = "hours", recoveryPointAgeValue = "4" }
      BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK = { requiredFrequencyUnit = "days", requiredFrequencyValue = "1", requiredRetentionDays = "7" }
      BACKUP_RECOVERY_POINT_ENCRYPTED                   = {}
      BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK     = { requiredRetentionDays = "7" }
      BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN         = {}
      BACKUP_RESOURCES_PROTECTED_BY_BACKUP_VAULT_LOCK   = { maxRetentionDays = "35", minRetentionDays = "7" }
      BACKUP_RESOURCES_PROTECTED_BY_CROSS_REGION        = { crossRegionList = "ap-south-2" }
    }
    error_message = "the controls differ"
  }
}

run "restore_tests_and_framework_can_be_left_out" {
  command = plan

  variables {
    restore_testing = false
    framework       = false
  }

  assert {
    condition     = length(aws_backup_restore_testing_plan.this) + length(aws_backup_restore_testing_selection.this) + length(aws_backup_framework.this) == 0
    error_message = "something of them is left"
  }
}

run "refuses_a_backup_of_what_nobody_knows" {
  command = plan

  variables {
    backups         = { daily = { description = "Tables", protects = "tables", schedule = "cron(30 20 * * ? *)", keep_days = 7 } }
    watched_backups = []
  }

  expect_failures = [var.backups]
}

run "refuses_two_backups_of_the_same" {
  command = plan

  variables {
    backups = {
      daily  = { description = "Volumes", protects = "volumes", schedule = "cron(30 20 * * ? *)", keep_days = 7 }
      weekly = { description = "Volumes", protects = "volumes", schedule = "cron(30 20 * * ? *)", keep_days = 35 }
    }
    watched_backups = []
  }

  expect_failures = [var.backups]
}

run "refuses_a_backup_that_is_gone_before_the_next_test" {
  command = plan

  variables {
    backups         = { daily = { description = "Volumes", protects = "volumes", schedule = "cron(30 20 * * ? *)", keep_days = 6 } }
    watched_backups = []
  }

  expect_failures = [var.backups]
}

run "refuses_a_lock_for_ever_on_what_is_disposable" {
  command = plan

  variables {
    lock                = "compliance"
    deletion_protection = false
  }

  expect_failures = [var.lock]
}

# One run for all: each plans the whole module, whatever it refuses.
run "refuses_every_value_that_cannot_be" {
  command = plan

  variables {
    # a name that is no prefix
    name = "kosha"
    # a timezone without a name
    timezone = "+05:30"
    # watch a backup that is none
    watched_backups = ["hourly"]
    # a file system that is none
    file_system_arn = "fs-0123456789abcdef0"
    # a key alias
    key_arns = { backup = "alias/kosha-test-backup", storage = "alias/kosha-test-storage", volumes = "alias/kosha-test-volumes" }
    # a key alias in the recovery region
    recovery_key_arns = { backup = "alias/kosha-test-backup", storage = "alias/kosha-test-storage", volumes = "alias/kosha-test-volumes" }
    # a vault without a lock
    lock = "none"
    # a lock that is final tomorrow
    lock_changeable_for_days = 1
    # a topic that is none
    topic_arn = "platform"
    # a boundary that is none
    permissions_boundary_arn = "kosha-test-boundary"
  }

  expect_failures = [
    var.name,
    var.timezone,
    var.watched_backups,
    var.file_system_arn,
    var.key_arns,
    var.recovery_key_arns,
    var.lock,
    var.lock_changeable_for_days,
    var.topic_arn,
    var.permissions_boundary_arn,
  ]
}
