# Of AWS's managed policies for these roles what volumes and file systems need, on what is ours.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/security-iam-awsmanpol.html

locals {
  # AWS documents no source in AWS Backup's request for a role (policy/checks/identity.py).
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "backup.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  _keys         = concat(values(var.key_arns), values(var.recovery_key_arns))
  _storage_keys = [var.key_arns.storage, var.recovery_key_arns.storage]
  _backup_keys  = [var.key_arns.backup, var.recovery_key_arns.backup]
  _volume_keys  = [var.key_arns.volumes, var.recovery_key_arns.volumes]
  _via_ec2      = { StringEquals = { "kms:ViaService" = [for region in [local.region, local.recovery_region] : "ec2.${region}.amazonaws.com"] } }

  key_statements = [
    { Sid = "SeeKeys", Effect = "Allow", Action = "kms:DescribeKey", Resource = local._keys },
    {
      # AWS resources keep using a key by a grant.
      Sid       = "GrantKeysToResources"
      Effect    = "Allow"
      Action    = "kms:CreateGrant"
      Resource  = local._keys
      Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
    },
  ]

  backup_statements = concat(
    [
      {
        Sid       = "SnapVolumes"
        Effect    = "Allow"
        Action    = "ec2:CreateSnapshot"
        Resource  = "arn:${local.partition}:ec2:${local.region}:${local.account}:volume/*"
        Condition = { StringEquals = { "aws:ResourceTag/kosha:backup" = [for name, backup in var.backups : name if backup.protects == "volumes"] } }
      },
      {
        Sid      = "MakeAndTagSnapshots"
        Effect   = "Allow"
        Action   = ["ec2:CopySnapshot", "ec2:CreateSnapshot", "ec2:CreateTags"]
        Resource = local.snapshot_arns
      },
      {
        # At the end of their time AWS Backup deletes with this role, and only its own: the last snapshots of volumes are none of them.
        # https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-iam.html
        Sid       = "DeleteOwnSnapshots"
        Effect    = "Allow"
        Action    = "ec2:DeleteSnapshot"
        Resource  = local.snapshot_arns
        Condition = { Null = { "aws:ResourceTag/aws:backup:source-resource" = "false" } }
      },
      {
        Sid      = "Look"
        Effect   = "Allow"
        Action   = ["ec2:DescribeSnapshots", "ec2:DescribeTags", "ec2:DescribeVolumes", "tag:GetResources"]
        Resource = "*"
      },
      {
        Sid      = "BackUpFileSystem"
        Effect   = "Allow"
        Action   = ["elasticfilesystem:Backup", "elasticfilesystem:DescribeTags"]
        Resource = var.file_system_arn
      },
      {
        Sid      = "UseVaults"
        Effect   = "Allow"
        Action   = ["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"]
        Resource = [local.vault_arn, local.recovery_vault_arn]
      },
      {
        Sid       = "CopyToRecoveryVault"
        Effect    = "Allow"
        Action    = "backup:CopyFromBackupVault"
        Resource  = concat(local.recovery_point_arns, local.snapshot_arns)
        Condition = { "ForAllValues:ArnEquals" = { "backup:CopyTargets" = [local.vault_arn, local.recovery_vault_arn] }, Null = { "backup:CopyTargets" = "false" } }
      },
      {
        Sid      = "TagRecoveryPoints"
        Effect   = "Allow"
        Action   = "backup:TagResource"
        Resource = local.recovery_point_arns
      },
      {
        # A copy is encrypted anew, with the key of the vault it goes to.
        Sid       = "ReencryptSnapshots"
        Effect    = "Allow"
        Action    = ["kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        Resource  = concat(local._volume_keys, local._backup_keys)
        Condition = local._via_ec2
      },
    ],
    local.key_statements,
  )

  restore_statements = concat(
    [
      {
        Sid      = "MakeVolumes"
        Effect   = "Allow"
        Action   = "ec2:CreateVolume"
        Resource = concat(local.snapshot_arns, local.volume_arns)
      },
      {
        Sid       = "TagVolumesMade"
        Effect    = "Allow"
        Action    = "ec2:CreateTags"
        Resource  = local.volume_arns
        Condition = { StringEquals = { "ec2:CreateAction" = "CreateVolume" } }
      },
      {
        Sid      = "Look"
        Effect   = "Allow"
        Action   = ["ec2:DescribeAvailabilityZones", "ec2:DescribeSnapshots", "ec2:DescribeTags", "ec2:DescribeVolumes"]
        Resource = "*"
      },
      {
        # Which has no ARN before it is made. Encrypted ones:
        # https://docs.aws.amazon.com/efs/latest/ug/using-iam-to-enforce-encryption-at-rest.html
        Sid       = "MakeFileSystems"
        Effect    = "Allow"
        Action    = "elasticfilesystem:CreateFileSystem"
        Resource  = "*"
        Condition = { Bool = { "elasticfilesystem:Encrypted" = "true" } }
      },
      {
        Sid      = "FillFileSystems"
        Effect   = "Allow"
        Action   = ["elasticfilesystem:DescribeFileSystems", "elasticfilesystem:Restore", "elasticfilesystem:TagResource"]
        Resource = local.file_system_arns
      },
      {
        # What a restore test made is deleted after it, and is told by this tag.
        # https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html
        Sid       = "DeleteWhatTestsMade"
        Effect    = "Allow"
        Action    = ["ec2:DeleteVolume", "elasticfilesystem:DeleteFileSystem"]
        Resource  = concat(local.volume_arns, local.file_system_arns)
        Condition = { Null = { "aws:ResourceTag/awsbackup-restore-test" = "false" } }
      },
      {
        Sid       = "DecryptSnapshots"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        Resource  = concat(local._volume_keys, local._backup_keys)
        Condition = local._via_ec2
      },
      {
        Sid       = "EncryptFileSystems"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"]
        Resource  = local._storage_keys
        Condition = { StringEquals = { "kms:ViaService" = [for region in [local.region, local.recovery_region] : "elasticfilesystem.${region}.amazonaws.com"] } }
      },
    ],
    local.key_statements,
  )
}

resource "aws_iam_role" "backup" {
  name        = local.backup_role
  description = "AWS Backup makes, copies and ends recovery points with this role"

  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "backup" {
  name   = "back-up"
  role   = aws_iam_role.backup.name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.backup_statements })
}

# Another one: what may read everything cannot end anything, and the other way round.
resource "aws_iam_role" "restore" {
  name        = local.restore_role
  description = "AWS Backup restores recovery points with this role"

  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "restore" {
  name   = "restore"
  role   = aws_iam_role.restore.name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.restore_statements })
}
