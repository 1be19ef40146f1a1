# What somebody should look at, as soon as it happens. Calls reach EventBridge through CloudTrail while a trail logs them, those on
# objects while it logs these objects. CloudTrail delivers them as well as it can, and no better: what counts is in the bucket.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html

locals {
  # A call is logged where the bucket or key lies. The region in a notice is that in the event's detail: the envelope's may be that of
  # the bus it came over.
  _calls = {
    bucket-guards = {
      about   = "what guards a bucket with data or with the trail was changed"
      service = "s3"
      subject = "$.detail.requestParameters.bucketName"
      names = [
        "DeleteBucketEncryption", "DeleteBucketLifecycle", "DeleteBucketPolicy", "DeleteBucketPublicAccessBlock", "DeleteBucketReplication",
        "PutBucketEncryption", "PutBucketLifecycle", "PutBucketObjectLockConfiguration", "PutBucketPolicy", "PutBucketPublicAccessBlock",
        "PutBucketReplication", "PutBucketVersioning", "PutObjectLockConfiguration",
      ]
      detail = {
        requestParameters = { bucketName = [var.lake_bucket, var.replica_bucket, var.reports_bucket, local.trail_bucket, local.config_bucket] }
      }
    }
    # Tags decide who may read. The functions tag thousands of objects a day, which is no news. Users, and the root user, have no
    # sessionIssuer.
    tagging = {
      about   = "tags of an object of the lake were written or removed by somebody else than the tagging functions"
      service = "s3"
      subject = "$.detail.requestParameters.key"
      names   = ["DeleteObjectTagging", "PutObjectTagging"]
      detail = {
        requestParameters = { bucketName = [var.lake_bucket, var.replica_bucket] }
        userIdentity      = { sessionContext = { sessionIssuer = { arn = [{ "anything-but" = sort(var.tagging_role_arns) }, { exists = false }] } } }
      }
    }
    trails = {
      about   = "a trail was stopped, deleted or changed"
      service = "cloudtrail"
      subject = "$.detail.requestParameters.name"
      names   = ["DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail"]
      detail  = {}
    }
    keys = {
      about   = "a key was disabled, its deletion was scheduled or its policy changed"
      service = "kms"
      subject = "$.detail.requestParameters.keyId"
      names   = ["DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion"]
      detail  = {}
    }
  }

  _call_rules = {
    for name, rule in local._calls : name => {
      about = rule.about
      pattern = jsonencode({
        source        = ["aws.${rule.service}"]
        "detail-type" = ["AWS API Call via CloudTrail"]
        detail        = merge({ eventSource = ["${rule.service}.amazonaws.com"], eventName = rule.names }, rule.detail)
      })
      paths = {
        call    = "$.detail.eventName"
        error   = "$.detail.errorCode"
        event   = "$.detail.eventID"
        from    = "$.detail.sourceIPAddress"
        region  = "$.detail.awsRegion"
        subject = rule.subject
        time    = "$.time"
        who     = "$.detail.userIdentity.arn"
      }
      text = "<call> <subject> in <region> by <who> from <from> at <time>: ${rule.about}. Error, if it was refused: <error>. Event <event> of the trail ${local.trail_name}."
    }
  }

  _findings = {
    guardduty = {
      about   = "GuardDuty found something"
      pattern = jsonencode({ source = ["aws.guardduty"], "detail-type" = ["GuardDuty Finding"] })
      paths   = { id = "$.detail.id", region = "$.detail.region", severity = "$.detail.severity", time = "$.time", title = "$.detail.title", type = "$.detail.type" }
      text    = "GuardDuty in <region> at <time>, severity <severity>: <title> (<type>, finding <id>)."
    }
    access-analyzer = {
      about   = "Access Analyzer found access from outside the account"
      pattern = jsonencode({ source = ["aws.access-analyzer"], "detail-type" = ["Access Analyzer Finding"], detail = { status = ["ACTIVE"] } })
      paths   = { id = "$.detail.id", public = "$.detail.isPublic", region = "$.detail.region", resource = "$.detail.resource", time = "$.time" }
      text    = "Access Analyzer in <region> at <time>: <resource> can be reached from outside the account (public: <public>, finding <id>)."
    }
    config = {
      about = "a resource breaks a rule of AWS Config"
      pattern = jsonencode({
        source        = ["aws.config"]
        "detail-type" = ["Config Rules Compliance Change"]
        detail = {
          messageType         = ["ComplianceChangeNotification"]
          newEvaluationResult = { complianceType = ["NON_COMPLIANT"] }
        }
      })
      paths = { region = "$.detail.awsRegion", resource = "$.detail.resourceId", rule = "$.detail.configRuleName", time = "$.time", type = "$.detail.resourceType" }
      text  = "AWS Config in <region> at <time>: <type> <resource> breaks the rule <rule>."
    }
  }

  _found = { access-analyzer = var.access_analyzer, config = length(var.config_rules) > 0, guardduty = var.guardduty }
}

module "notices" {
  source = "../event-notices"

  providers = {
    aws          = aws
    aws.recovery = aws.recovery
  }

  name                     = local.trail_name
  permissions_boundary_arn = var.permissions_boundary_arn
  topic_arn                = var.topic_arn
  rules                    = merge(local._call_rules, { for name, rule in local._findings : name => rule if local._found[name] })
}
