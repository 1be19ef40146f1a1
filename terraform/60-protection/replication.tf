module "storage_replica" {
  source = "../../modules/storage-replica"

  providers = {
    aws          = aws
    aws.recovery = aws.recovery
  }

  name                = module.naming.prefix
  file_system_id      = local.storage.file_system_id
  storage_key_arn     = local.foundation.recovery_key_arns["storage"]
  tiers               = local.layout.tiers
  deletion_protection = var.deletion_protection
}

module "replication_watch" {
  source = "../../modules/replication-watch"

  providers = {
    aws          = aws
    aws.recovery = aws.recovery
  }

  name      = module.naming.prefix
  topic_arn = local.foundation.topic_arns["platform"]

  buckets = {
    lake = {
      source       = local.storage.lake_bucket
      destination  = local.storage.replica_bucket
      rule         = local.storage.replication_rule
      to_recovery  = true
      late_minutes = local.recovery.targets.lake.rpo_minutes
    }
    # It rests until a failover, and tells then when everything is back.
    lake-back = {
      source       = local.storage.replica_bucket
      destination  = local.storage.lake_bucket
      rule         = local.storage.replication_rule
      to_recovery  = false
      late_minutes = local.recovery.targets.lake.rpo_minutes
    }
  }

  file_systems = {
    shared-storage = {
      source       = local.storage.file_system_id
      destination  = module.storage_replica.file_system_id
      late_minutes = local.recovery.targets.shared_storage.rpo_minutes
    }
  }
}
