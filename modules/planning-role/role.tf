# A pull request shows what Terraform would change, with credentials that last an hour and that nobody keeps.
# https://docs.github.com/en/actions/security-for-github-actions/security-hardening-your-deployments/configuring-openid-connect-in-amazon-web-services

data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}

locals {
  _arn    = "arn:${data.aws_partition.this.partition}"
  _issuer = "token.actions.githubusercontent.com"

  _provider_arn = "${local._arn}:iam::${data.aws_caller_identity.this.account_id}:oidc-provider/${local._issuer}"
  _states       = "${local._arn}:s3:::${var.name}-state-*"
  _code         = "${local._arn}:s3:::${var.name}-code-*"

  # What the provider reads of the resources there are, by service. Configuration, and no data: not s3:GetObject, logs:Get*, sqs:Receive*,
  # secretsmanager. An action that is missing makes a plan fail, and is added here.
  _reads = {
    Computing = ["autoscaling:Describe*", "datasync:Describe*", "datasync:List*", "ec2:Describe*", "ec2:GetEbs*", "eks:Describe*", "eks:List*", "lambda:Get*", "lambda:List*", "scheduler:Get*", "scheduler:List*"]
    Keeping = [
      "backup:Describe*", "backup:Get*", "backup:List*", "ecr:Describe*", "ecr:GetLifecyclePolicy", "ecr:GetRepositoryPolicy", "ecr:ListTagsForResource", "elasticfilesystem:Describe*", "elasticfilesystem:ListTagsForResource",
      "s3:GetAccelerateConfiguration", "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetMetricsConfiguration", "s3:GetReplicationConfiguration", "s3:ListBucket",
    ]
    Guarding = ["access-analyzer:Get*", "access-analyzer:List*", "auditmanager:Get*", "cloudtrail:Describe*", "cloudtrail:Get*", "cloudtrail:List*", "config:Describe*", "guardduty:Get*", "guardduty:List*", "iam:Get*", "iam:List*", "kms:Describe*", "kms:Get*", "kms:List*"]
    Telling  = ["budgets:View*", "budgets:ListTagsForResource", "ce:Get*", "ce:List*", "cloudwatch:Describe*", "cloudwatch:GetDashboard", "cloudwatch:List*", "events:Describe*", "events:List*", "logs:Describe*", "logs:List*", "sns:Get*", "sns:List*", "sqs:GetQueue*", "sqs:ListQueue*"]
    # The handoffs are parameters; organizations, because the service control policy may be attached.
    HandingOver = ["organizations:Describe*", "organizations:List*", "ssm:Describe*", "ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource", "sts:GetCallerIdentity", "tag:GetResources"]
  }

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for name, actions in local._reads : { Sid = "Read${name}", Effect = "Allow", Action = actions, Resource = "*" }],
      [
        {
          Sid      = "ReadStatesAndCode"
          Effect   = "Allow"
          Action   = ["s3:GetObject", "s3:GetObjectTagging"]
          Resource = ["${local._states}/*", "${local._code}/*"]
        },
        {
          # A plan locks the state. https://developer.hashicorp.com/terraform/language/backend/s3#permissions-required
          Sid      = "LockStates"
          Effect   = "Allow"
          Action   = ["s3:DeleteObject", "s3:PutObject"]
          Resource = "${local._states}/*.tflock"
        },
        {
          # With a bucket key the context is the bucket's ARN, otherwise the object's; the pattern takes both, and no other bucket's.
          Sid       = "OpenStatesAndCode"
          Effect    = "Allow"
          Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = "*"
          Condition = { StringLike = { "kms:ViaService" = "s3.*", "kms:EncryptionContext:aws:s3:arn" = [local._states, local._code] } }
        },
      ],
    )
  })
}

resource "aws_iam_openid_connect_provider" "this" {
  for_each = var.issuer_exists ? [] : toset(["github"])

  url            = "https://${local._issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

# What the role may do is also the most it can ever do: a policy that somebody adds to it takes no effect. The boundary of the platform's
# roles (modules/guardrails) is made by a later root, and is of what these roles do, which is not reading configuration.
resource "aws_iam_policy" "this" {
  # checkov:skip=CKV_AWS_355: What is read is configuration of whatever the roots make; most of these actions know no resource
  name        = "${var.name}-plan"
  description = "Reads configuration and the states of Terraform; changes nothing but a state's lock"
  policy      = local.policy
}

resource "aws_iam_role" "this" {
  name                 = "${var.name}-plan"
  description          = "Plans on pull requests of ${var.owner}/${var.repository}, in the GitHub environment ${var.github_environment}"
  max_session_duration = 3600
  permissions_boundary = aws_iam_policy.this.arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "WorkflowsOfTheRepositoryInTheEnvironment"
      Effect    = "Allow"
      Principal = { Federated = local._provider_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = "repo:${var.owner}/${var.repository}:environment:${var.github_environment}"
        }
      }
    }]
  })

  # IAM refuses to trust a provider that is not there.
  depends_on = [aws_iam_openid_connect_provider.this]
}

resource "aws_iam_role_policy_attachment" "this" {
  role       = aws_iam_role.this.name
  policy_arn = aws_iam_policy.this.arn
}
