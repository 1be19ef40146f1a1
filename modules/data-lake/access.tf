locals {
  # A version nobody has classified yet is dark: between its upload and its tags (seconds, or until a lost event is made up
  # for) only the exempt roles may read it. S3 evaluates s3:ExistingObjectTag on reads only, so uploads, deletes and
  # replication (s3:GetObjectVersionForReplication) are untouched. Who may read which class is decided beyond this.
  unclassified_statements = [{
    Sid       = "DenyReadingWithoutClass"
    Effect    = "Deny"
    Principal = "*"
    Action    = ["s3:GetObject", "s3:GetObjectVersion"]
    Condition = merge(
      { Null = { "s3:ExistingObjectTag/data_class" = "true" } },
      # A condition with an empty list of values is refused by S3, and none is needed then.
      { for operator in ["ArnNotEquals"] : operator => { "aws:PrincipalArn" = var.exempt_role_arns } if length(var.exempt_role_arns) > 0 },
    )
  }]
}
