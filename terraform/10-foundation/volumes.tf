# Settings of the account in a region: an environment has an account to itself (docs/adr/0005). A volume that somebody makes by
# hand, or that a controller makes without naming a key, is then encrypted with ours.

resource "aws_ebs_encryption_by_default" "this" {
  enabled = true
}

resource "aws_ebs_default_kms_key" "this" {
  key_arn = module.keys.key_arns["volumes"]
}

resource "aws_ebs_encryption_by_default" "recovery" {
  provider = aws.recovery

  enabled = true
}

resource "aws_ebs_default_kms_key" "recovery" {
  provider = aws.recovery

  key_arn = module.keys.recovery_key_arns["volumes"]
}
