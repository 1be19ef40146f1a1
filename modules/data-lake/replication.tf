# Both ways, all the time. While the primary region serves, nobody writes to the replica, so the way back has nothing to do;
# after a failover it brings what was written in the recovery region home, once the primary is there again. Nobody must
# remember to set it up then (docs/adr/0035).

locals {
  replicated = {
    lake    = { bucket = module.lake.bucket, key_arn = var.lake_key_arn, object_lock = module.lake.has_object_lock }
    replica = { bucket = module.replica.bucket, key_arn = var.replica_key_arn, object_lock = module.replica.has_object_lock }
  }
}

module "replication" {
  source = "../replication"

  role_name = "${var.name}-lake-replication"
  from      = local.replicated.lake
  to        = local.replicated.replica

  permissions_boundary_arn = var.permissions_boundary_arn
}

module "replication_back" {
  source    = "../replication"
  providers = { aws = aws.recovery }

  role_name = "${var.name}-lake-replication-back"
  from      = local.replicated.replica
  to        = local.replicated.lake

  permissions_boundary_arn = var.permissions_boundary_arn
}
