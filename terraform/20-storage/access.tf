# Who reads and who tags the lake. Bucket policies name roles by ARN, and later roots make some of them, so their names stand
# here; tests/local/test_45_access.py holds them against the roles there are.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  _role = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/${module.naming.prefix}-"

  # What tags (40-automation), and the hospital's records, which are uploaded with tags (30-cluster).
  tagging_role_arns = concat(var.hand_tagging_role_arns, [
    for name in ["object-tagger", "tag-backfill", "tag-backfill-jobs", "cluster-hospital"] : "${local._role}${name}"
  ])

  # Who writes to the replica besides the replication: nobody, as long as no role of the recovery region stands here.
  replica_writer_role_arns = []

  # The platform's own readers beside the transfer: the cleaners compare copies, the hospital's ingestion its own records.
  _cleaners = [
    for name, directory in local.layout.directories : "${local._role}storage-scratch-cleaner-${name}" if try(directory.cleaned, false)
  ]

  reader_role_arns = {
    for name, class in local.data_classes : name => concat(
      [for duty in class.readers : "${local._role}${duty}"],
      local._cleaners,
      name == "clinical_record" ? ["${local._role}cluster-hospital"] : [],
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
