mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "ap-south-1" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/made-here" }
  }
}

variables {
  cluster_name             = "kosha-test-cluster"
  cluster_arn              = "arn:aws:eks:ap-south-1:111122223333:cluster/kosha-test-cluster"
  lake_bucket_arn          = "arn:aws:s3:::kosha-test-lake-ap-south-1"
  lake_key_arn             = "arn:aws:kms:ap-south-1:111122223333:key/lake"
  secrets_prefix           = "kosha-test"
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
}

run "the_hospital_reads_and_writes_clinical_records_and_its_own_secrets" {
  command = apply

  assert {
    condition = alltrue([
      for statement in jsondecode(output.policy).Statement : statement.Resource == {
        KeepClinicalRecords      = "arn:aws:s3:::kosha-test-lake-ap-south-1/clinical-records/*"
        SeeWhetherARecordIsThere = "arn:aws:s3:::kosha-test-lake-ap-south-1"
        EncryptClinicalRecords   = "arn:aws:kms:ap-south-1:111122223333:key/lake"
        ReadOwnSecrets           = "arn:aws:secretsmanager:ap-south-1:111122223333:secret:kosha-test/hospital/*"
      }[statement.Sid]
    ])
    error_message = "The hospital's pods reach something else: ${output.policy}"
  }
  assert {
    condition = !anytrue(flatten([
      for statement in jsondecode(output.policy).Statement : [for action in statement.Action : strcontains(action, "Delete") || strcontains(action, "*")]
    ]))
    error_message = "The hospital's pods may delete, or more than is named."
  }
}

run "refuses_what_is_no_bucket_and_no_key" {
  command = plan

  variables {
    lake_bucket_arn = "kosha-test-lake-ap-south-1"
    lake_key_arn    = "alias/kosha-test-lake"
  }

  expect_failures = [var.lake_bucket_arn, var.lake_key_arn]
}
