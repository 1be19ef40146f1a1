# Service accounts of kubernetes/ that call AWS. Those that are not here have no rights there at all: the steps of the workflow
# and its driver work on files, and so does the ingestion of archives.

locals {
  _clinical = yamldecode(file("${path.module}/../../catalog/data-classes.yaml")).classes.clinical_record

  # What pipelines/ingest/hospital does: reads what it wrote of a patient, writes it anew with its tags, reads its secrets.
  _hospital_rights = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "KeepClinicalRecords"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:PutObjectTagging"]
        Resource = "${local.storage.lake_bucket_arn}/${local._clinical.prefix}/*"
      },
      {
        # To whom this is denied, an object that is not there looks like one that is refused (pipelines/ingest/hospital/sink.py).
        Sid       = "SeeWhetherARecordIsThere"
        Effect    = "Allow"
        Action    = ["s3:ListBucket"]
        Resource  = local.storage.lake_bucket_arn
        Condition = { StringLike = { "s3:prefix" = "${local._clinical.prefix}/*" } }
      },
      {
        Sid       = "EncryptClinicalRecords"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = local.foundation.key_arns.lake
        Condition = { StringEquals = { "kms:ViaService" = "s3.${module.naming.region}.amazonaws.com" } }
      },
      {
        # Tokens of the hospitals' servers, and the secrets of the pseudonyms.
        Sid      = "ReadOwnSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = "arn:${data.aws_partition.current.partition}:secretsmanager:${module.naming.region}:${data.aws_caller_identity.current.account_id}:secret:${module.naming.prefix}/hospital/*"
      },
    ]
  }
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

module "hospital_ingestion" {
  source = "../../modules/workload-identity"

  cluster_name             = module.cluster.name
  cluster_arn              = module.cluster.arn
  name                     = "hospital"
  service_account          = { namespace = "ingestion", name = "hospital" }
  policy                   = jsonencode(local._hospital_rights)
  permissions_boundary_arn = local.foundation.permissions_boundary_arn
}
