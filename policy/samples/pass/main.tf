# Every own check passes on this file (tests/policy).
resource "aws_efs_file_system_policy" "named_clients" {
  file_system_id = "fs-1"
  policy         = <<-JSON
    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/workers"},
       "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"], "Resource": "*",
       "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}},
      {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "*", "Resource": "*",
       "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}
  JSON
}

resource "aws_vpc_security_group_ingress_rule" "from_workers" {
  security_group_id            = "sg-1"
  referenced_security_group_id = "sg-2"
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
}

resource "aws_datasync_location_efs" "tls" {
  efs_file_system_arn   = "arn"
  in_transit_encryption = "TLS1_2"
}

resource "aws_datasync_task" "careful" {
  source_location_arn      = "a"
  destination_location_arn = "b"
  cloudwatch_log_group_arn = "c"
  options {
    verify_mode            = "ONLY_FILES_TRANSFERRED"
    preserve_deleted_files = "PRESERVE"
  }
  task_report_config {
    output_type = "STANDARD"
  }
}

resource "aws_s3_bucket_replication_configuration" "everything" {
  bucket = "lake"
  role   = "role"
  rule {
    status = "Enabled"
    filter {}
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

resource "aws_kms_replica_key" "closed" {
  primary_key_arn = "key"
  policy          = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"arn:aws:iam::111122223333:root\"}, \"Action\": \"kms:*\", \"Resource\": \"*\"}]}"
}
