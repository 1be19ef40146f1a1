locals {
  # Side -> who may do more than others there. The standby's roles work on the replica, and on nothing of the primary.
  _roles = {
    for side, more in { lake = { exempt = [], readers = {}, tagging = [] }, replica = var.recovery_roles } : side => {
      exempt                 = concat(var.exempt_role_arns, more.exempt)
      tagging                = concat(var.tagging_role_arns, more.tagging)
      writing                = side == "replica" ? var.replica_writer_role_arns : []
      readers = {
        for class in keys(var.data_classes) : class => concat(lookup(var.reader_role_arns, class, []), lookup(more.readers, class, []))
      }
    }
  }

  # A condition with an empty list of values is refused by S3, and none is needed then.
  _but = {
    for side, roles in local._roles : side => {
      for who, arns in { exempt = roles.exempt, tagging = roles.tagging, writing = roles.writing } :
      who => { for operator in ["ArnNotEquals"] : operator => { "aws:PrincipalArn" = arns } if length(arns) > 0 }
    }
  }

  _reading = ["s3:GetObject", "s3:GetObjectVersion"]

  # Classes with the same readers share a refusal: side -> ARNs of readers, as JSON -> classes.
  _classes_by_readers = {
    for side, roles in local._roles : side => {
      for class, readers in roles.readers : jsonencode(sort(distinct(concat(readers, roles.exempt)))) => class...
    }
  }

  access_statements = { for side, but in local._but : side => concat(
    [
      # A version nobody has classified yet is dark: between its upload and its tags (seconds, or until a lost event is made up
      # for) only the exempt roles may read it, and so is what was found to fit no class. S3 evaluates s3:ExistingObjectTag on
      # reads only, so uploads, deletes and replication (s3:GetObjectVersionForReplication) are untouched.
      {
        Sid       = "DenyReadingWithoutClass"
        Effect    = "Deny"
        Principal = "*"
        Action    = local._reading
        Condition = merge({ StringNotEquals = { "s3:ExistingObjectTag/data_class" = keys(var.data_classes) } }, but.exempt)
      },
      # Who writes tags may read everything: he tags what he wants to read. An upload with tags needs this right besides
      # s3:PutObject; replication brings tags along by another (s3:ReplicateTags).
      {
        Sid       = "DenyTagging"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["s3:PutObjectTagging", "s3:PutObjectVersionTagging"]
        Condition = but.tagging
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
      # A presigned URL gives the rights of who signed it to whoever holds it, for up to a week. Ten minutes are enough to begin
      # a download: https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html
      {
        Sid       = "DenyOldSignatures"
        Effect    = "Deny"
        Principal = "*"
        Action    = local._reading
        Condition = { NumericGreaterThan = { "s3:signatureAge" = "600000" } }
      },
    ],
    # Whatever rights somebody has, he reads a class only in a role that the access matrix, or the platform itself, has for it:
    # administrators do not. They could change this policy; that is on record, and alerted.
    [
      for readers, classes in local._classes_by_readers[side] : {
        Sid       = "DenyReading${join("", [for class in classes : replace(title(replace(class, "_", " ")), " ", "")])}"
        Effect    = "Deny"
        Principal = "*"
        Action    = local._reading
        Condition = merge(
          { StringEquals = { "s3:ExistingObjectTag/data_class" = classes } },
          { for operator in ["ArnNotEquals"] : operator => { "aws:PrincipalArn" = jsondecode(readers) } if length(jsondecode(readers)) > 0 },
        )
      }
    ],
  ) }

  # The replica alone: what is uploaded to it or hidden in it by hand would flow back into the lake. The replication writes by
  # rights of its own (s3:ReplicateObject, s3:ReplicateDelete).
  replica_writing = jsonencode(merge(
    {
      Sid       = "DenyWritingToTheReplica"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:DeleteObject", "s3:PutObject"]
      Resource  = "arn:${local.partition}:s3:::${local.replica_bucket}/*"
    },
    { for element in ["Condition"] : element => local._but.replica.writing if length(local._but.replica.writing) > 0 },
  ))

  # Both sides refuse the same. S3 refuses a condition that is empty.
  access_policies = {
    for side, bucket in { lake = local.lake_bucket, replica = local.replica_bucket } : bucket => [
      for statement in local.access_statements[side] : jsonencode(merge(
        { for element, value in statement : element => value if element != "Condition" || length(value) > 0 },
        { Resource = "arn:${local.partition}:s3:::${bucket}/*" },
      ))
    ]
  }
}
