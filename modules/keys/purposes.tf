locals {
  # One key per purpose, so that a right to one kind of data is no right to another (docs/adr/0005).
  # `services` are the AWS services through which, and only through which, principals of this account may use the key.
  # Names: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
  purposes = {
    storage = {
      description = "Shared storage (EFS)"
      services    = ["elasticfilesystem"]
    }
    lake = {
      description = "Data lake and its reports (S3)"
      services    = ["s3"]
    }
    volumes = {
      description = "Volumes of the nodes and of claims (EBS)"
      services    = ["ec2"]
    }
    backup = {
      description = "Recovery points (AWS Backup)"
      # A recovery point of a volume is an EBS snapshot: copying one goes through ec2, all else through backup.
      services = ["backup", "ec2"]
    }
    cluster = {
      description = "Secrets of the cluster (EKS)"
      # The API server calls KMS directly with the cluster's role, so no service can be demanded.
      # https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html
      services = []
    }
    logs = {
      description = "Log groups (CloudWatch Logs), flow logs among them"
      services    = ["logs"]
    }
    alerts = {
      description = "Notices and dead letters (SNS, SQS)"
      services    = ["sns", "sqs"]
    }
    functions = {
      description = "Code and environment of the functions (S3, Lambda), payload of their schedules"
      services    = ["lambda", "s3", "scheduler"]
    }
    images = {
      description = "Images of the pipelines (ECR)"
      services    = ["ecr"]
    }
    audit = {
      description = "Audit trail and history of the configuration (S3, CloudTrail, Config)"
      services    = ["s3"]
    }
  }
}
