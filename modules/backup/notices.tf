# What modules/event-notices waits for, in both regions. A restore job says status where the others say state. AWS Backup sends these as
# well as it can, and no better: the alarms notice what no event told.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html

locals {
  _bad = ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"]

  notice_rules = {
    backup-jobs = {
      about   = "a backup failed"
      pattern = jsonencode({ source = ["aws.backup"], "detail-type" = ["Backup Job State Change"], detail = { state = local._bad } })
      paths = {
        job      = "$.detail.backupJobId"
        resource = "$.detail.resourceArn"
        state    = "$.detail.state"
        time     = "$.time"
        vault    = "$.detail.backupVaultArn"
        why      = "$.detail.statusMessage"
      }
      text = "Backup of <resource> is <state> at <time> (job <job>, vault <vault>). AWS Backup says: <why> Runbook: ${local.runbook}"
    }
    copy-jobs = {
      about   = "the copy of a backup failed"
      pattern = jsonencode({ source = ["aws.backup"], "detail-type" = ["Copy Job State Change"], detail = { state = local._bad } })
      paths = {
        job      = "$.detail.copyJobId"
        resource = "$.detail.resourceArn"
        state    = "$.detail.state"
        time     = "$.time"
        vault    = "$.detail.destinationBackupVaultArn"
        why      = "$.detail.statusMessage"
      }
      text = "Copy of a backup of <resource> to <vault> is <state> at <time> (job <job>). AWS Backup says: <why> Runbook: ${local.runbook}"
    }
    restore-jobs = {
      about   = "a restore, or the test of one, failed"
      pattern = jsonencode({ source = ["aws.backup"], "detail-type" = ["Restore Job State Change"], detail = { status = local._bad } })
      paths = {
        job    = "$.detail.restoreJobId"
        point  = "$.resources[0]"
        status = "$.detail.status"
        time   = "$.time"
        type   = "$.detail.resourceType"
        why    = "$.detail.statusMessage"
      }
      text = "Restore of <point> (<type>) is <status> at <time> (job <job>). AWS Backup says: <why> Runbook: ${local.runbook}"
    }
    # Expired ones could not be deleted, and cost until somebody does.
    recovery-points = {
      about   = "a recovery point is not whole or could not be deleted at its end"
      pattern = jsonencode({ source = ["aws.backup"], "detail-type" = ["Recovery Point State Change"], detail = { status = ["EXPIRED", "PARTIAL"] } })
      paths   = { point = "$.resources[0]", status = "$.detail.status", time = "$.time", vault = "$.detail.backupVaultArn" }
      text    = "Recovery point <point> is <status> at <time> (vault <vault>). Runbook: ${local.runbook}"
    }
    # Calls reach EventBridge through the trail (modules/audit-trail).
    vault-guards = {
      about = "what guards or makes backups was changed"
      pattern = jsonencode({
        source        = ["aws.backup"]
        "detail-type" = ["AWS API Call via CloudTrail"]
        detail = {
          eventSource = ["backup.amazonaws.com"]
          eventName = [
            "DeleteBackupPlan", "DeleteBackupSelection", "DeleteBackupVault", "DeleteBackupVaultAccessPolicy", "DeleteBackupVaultLockConfiguration",
            "DeleteRecoveryPoint", "PutBackupVaultAccessPolicy", "PutBackupVaultLockConfiguration", "UpdateBackupPlan",
            "UpdateRecoveryPointLifecycle", "UpdateRegionSettings",
          ]
        }
      })
      paths = {
        call   = "$.detail.eventName"
        error  = "$.detail.errorCode"
        event  = "$.detail.eventID"
        from   = "$.detail.sourceIPAddress"
        region = "$.detail.awsRegion"
        time   = "$.time"
        who    = "$.detail.userIdentity.arn"
      }
      text = "<call> in <region> by <who> from <from> at <time>: what guards or makes backups was changed. Error, if it was refused: <error>. Event <event> of the trail. Runbook: ${local.runbook}"
    }
  }
}
