# Each resource is named after the own check that must fail on it (tests/policy).
resource "aws_efs_file_system_policy" "CKV_KOSHA_1_anonymous" {
  file_system_id = "fs-1"
  policy         = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": [\"elasticfilesystem:ClientMount\"], \"Resource\": \"*\"}, {\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"*\", \"Resource\": \"*\", \"Condition\": {\"Bool\": {\"aws:SecureTransport\": \"false\"}}}]}"
}

resource "aws_efs_file_system_policy" "CKV_KOSHA_1_no_such_action" {
  file_system_id = "fs-1"
  policy         = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"role\"}, \"Action\": [\"elasticfilesystem:ClientRead\"], \"Resource\": \"*\"}, {\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"*\", \"Resource\": \"*\", \"Condition\": {\"Bool\": {\"aws:SecureTransport\": \"false\"}}}]}"
}

resource "aws_efs_file_system_policy" "CKV_KOSHA_1_plaintext" {
  file_system_id = "fs-1"
  policy         = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"role\"}, \"Action\": [\"elasticfilesystem:ClientMount\"], \"Resource\": \"*\"}]}"
}

resource "aws_vpc_security_group_ingress_rule" "CKV_KOSHA_2_ipv4" {
  security_group_id = "sg-1"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 2000
  to_port           = 3000
}

resource "aws_vpc_security_group_ingress_rule" "CKV_KOSHA_2_everything_ipv6" {
  security_group_id = "sg-1"
  cidr_ipv6         = "::/0"
  ip_protocol       = "-1"
}

resource "aws_datasync_location_efs" "CKV_KOSHA_3_plaintext" {
  efs_file_system_arn = "arn"
}

resource "aws_datasync_task" "CKV_KOSHA_4_deletes" {
  source_location_arn      = "a"
  destination_location_arn = "b"
  cloudwatch_log_group_arn = "c"
  options {
    verify_mode            = "ONLY_FILES_TRANSFERRED"
    preserve_deleted_files = "REMOVE"
  }
  task_report_config {
    output_type = "STANDARD"
  }
}

resource "aws_datasync_task" "CKV_KOSHA_4_unverified" {
  source_location_arn      = "a"
  destination_location_arn = "b"
  cloudwatch_log_group_arn = "c"
  options {
    verify_mode            = "NONE"
    preserve_deleted_files = "PRESERVE"
  }
  task_report_config {
    output_type = "STANDARD"
  }
}

resource "aws_s3_bucket_replication_configuration" "CKV_KOSHA_5_no_deletes" {
  bucket = "lake"
  role   = "role"
  rule {
    status = "Enabled"
    filter {}
    delete_marker_replication {
      status = "Disabled"
    }
    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }
    }
    destination {
      bucket = "replica"
    }
  }
}

resource "aws_s3_bucket_replication_configuration" "CKV_KOSHA_5_one_prefix" {
  bucket = "lake"
  role   = "role"
  rule {
    status = "Enabled"
    filter {
      prefix = "results/"
    }
    delete_marker_replication {
      status = "Enabled"
    }
    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }
    }
    destination {
      bucket = "replica"
    }
  }
}

resource "aws_kms_replica_key" "CKV_KOSHA_6_open" {
  primary_key_arn = "key"
  policy          = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"*\"}, \"Action\": \"kms:*\", \"Resource\": \"*\"}]}"
}
