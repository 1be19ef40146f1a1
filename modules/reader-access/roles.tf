locals {
  # Who comes from the institution's identity provider brings tags that the provider states; who comes with credentials of
  # AWS names the tags himself, so they must be those he has. Other tags than these two are refused either way.
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
  _tags_only = { "ForAllValues:StringEquals" = { "aws:TagKeys" = ["project", "site"] } }
  _both_tags = { "aws:RequestTag/project" = "?*", "aws:RequestTag/site" = "?*" }

  _trust = concat(
    [
      for provider in var.trusted.saml_providers : {
        Sid       = "PeopleOfTheIdentityProvider"
        Effect    = "Allow"
        Principal = { Federated = provider }
        Action    = ["sts:AssumeRoleWithSAML", "sts:TagSession"]
        Condition = merge(local._tags_only, {
          StringEquals = { "SAML:aud" = "https://signin.aws.amazon.com/saml" }
          StringLike   = local._both_tags
        })
      }
    ],
    length(var.trusted.principals) == 0 ? [] : [
      {
        Sid       = "PeopleWithTagsOfTheirOwn"
        Effect    = "Allow"
        Principal = { AWS = var.trusted.principals }
        Action    = ["sts:AssumeRole", "sts:TagSession"]
        Condition = merge(local._tags_only, {
          StringEquals = {
            "aws:RequestTag/project" = "$${aws:PrincipalTag/project}"
            "aws:RequestTag/site"    = "$${aws:PrincipalTag/site}"
          }
          StringLike = local._both_tags
        })
      }
    ],
  )
}

# Its name is its own, because checkov finds the skips of a plan's resources by type and name.
resource "aws_iam_role" "reader" {
  # checkov:skip=CKV_AWS_61: An environment may trust an account; then the trust admits those alone who have both tags and bring them unchanged
  for_each = length(local._trust) > 0 && !var.roles_exist ? var.duties : {}

  name                 = "${var.name}-${each.key}"
  description          = "Reads the lake as ${each.key}: ${each.value.description}"
  max_session_duration = each.value.session_hours * 3600
  assume_role_policy   = jsonencode({ Version = "2012-10-17", Statement = local._trust })
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "reader" {
  for_each = toset(length(local._trust) > 0 ? keys(local.policies) : [])

  name   = var.roles_exist ? "access-matrix-recovery" : "access-matrix"
  role   = var.roles_exist ? "${var.name}-${each.key}" : aws_iam_role.reader[each.key].name
  policy = local.policies[each.key]
}
