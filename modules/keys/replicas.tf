# The same key material in the recovery region: what was encrypted here can be decrypted there. Rotation follows the primary.
resource "aws_kms_replica_key" "recovery" {
  for_each = local.purposes
  provider = aws.recovery

  description = "${var.name}: ${each.value.description} (replica)"

  primary_key_arn         = aws_kms_key.this[each.key].arn
  deletion_window_in_days = 30
  policy                  = local.policies.recovery[each.key]
}

resource "aws_kms_alias" "recovery" {
  for_each = local.purposes
  provider = aws.recovery

  name          = "alias/${var.name}-${each.key}"
  target_key_id = aws_kms_replica_key.recovery[each.key].key_id
}
