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
      replica_modifications {
        status = "Enabled"
      }
    }
    destination {
      bucket = "replica"
      encryption_configuration {
        replica_kms_key_id = "key"
      }
    }
  }
}

resource "aws_kms_replica_key" "closed" {
  primary_key_arn = "key"
  policy          = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"arn:aws:iam::111122223333:root\"}, \"Action\": \"kms:*\", \"Resource\": \"*\"}]}"
}

# A service that states no source, one that does, and a pod.
resource "aws_iam_role" "node" {
  assume_role_policy = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"Service\": \"ec2.amazonaws.com\"}, \"Action\": \"sts:AssumeRole\"}]}"
}

resource "aws_iam_role" "schedule" {
  assume_role_policy = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"Service\": \"scheduler.amazonaws.com\"}, \"Action\": \"sts:AssumeRole\", \"Condition\": {\"ArnLike\": {\"aws:SourceArn\": \"arn:aws:scheduler:*:111122223333:*\"}}}]}"
}

resource "aws_iam_role" "pod" {
  assume_role_policy = <<-JSON
    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"],
       "Condition": {"StringEquals": {
         "aws:SourceAccount": "111122223333",
         "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:region:111122223333:cluster/c",
         "aws:RequestTag/kubernetes-namespace": "ingestion",
         "aws:RequestTag/kubernetes-service-account": "hospital"}}}]}
  JSON
}

resource "aws_kms_key" "shared" {
  multi_region = true
}

resource "aws_vpc_endpoint" "of_this_account" {
  vpc_id       = "vpc-1"
  service_name = "s3"
  policy       = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"s3:*\", \"Resource\": \"*\", \"Condition\": {\"StringEquals\": {\"aws:ResourceAccount\": \"111122223333\"}}}]}"
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = "sg-1"
  description       = "HTTPS to registries and archives"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_eks_cluster" "entries_alone" {
  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = false
  }
}

resource "aws_eks_access_policy_association" "researcher" {
  policy_arn = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
  access_scope {
    type       = "namespace"
    namespaces = ["research"]
  }
}

resource "aws_eks_access_policy_association" "platform_admin" {
  policy_arn = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
  access_scope {
    type = "cluster"
  }
}

resource "aws_lambda_function" "watched" {
  function_name = "watched"
  dead_letter_config {
    target_arn = "queue"
  }
}

resource "aws_cloudwatch_metric_alarm" "watched" {
  namespace     = "AWS/Lambda"
  metric_name   = "Errors"
  dimensions    = { FunctionName = "watched" }
  alarm_actions = ["topic"]
}

resource "aws_s3_bucket_lifecycle_configuration" "kept" {
  bucket = "lake"
  rule {
    status = "Enabled"
    expiration {
      expired_object_delete_marker = true
    }
  }
  rule {
    status = "Enabled"
    expiration {
      days = 400
    }
  }
}

resource "aws_backup_plan" "copied" {
  name = "daily"
  rule {
    rule_name         = "daily"
    target_vault_name = "kept"
    lifecycle {
      delete_after = 7
    }
    copy_action {
      destination_vault_arn = "elsewhere"
      lifecycle {
        delete_after = 7
      }
    }
  }
}

resource "aws_backup_vault" "kept" {
  name        = "kept"
  kms_key_arn = "key"
}

resource "aws_backup_vault_policy" "kept" {
  backup_vault_name = aws_backup_vault.kept.name
  policy            = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Deny\", \"Principal\": {\"AWS\": \"*\"}, \"Action\": [\"backup:DeleteRecoveryPoint\", \"backup:UpdateRecoveryPointLifecycle\"], \"Resource\": \"*\"}]}"
}

resource "aws_backup_vault_lock_configuration" "kept" {
  backup_vault_name  = aws_backup_vault.kept.name
  min_retention_days = 7
  max_retention_days = 35
}
