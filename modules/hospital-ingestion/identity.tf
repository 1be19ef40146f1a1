data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

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
        Resource = "${var.lake_bucket_arn}/${local._clinical.prefix}/*"
      },
      {
        # To whom this is denied, an object that is not there looks like one that is refused (pipelines/ingest/hospital/sink.py).
        Sid       = "SeeWhetherARecordIsThere"
        Effect    = "Allow"
        Action    = ["s3:ListBucket"]
        Resource  = var.lake_bucket_arn
        Condition = { StringLike = { "s3:prefix" = "${local._clinical.prefix}/*" } }
      },
      {
        Sid       = "EncryptClinicalRecords"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = var.lake_key_arn
        Condition = { StringEquals = { "kms:ViaService" = "s3.${data.aws_region.current.name}.amazonaws.com" } }
      },
      {
        # Tokens of the hospitals' servers, and the secrets of the pseudonyms.
        Sid      = "ReadOwnSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:secret:${var.secrets_prefix}/hospital/*"
      },
    ]
  }
}

module "identity" {
  source = "../workload-identity"

  cluster_name             = var.cluster_name
  cluster_arn              = var.cluster_arn
  name                     = "hospital"
  service_account          = { namespace = "ingestion", name = "hospital" }
  policy                   = jsonencode(local._hospital_rights)
  permissions_boundary_arn = var.permissions_boundary_arn
}
