mock_provider "aws" {
  override_during = plan
}

variables {
  name = "kosha-test"
  duties = {
    researcher = { description = "Works on one project", projects = "own", sites = "any", sensitivity = "controlled", session_hours = 8 }
    custodian  = { description = "Answers for a site", projects = "any", sites = "own", sensitivity = "restricted", session_hours = 2 }
  }
  places = [
    { sensitivity = "open", from = ["anywhere"] },
    { sensitivity = "controlled", from = ["platform", "institution"] },
    { sensitivity = "restricted", from = ["platform"] },
  ]
  data_classes = {
    reads   = { prefix = "reads", sensitivity = "controlled", readers = ["researcher", "custodian"] }
    clinic  = { prefix = "clinic", sensitivity = "restricted", readers = ["custodian"] }
    reports = { prefix = "reports", sensitivity = "open", readers = ["researcher"] }
  }
  buckets = {
    lake    = { arn = "arn:aws:s3:::kosha-test-lake-ap-south-1", region = "ap-south-1", key_arn = "arn:aws:kms:ap-south-1:111122223333:key/mrk-1" }
    replica = { arn = "arn:aws:s3:::kosha-test-lake-ap-south-2", region = "ap-south-2", key_arn = "arn:aws:kms:ap-south-2:111122223333:key/mrk-1" }
  }
  vpc_ids                  = ["vpc-1"]
  institution_networks     = ["203.0.113.0/24"]
  trusted                  = { saml_providers = ["arn:aws:iam::111122223333:saml-provider/campus"] }
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
}

run "a_researcher_reads_the_classes_of_the_matrix_in_his_project_from_where_they_may_be_read" {
  command = plan

  assert {
    condition = [
      for statement in jsondecode(output.policies.researcher).Statement :
      [statement.Resource[0], statement.Condition] if statement.Action[0] == "s3:GetObject"
      ] == [
      ["arn:aws:s3:::kosha-test-lake-ap-south-1/reads/$${aws:PrincipalTag/project}/*", {
        IpAddress = { "aws:SourceIp" = ["203.0.113.0/24"] }
        StringEquals = {
          "s3:ExistingObjectTag/data_class"  = "reads"
          "s3:ExistingObjectTag/project"     = "$${aws:PrincipalTag/project}"
          "s3:ExistingObjectTag/sensitivity" = ["controlled"]
        }
        StringLike = { "aws:PrincipalTag/project" = "?*" }
      }],
      ["arn:aws:s3:::kosha-test-lake-ap-south-1/reads/$${aws:PrincipalTag/project}/*", {
        StringEquals = {
          "aws:SourceVpc"                    = ["vpc-1"]
          "s3:ExistingObjectTag/data_class"  = "reads"
          "s3:ExistingObjectTag/project"     = "$${aws:PrincipalTag/project}"
          "s3:ExistingObjectTag/sensitivity" = ["controlled"]
        }
        StringLike = { "aws:PrincipalTag/project" = "?*" }
      }],
      ["arn:aws:s3:::kosha-test-lake-ap-south-1/reports/$${aws:PrincipalTag/project}/*", {
        StringEquals = {
          "s3:ExistingObjectTag/data_class"  = "reports"
          "s3:ExistingObjectTag/project"     = "$${aws:PrincipalTag/project}"
          "s3:ExistingObjectTag/sensitivity" = ["open"]
        }
        StringLike = { "aws:PrincipalTag/project" = "?*" }
      }],
      ["arn:aws:s3:::kosha-test-lake-ap-south-1/reports/$${aws:PrincipalTag/project}/*", {
        IpAddress = { "aws:SourceIp" = ["203.0.113.0/24"] }
        StringEquals = {
          "s3:ExistingObjectTag/data_class"  = "reports"
          "s3:ExistingObjectTag/project"     = "$${aws:PrincipalTag/project}"
          "s3:ExistingObjectTag/sensitivity" = ["controlled"]
        }
        StringLike = { "aws:PrincipalTag/project" = "?*" }
      }],
      ["arn:aws:s3:::kosha-test-lake-ap-south-1/reports/$${aws:PrincipalTag/project}/*", {
        StringEquals = {
          "aws:SourceVpc"                    = ["vpc-1"]
          "s3:ExistingObjectTag/data_class"  = "reports"
          "s3:ExistingObjectTag/project"     = "$${aws:PrincipalTag/project}"
          "s3:ExistingObjectTag/sensitivity" = ["controlled"]
        }
        StringLike = { "aws:PrincipalTag/project" = "?*" }
      }],
    ]
    error_message = jsonencode(jsondecode(output.policies.researcher).Statement)
  }
}

run "a_custodian_reads_his_site_in_every_project_and_what_is_restricted_from_the_platform_only" {
  command = plan

  assert {
    condition = [
      for statement in jsondecode(output.policies.custodian).Statement :
      [statement.Resource, statement.Condition] if try(statement.Condition.StringEquals["s3:ExistingObjectTag/data_class"], "") == "clinic"
      ] == [
      [
        ["arn:aws:s3:::kosha-test-lake-ap-south-1/clinic/*", "arn:aws:s3:::kosha-test-lake-ap-south-2/clinic/*"],
        {
          StringEquals = {
            "aws:SourceVpc"                    = ["vpc-1"]
            "s3:ExistingObjectTag/data_class"  = "clinic"
            "s3:ExistingObjectTag/sensitivity" = ["restricted"]
            "s3:ExistingObjectTag/site"        = "$${aws:PrincipalTag/site}"
          }
          StringLike = { "aws:PrincipalTag/site" = "?*" }
        },
      ],
    ]
    error_message = "a custodian reads restricted data of his own site from the platform only"
  }
}

run "names_are_listed_inside_the_folders_of_the_duty_only" {
  command = plan

  assert {
    condition = [
      for statement in jsondecode(output.policies.researcher).Statement : [statement.Action, statement.Resource, statement.Condition] if statement.Action[0] == "s3:ListBucket"
      ] == [[
        ["s3:ListBucket", "s3:ListBucketVersions"],
        ["arn:aws:s3:::kosha-test-lake-ap-south-1", "arn:aws:s3:::kosha-test-lake-ap-south-2"],
        { StringLike = {
          "aws:PrincipalTag/project" = "?*"
          "s3:prefix"                = ["reads/$${aws:PrincipalTag/project}/*", "reports/$${aws:PrincipalTag/project}/*"]
        } },
    ]]
    error_message = "the prefix of a listing lies in a folder of the duty"
  }
}

run "the_key_opens_the_lake_and_its_replica_through_s3_only" {
  command = plan

  assert {
    condition = [
      for statement in jsondecode(output.policies.researcher).Statement : [statement.Resource, statement.Condition.StringEquals] if statement.Action == ["kms:Decrypt"]
      ] == [
      ["arn:aws:kms:ap-south-1:111122223333:key/mrk-1", { "kms:EncryptionContext:aws:s3:arn" = "arn:aws:s3:::kosha-test-lake-ap-south-1", "kms:ViaService" = "s3.ap-south-1.amazonaws.com" }],
      ["arn:aws:kms:ap-south-2:111122223333:key/mrk-1", { "kms:EncryptionContext:aws:s3:arn" = "arn:aws:s3:::kosha-test-lake-ap-south-2", "kms:ViaService" = "s3.ap-south-2.amazonaws.com" }],
    ]
    error_message = "each region's key for that region's bucket"
  }
}

run "nothing_but_reading_listing_and_decrypting" {
  command = plan

  assert {
    condition = alltrue([
      for policy in values(output.policies) :
      sort(distinct(flatten([for statement in jsondecode(policy).Statement : statement.Action]))) == tolist(["kms:Decrypt", "s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions"]) &&
      alltrue([for statement in jsondecode(policy).Statement : statement.Effect == "Allow"])
    ])
    error_message = "people read, and do nothing else"
  }
}

run "the_catalogue_of_this_repository_fits_into_a_role" {
  command = plan

  variables {
    duties       = yamldecode(file("../../catalog/access.yaml")).duties
    places       = yamldecode(file("../../catalog/access.yaml")).places
    data_classes = yamldecode(file("../../catalog/data-classes.yaml")).classes
  }

  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
  assert {
    condition     = alltrue([for policy in values(aws_iam_role_policy.reader) : length(policy.policy) <= 10240])
    error_message = "inline policies of a role have 10,240 characters: ${jsonencode({ for duty, policy in aws_iam_role_policy.reader : duty => length(policy.policy) })}"
  }
  assert {
    condition     = alltrue([for policy in values(aws_iam_policy.institution) : length(policy.policy) <= 6144])
    error_message = "a managed policy has 6,144 characters: ${jsonencode({ for duty, policy in aws_iam_policy.institution : duty => length(policy.policy) })}"
  }
}

# What a role has, inline and attached, is what stands in the matrix: nothing more, nothing twice, nothing lost.
run "two_policies_are_the_whole_of_a_duty" {
  command = plan

  assert {
    condition = alltrue([
      for duty, policy in output.policies : sort([
        for statement in concat(
          jsondecode(aws_iam_role_policy.reader[duty].policy).Statement,
          try(jsondecode(aws_iam_policy.institution[duty].policy).Statement, []),
        ) : jsonencode(statement)
      ]) == sort([for statement in jsondecode(policy).Statement : jsonencode(statement)])
    ])
    error_message = "The parts of a duty's rights are not the whole."
  }
  assert {
    condition = alltrue([
      for policy in values(aws_iam_policy.institution) : alltrue([for statement in jsondecode(policy.policy).Statement : can(statement.Condition.IpAddress)])
    ])
    error_message = "The second policy holds what is read from the institution's networks."
  }
  assert {
    condition     = { for duty, attached in aws_iam_role_policy_attachment.institution : duty => attached.role } == { researcher = "kosha-test-researcher", custodian = "kosha-test-custodian" }
    error_message = "Each duty has its own."
  }
}

run "refuses_more_classes_than_a_role_has_room_for" {
  command = plan

  variables {
    data_classes = { for number in range(40) : "class_${number}" => { prefix = "class-${number}", sensitivity = "controlled", readers = ["researcher"] } }
  }

  expect_failures = [aws_iam_role_policy.reader, aws_iam_policy.institution]
}

run "without_networks_of_the_institution_its_place_is_unknown" {
  command = plan

  variables {
    institution_networks = []
  }

  assert {
    condition     = !strcontains(jsonencode(output.policies), "aws:SourceIp")
    error_message = "an empty list of addresses must not become a condition"
  }
}

run "the_identity_provider_states_project_and_site_and_nothing_else" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.reader["researcher"].assume_role_policy).Statement == [{
      Sid       = "PeopleOfTheIdentityProvider"
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::111122223333:saml-provider/campus" }
      Action    = ["sts:AssumeRoleWithSAML", "sts:TagSession"]
      Condition = {
        "ForAllValues:StringEquals" = { "aws:TagKeys" = ["project", "site"] }
        StringEquals                = { "SAML:aud" = "https://signin.aws.amazon.com/saml" }
        StringLike                  = { "aws:RequestTag/project" = "?*", "aws:RequestTag/site" = "?*" }
      }
    }]
    error_message = "only the provider's word counts"
  }
  assert {
    condition     = { for duty, role in aws_iam_role.reader : duty => [role.name, role.max_session_duration, role.permissions_boundary] } == { researcher = ["kosha-test-researcher", 28800, var.permissions_boundary_arn], custodian = ["kosha-test-custodian", 7200, var.permissions_boundary_arn] }
    error_message = "one role for each duty, with its hours and the boundary"
  }
}

run "whoever_names_tags_himself_must_have_them" {
  command = plan

  variables {
    trusted = { principals = ["arn:aws:iam::111122223333:root"] }
  }

  assert {
    condition = jsondecode(aws_iam_role.reader["researcher"].assume_role_policy).Statement[0].Condition.StringEquals == {
      "aws:RequestTag/project" = "$${aws:PrincipalTag/project}"
      "aws:RequestTag/site"    = "$${aws:PrincipalTag/site}"
    }
    error_message = "a session's tags must be those of who asks"
  }
}

run "without_anybody_trusted_there_is_no_role" {
  command = plan

  variables {
    trusted = {}
  }

  assert {
    condition     = output.role_arns == {}
    error_message = "a role that nobody may take is none"
  }
}

run "refuses_a_name_that_is_no_prefix" {
  command = plan

  variables {
    name = "Kosha"
  }

  expect_failures = [var.name]
}

run "refuses_a_scope_nobody_knows" {
  command = plan

  variables {
    duties = { researcher = { description = "x", projects = "all", sites = "any", sensitivity = "open", session_hours = 1 } }
  }

  expect_failures = [var.duties]
}

run "refuses_a_place_nobody_knows" {
  command = plan

  variables {
    places = [{ sensitivity = "open", from = ["home"] }, { sensitivity = "controlled", from = ["platform"] }, { sensitivity = "restricted", from = ["platform"] }]
  }

  expect_failures = [var.places]
}

run "refuses_a_class_whose_sensitivity_has_no_place" {
  command = plan

  variables {
    data_classes = { one = { prefix = "one", sensitivity = "secret", readers = ["custodian"] } }
  }

  expect_failures = [var.data_classes]
}

run "refuses_buckets_by_wildcard" {
  command = plan

  variables {
    buckets = { lake = { arn = "arn:aws:s3:::kosha-*", region = "ap-south-1", key_arn = "arn:aws:kms:ap-south-1:111122223333:key/mrk-1" } }
  }

  expect_failures = [var.buckets]
}

run "refuses_to_have_no_network" {
  command = plan

  variables {
    vpc_ids = []
  }

  expect_failures = [var.vpc_ids]
}

run "refuses_the_internet_as_institution" {
  command = plan

  variables {
    institution_networks = ["0.0.0.0/0"]
  }

  expect_failures = [var.institution_networks]
}

run "refuses_to_trust_everybody" {
  command = plan

  variables {
    trusted = { principals = ["*"] }
  }

  expect_failures = [var.trusted]
}

run "refuses_a_boundary_that_is_no_policy" {
  command = plan

  variables {
    permissions_boundary_arn = "boundary"
  }

  expect_failures = [var.permissions_boundary_arn]
}

# The rights are written once; what differs is the place, and the bucket.
run "in_the_standby_the_same_roles_read_the_replica_from_its_network" {
  command = plan

  variables {
    roles_exist = true
    duties = {
      researcher = { description = "Works on one project", projects = "own", sites = "any", sensitivity = "controlled", session_hours = 8 }
      custodian  = { description = "Answers for a site", projects = "any", sites = "own", sensitivity = "restricted", session_hours = 2 }
      # Reads what may be read from anywhere, so no place more is of use to him.
      operator = { description = "Runs the platform", projects = "any", sites = "any", sensitivity = "open", session_hours = 8 }
    }
    vpc_ids = ["vpc-standby"]
    buckets = { replica = { arn = "arn:aws:s3:::kosha-test-lake-ap-south-2", region = "ap-south-2", key_arn = "arn:aws:kms:ap-south-2:111122223333:key/mrk-1" } }
  }

  assert {
    condition     = length(aws_iam_role.reader) == 0 && length(aws_iam_role_policy.reader) == 0 && { for duty, attachment in aws_iam_role_policy_attachment.standby : duty => [attachment.role, aws_iam_policy.standby[duty].name] } == { custodian = ["kosha-test-custodian", "kosha-test-recovery-custodian"], researcher = ["kosha-test-researcher", "kosha-test-recovery-researcher"] }
    error_message = "The standby makes no role; it adds a policy of its own name to those there are."
  }
  assert {
    condition = [for statement in jsondecode(output.policies.custodian).Statement : [statement.Action, statement.Resource, statement.Condition.StringEquals["aws:SourceVpc"]]] == [
      [["s3:GetObject", "s3:GetObjectVersion"], ["arn:aws:s3:::kosha-test-lake-ap-south-2/clinic/*"], ["vpc-standby"]],
      [["s3:GetObject", "s3:GetObjectVersion"], ["arn:aws:s3:::kosha-test-lake-ap-south-2/reads/*"], ["vpc-standby"]],
    ]
    error_message = "It reads what the matrix says, in the replica, from the standby's network, and nothing else."
  }
}

run "nobody_trusted_nothing_added" {
  command = plan

  variables {
    roles_exist = true
    trusted     = {}
  }

  assert {
    condition     = length(aws_iam_policy.standby) + length(aws_iam_role_policy_attachment.standby) == 0
    error_message = "Where 20-storage made no role there is none to add to."
  }
}
