# Who reads the replica reads it from the standby's network as from the platform's. Always there: roles and their policies are
# changed through an endpoint of IAM outside the country's regions, which need not answer in a disaster; what is there already
# is evaluated in every region by itself.
# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html
module "reader_access" {
  source = "../../modules/reader-access"

  name                     = module.naming.prefix
  roles_exist              = true
  duties                   = local.access.duties
  places                   = local.access.places
  data_classes             = local.data_classes
  buckets                  = { replica = { arn = local.storage.replica_bucket_arn, region = module.naming.recovery_region, key_arn = local.foundation.recovery_key_arns.lake } }
  vpc_ids                  = [module.network.vpc_id]
  trusted                  = var.trusted_readers
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}
