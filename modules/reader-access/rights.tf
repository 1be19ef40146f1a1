# The access matrix as policies of roles. Positive conditions only: a tag that is missing, of the object or of the session,
# matches nothing. s3:GetObject and s3:GetObjectVersion take the tags of an object as condition keys; s3:ListBucket does not,
# so names are limited by folder: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html

locals {
  _order = { for rank, each in var.places : each.sensitivity => rank }
  _from  = { for each in var.places : each.sensitivity => each.from }

  # A place a request comes from -> how it is told. Requests through the VPC's endpoint have no public address.
  _places = {
    anywhere    = {}
    platform    = { StringEquals = { "aws:SourceVpc" = var.vpc_ids } }
    institution = { IpAddress = { "aws:SourceIp" = var.institution_networks } }
  }
  _known_places = [
    for place in keys(local._places) : place
    if var.roles_exist ? place == "platform" : place != "institution" || length(var.institution_networks) > 0
  ]

  _own = { project = "$${aws:PrincipalTag/project}", site = "$${aws:PrincipalTag/site}" }

  # A tag of the session that is empty is none.
  _session = {
    for duty, means in var.duties : duty => merge(
      means.projects == "own" ? { "aws:PrincipalTag/project" = "?*" } : {},
      means.sites == "own" ? { "aws:PrincipalTag/site" = "?*" } : {},
    )
  }

  _reads = {
    for duty, means in var.duties : duty => flatten([
      for class, data in var.data_classes : [
        for place in local._known_places : {
          class  = class
          place  = place
          folder = means.projects == "own" ? "${data.prefix}/${local._own.project}" : data.prefix
          # What the tag may say: as much as the class or more, no more than the duty reads, and what may be read from there.
          sensitivities = [
            for each in var.places : each.sensitivity
            if contains(each.from, place)
            && local._order[each.sensitivity] >= local._order[data.sensitivity]
            && local._order[each.sensitivity] <= local._order[means.sensitivity]
          ]
        }
      ] if contains(data.readers, duty)
    ])
  }

  _reading = {
    for duty, reads in local._reads : duty => [
      for each in reads : {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectVersion"]
        Resource = [for bucket in values(var.buckets) : "${bucket.arn}/${each.folder}/*"]
        Condition = merge(
          local._places[each.place],
          {
            StringEquals = merge(
              try(local._places[each.place].StringEquals, {}),
              { "s3:ExistingObjectTag/data_class" = each.class, "s3:ExistingObjectTag/sensitivity" = each.sensitivities },
              var.duties[duty].projects == "own" ? { "s3:ExistingObjectTag/project" = local._own.project } : {},
              var.duties[duty].sites == "own" ? { "s3:ExistingObjectTag/site" = local._own.site } : {},
            )
          },
          { for operator in ["StringLike"] : operator => local._session[duty] if length(local._session[duty]) > 0 },
        )
      } if length(each.sensitivities) > 0
    ]
  }

  _listing = {
    for duty, reads in local._reads : duty => {
      Effect   = "Allow"
      Action   = ["s3:ListBucket", "s3:ListBucketVersions"]
      Resource = [for bucket in values(var.buckets) : bucket.arn]
      Condition = {
        StringLike = merge(local._session[duty], {
          "s3:prefix" = distinct([for each in reads : "${each.folder}/*"])
        })
      }
    }
  }

  # The key opens what is in the lake and in its replica, through S3, and nothing else that it encrypts: with a bucket key the
  # encryption context is the bucket's ARN (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html).
  _decrypting = [
    for bucket in values(var.buckets) : {
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = bucket.key_arn
      Condition = {
        StringEquals = {
          "kms:ViaService"                   = "s3.${bucket.region}.amazonaws.com"
          "kms:EncryptionContext:aws:s3:arn" = bucket.arn
        }
      }
    }
  ]

  # Place of each of these, in their order.
  _read_from = { for duty, reads in local._reads : duty => [for each in reads : each.place if length(each.sensitivities) > 0] }

  # What is read from the institution's networks is a policy of its own: all together pass what a role takes inline with the next class.
  institution_policies = {
    for duty in keys(var.duties) : duty => jsonencode({
      Version   = "2012-10-17"
      Statement = [for index, place in local._read_from[duty] : local._reading[duty][index] if place == "institution"]
    }) if contains(local._read_from[duty], "institution")
  }
  inline_policies = {
    for duty in keys(var.duties) : duty => jsonencode({
      Version = "2012-10-17"
      Statement = concat(
        [for index, place in local._read_from[duty] : local._reading[duty][index] if place != "institution"],
        [local._listing[duty]],
        local._decrypting,
      )
    })
  }

  # All that a duty may do here. Listing and the key ask for no place, so a role that has them needs them only once; and a duty that reads nothing for which
  # the place counts needs no second policy (IAM takes none without statements).
  policies = {
    for duty in keys(var.duties) : duty => jsonencode({
      Version   = "2012-10-17"
      Statement = concat(local._reading[duty], [for statement in concat([local._listing[duty]], local._decrypting) : statement if !var.roles_exist])
    }) if !var.roles_exist || length(local._reading[duty]) > 0
  }
}
