# One document in both regions, so that recovery needs nothing from the primary (docs/adr/0004). What the standby publishes
# lies in its own region alone.

resource "aws_ssm_parameter" "primary" {
  #checkov:skip=CKV2_AWS_34:holds names and ARNs, no secret; a SecureString could not be read by a plan without decrypting rights
  #checkov:skip=CKV_AWS_337:holds names and ARNs, no secret; a SecureString could not be read by a plan without decrypting rights
  name           = var.path
  description    = "What later roots need of ${basename(var.path)}, as JSON"
  type           = "String"
  insecure_value = var.document
}

resource "aws_ssm_parameter" "recovery" {
  #checkov:skip=CKV2_AWS_34:holds names and ARNs, no secret; a SecureString could not be read by a plan without decrypting rights
  #checkov:skip=CKV_AWS_337:holds names and ARNs, no secret; a SecureString could not be read by a plan without decrypting rights
  count    = var.in_both_regions ? 1 : 0
  provider = aws.recovery

  name           = aws_ssm_parameter.primary.name
  description    = aws_ssm_parameter.primary.description
  type           = "String"
  insecure_value = aws_ssm_parameter.primary.insecure_value
}
