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
  for_each = aws_iam_role.reader

  name   = "access-matrix"
  role   = each.value.name
  policy = local.inline_policies[each.key]

  lifecycle {
    precondition {
      # White space does not count. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
      condition     = length(local.inline_policies[each.key]) <= 10240
      error_message = "The policy of ${each.key} has ${length(local.inline_policies[each.key])} characters; inline policies of a role may have 10,240 together. Take the duty from the readers of a class (catalog/data-classes.yaml), or make what is read from another place a policy of its own, as institution_policies are (modules/reader-access/rights.tf)."
    }
  }
}

resource "aws_iam_policy" "institution" {
  for_each = { for duty, policy in local.institution_policies : duty => policy if contains(keys(aws_iam_role.reader), duty) }

  name        = "${var.name}-${each.key}-institution"
  description = "Lets ${each.key} read the lake from the institution's networks"
  policy      = each.value

  lifecycle {
    precondition {
      condition     = length(each.value) <= 6144
      error_message = "What ${each.key} reads from the institution has ${length(each.value)} characters; a managed policy may have 6,144. Take the duty from the readers of a class (catalog/data-classes.yaml), or make two policies of it (modules/reader-access/rights.tf)."
    }
  }
}

resource "aws_iam_role_policy_attachment" "institution" {
  for_each = aws_iam_policy.institution

  role       = aws_iam_role.reader[each.key].name
  policy_arn = each.value.arn
}

# Managed, because inline policies of a role have 10,240 characters together, and the matrix takes most of them.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
resource "aws_iam_policy" "standby" {
  for_each = toset(length(local._trust) > 0 && var.roles_exist ? keys(local.policies) : [])

  name        = "${var.name}-recovery-${each.key}"
  description = "Lets ${each.key} read the replica from the standby's network as from the platform's"
  policy      = local.policies[each.key]

  lifecycle {
    precondition {
      # White space does not count.
      condition     = length(local.policies[each.key]) <= 6144
      error_message = "The policy of ${each.key} has ${length(local.policies[each.key])} characters; a managed policy may have 6,144. Say the rights of several classes in one statement (modules/reader-access/rights.tf)."
    }
  }
}

resource "aws_iam_role_policy_attachment" "standby" {
  for_each = aws_iam_policy.standby

  role       = "${var.name}-${each.key}"
  policy_arn = each.value.arn
}
