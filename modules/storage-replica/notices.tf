# What modules/event-notices waits for. Without its replication the replica becomes writable, and older by the minute.
locals {
  notice_rules = {
    replication-guards = {
      about = "the replication of the shared storage was taken away"
      pattern = jsonencode({
        source        = ["aws.elasticfilesystem"]
        "detail-type" = ["AWS API Call via CloudTrail"]
        detail        = { eventSource = ["elasticfilesystem.amazonaws.com"], eventName = ["DeleteReplicationConfiguration"] }
      })
      paths = {
        error  = "$.detail.errorCode"
        event  = "$.detail.eventID"
        region = "$.detail.awsRegion"
        time   = "$.time"
        who    = "$.detail.userIdentity.arn"
      }
      text = "DeleteReplicationConfiguration in <region> by <who> at <time>: the shared storage is no longer replicated. Error, if it was refused: <error>. Event <event> of the trail. Runbook: docs/runbooks/backups.md"
    }
  }
}
