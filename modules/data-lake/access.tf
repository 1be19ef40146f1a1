locals {
  # A condition with an empty list of values is refused by S3, and none is needed then.
  _but_exempt  = { for operator in ["ArnNotEquals"] : operator => { "aws:PrincipalArn" = var.exempt_role_arns } if length(var.exempt_role_arns) > 0 }
  _but_tagging = { for operator in ["ArnNotEquals"] : operator => { "aws:PrincipalArn" = var.tagging_role_arns } if length(var.tagging_role_arns) > 0 }

  access_statements = [
    # A version nobody has classified yet is dark: between its upload and its tags (seconds, or until a lost event is made up
    # for) only the exempt roles may read it. S3 evaluates s3:ExistingObjectTag on reads only, so uploads, deletes and
    # replication (s3:GetObjectVersionForReplication) are untouched. Who may read which class is decided beyond this.
    {
      Sid       = "DenyReadingWithoutClass"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:GetObject", "s3:GetObjectVersion"]
      Condition = merge({ Null = { "s3:ExistingObjectTag/data_class" = "true" } }, local._but_exempt)
    },
    # Who may write tags may read everything: he tags what he wants to read. An upload with tags needs this right besides
    # s3:PutObject; replication brings tags along by another (s3:ReplicateTags).
    {
      Sid       = "DenyTagging"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:PutObjectTagging", "s3:PutObjectVersionTagging"]
      Condition = local._but_tagging
    },
    # S3 replaces the whole set: tags without a class would take the class away, from everybody.
    {
      Sid       = "DenyTagsWithoutClass"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:PutObjectTagging", "s3:PutObjectVersionTagging"]
      Condition = { Null = { "s3:RequestObjectTag/data_class" = "true" } }
    },
    {
      Sid       = "DenyUntagging"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"]
      Condition = {}
    },
  ]

  # Both sides have the same. S3 refuses a condition that is empty.
  access_policies = {
    for bucket in [local.lake_bucket, local.replica_bucket] : bucket => [
      for statement in local.access_statements : jsonencode(merge(
        { for element, value in statement : element => value if element != "Condition" || length(value) > 0 },
        { Resource = "arn:${local.partition}:s3:::${bucket}/*" },
      ))
    ]
  }
}
