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

resource "aws_kms_replica_key" "CKV_KOSHA_6_open" {
  primary_key_arn = "key"
  policy          = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"*\"}, \"Action\": \"kms:*\", \"Resource\": \"*\"}]}"
}

resource "aws_s3_bucket_replication_configuration" "CKV_KOSHA_5_no_key" {
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
    }
  }
}

resource "aws_s3_bucket_replication_configuration" "CKV_KOSHA_5_one_way" {
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
        status = "Disabled"
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

resource "aws_iam_role" "CKV_KOSHA_7_no_source" {
  assume_role_policy = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"Service\": \"datasync.amazonaws.com\"}, \"Action\": \"sts:AssumeRole\"}]}"
}

resource "aws_iam_role" "CKV_KOSHA_7_any_account" {
  assume_role_policy = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"Service\": \"datasync.amazonaws.com\"}, \"Action\": \"sts:AssumeRole\", \"Condition\": {\"StringLike\": {\"aws:SourceAccount\": \"*\"}}}]}"
}

resource "aws_iam_role" "CKV_KOSHA_8_any_service_account" {
  assume_role_policy = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"Service\": \"pods.eks.amazonaws.com\"}, \"Action\": [\"sts:AssumeRole\", \"sts:TagSession\"], \"Condition\": {\"StringEquals\": {\"aws:SourceAccount\": \"111122223333\", \"aws:RequestTag/eks-cluster-arn\": \"c\", \"aws:RequestTag/kubernetes-namespace\": \"n\"}}}]}"
}

resource "aws_kms_key" "CKV_KOSHA_9_of_one_region" {
  enable_key_rotation = true
}

resource "aws_vpc_endpoint" "CKV_KOSHA_10_default" {
  vpc_id       = "vpc-1"
  service_name = "s3"
}

resource "aws_vpc_endpoint" "CKV_KOSHA_10_like_the_default" {
  vpc_id       = "vpc-1"
  service_name = "s3"
  policy       = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"s3:*\", \"Resource\": \"*\"}]}"
}

resource "aws_vpc_security_group_egress_rule" "CKV_KOSHA_11_everything" {
  security_group_id = "sg-1"
  description       = "Everything"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_egress_rule" "CKV_KOSHA_11_without_reason" {
  security_group_id = "sg-1"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv6         = "::/0"
}

resource "aws_eks_cluster" "CKV_KOSHA_12_creator" {
  access_config {
    authentication_mode = "API"
  }
}

resource "aws_eks_cluster" "CKV_KOSHA_12_config_map" {
  access_config {
    authentication_mode                         = "API_AND_CONFIG_MAP"
    bootstrap_cluster_creator_admin_permissions = false
  }
}

resource "aws_eks_access_policy_association" "CKV_KOSHA_13_researcher_administers" {
  policy_arn = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
  access_scope {
    type       = "namespace"
    namespaces = ["research"]
  }
}

resource "aws_eks_access_policy_association" "CKV_KOSHA_13_researcher_everywhere" {
  policy_arn = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
  access_scope {
    type = "cluster"
  }
}

resource "aws_lambda_function" "CKV_KOSHA_14_no_queue" {
  function_name = "no_queue"
}

resource "aws_cloudwatch_metric_alarm" "no_queue" {
  namespace     = "AWS/Lambda"
  metric_name   = "Errors"
  dimensions    = { FunctionName = "no_queue" }
  alarm_actions = ["topic"]
}

resource "aws_lambda_function" "CKV_KOSHA_14_no_alarm" {
  function_name = "no_alarm"
  dead_letter_config {
    target_arn = "queue"
  }
}

resource "aws_lambda_function" "CKV_KOSHA_14_mute_alarm" {
  function_name = "mute_alarm"
  dead_letter_config {
    target_arn = "queue"
  }
}

resource "aws_cloudwatch_metric_alarm" "mute_alarm" {
  namespace       = "AWS/Lambda"
  metric_name     = "Errors"
  dimensions      = { FunctionName = "mute_alarm" }
  actions_enabled = false
  alarm_actions   = ["topic"]
}

resource "aws_s3_bucket_lifecycle_configuration" "CKV_KOSHA_15_a_month" {
  bucket = "lake"
  rule {
    status = "Enabled"
    expiration {
      days = 30
    }
  }
}

resource "aws_backup_plan" "CKV_KOSHA_16_no_copy" {
  name = "daily"
  rule {
    rule_name         = "daily"
    target_vault_name = "vault"
    lifecycle {
      delete_after = 7
    }
  }
}

resource "aws_backup_plan" "CKV_KOSHA_16_shorter_copy" {
  name = "daily"
  rule {
    rule_name         = "daily"
    target_vault_name = "vault"
    lifecycle {
      delete_after = 7
    }
    copy_action {
      destination_vault_arn = "elsewhere"
      lifecycle {
        delete_after = 1
      }
    }
  }
}

resource "aws_backup_plan" "CKV_KOSHA_16_one_rule_of_two" {
  name = "daily"
  rule {
    rule_name         = "daily"
    target_vault_name = "vault"
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
  rule {
    rule_name         = "weekly"
    target_vault_name = "vault"
    lifecycle {
      delete_after = 35
    }
  }
}

resource "aws_backup_vault_policy" "CKV_KOSHA_17_open" {
  backup_vault_name = "vault"
  policy            = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"backup:CopyIntoBackupVault\", \"Resource\": \"*\"}, {\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": [\"backup:DeleteRecoveryPoint\", \"backup:UpdateRecoveryPointLifecycle\"], \"Resource\": \"*\"}]}"
}

resource "aws_backup_vault_policy" "CKV_KOSHA_17_deletion_refused_to_one" {
  backup_vault_name = "vault"
  policy            = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Deny\", \"Principal\": {\"AWS\": \"role\"}, \"Action\": [\"backup:DeleteRecoveryPoint\", \"backup:UpdateRecoveryPointLifecycle\"], \"Resource\": \"*\"}]}"
}

resource "aws_backup_vault_policy" "CKV_KOSHA_17_shorter_time" {
  backup_vault_name = "vault"
  policy            = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"backup:DeleteRecoveryPoint\", \"Resource\": \"*\"}]}"
}

resource "aws_backup_vault" "CKV_KOSHA_18_nothing" {
  name        = "nothing"
  kms_key_arn = "key"
}

resource "aws_backup_vault" "CKV_KOSHA_18_no_lock" {
  name        = "no-lock"
  kms_key_arn = "key"
}

resource "aws_backup_vault_policy" "CKV_KOSHA_18_no_lock" {
  backup_vault_name = aws_backup_vault.CKV_KOSHA_18_no_lock.name
  policy            = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": [\"backup:DeleteRecoveryPoint\", \"backup:UpdateRecoveryPointLifecycle\"], \"Resource\": \"*\"}]}"
}

resource "aws_backup_vault" "CKV_KOSHA_18_no_policy" {
  name        = "no-policy"
  kms_key_arn = "key"
}

resource "aws_backup_vault_lock_configuration" "CKV_KOSHA_18_no_policy" {
  backup_vault_name  = aws_backup_vault.CKV_KOSHA_18_no_policy.name
  min_retention_days = 7
  max_retention_days = 35
}
