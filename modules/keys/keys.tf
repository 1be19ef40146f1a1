resource "aws_kms_key" "this" {
  for_each = local.purposes

  description = "${var.name}: ${each.value.description}"

  multi_region            = true
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.policies.primary[each.key]
}

resource "aws_kms_alias" "this" {
  for_each = local.purposes

  name          = "alias/${var.name}-${each.key}"
  target_key_id = aws_kms_key.this[each.key].key_id
}
