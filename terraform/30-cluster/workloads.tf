# Service accounts of kubernetes/ that call AWS. Those that are not here have no rights there at all: the steps of the workflow
# and its driver work on files, and so does the ingestion of archives.

module "hospital_ingestion" {
  source = "../../modules/hospital-ingestion"

  cluster_name             = module.cluster.name
  cluster_arn              = module.cluster.arn
  lake_bucket_arn          = local.storage.lake_bucket_arn
  lake_key_arn             = local.foundation.key_arns.lake
  secrets_prefix           = module.naming.prefix
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}
