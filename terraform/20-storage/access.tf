# Who reads and who tags the lake. Bucket policies name roles by ARN, and later roots make some of them, so their names stand
# here; tests/local/test_45_access.py holds them against the roles there are.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  _role = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/${module.naming.prefix}-"

  # The platform's own roles, and those of the standby (90-recovery), which have the same rights on the replica alone.
  machine_role_arns = {
    for who, role in { platform = local._role, standby = "${local._role}recovery-" } : who => {
      # Transfers read back what they wrote.
      exempt = [for transfer in keys(local.layout.transfers) : "${role}${transfer}-lake"]
      # What tags (40-automation), and the hospital's records, which are uploaded with tags (30-cluster).
      tagging = [for name in ["object-tagger", "tag-backfill", "tag-backfill-jobs", "cluster-hospital"] : "${role}${name}"]
      # The cleaners compare copies, the hospital's ingestion its own records.
      readers = {
        for class in keys(local.data_classes) : class => concat(
          [for name, directory in local.layout.directories : "${role}storage-scratch-cleaner-${name}" if try(directory.cleaned, false)],
          class == "clinical_record" ? ["${role}cluster-hospital"] : [],
        )
      }
    }
  }

  # Who writes to the replica besides the replication: the transfers of the standby, and the hospital's ingestion there.
  replica_writer_role_arns = concat(local.machine_role_arns.standby.exempt, ["${local._role}recovery-cluster-hospital"])

  reader_role_arns = {
    for name, class in local.data_classes : name => concat(
      [for duty in class.readers : "${local._role}${duty}"],
      local.machine_role_arns.platform.readers[name],
    )
  }
}

module "reader_access" {
  source = "../../modules/reader-access"

  name         = module.naming.prefix
  duties       = local.access.duties
  places       = local.access.places
  data_classes = local.data_classes
  buckets = {
    lake    = { arn = module.data_lake.lake_bucket_arn, region = module.naming.region, key_arn = local.foundation.key_arns.lake }
    replica = { arn = module.data_lake.replica_bucket_arn, region = module.naming.recovery_region, key_arn = local.foundation.recovery_key_arns.lake }
  }
  vpc_ids                  = [local.foundation.vpc_id]
  institution_networks     = var.institution_networks
  trusted                  = var.trusted_readers
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}
