locals {
  _trust = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Lambda"
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
      # No aws:SourceAccount: AWS does not document that Lambda sends it, and a function can be given only roles of its own
      # account (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html).
    }]
  }

  # Exactly what the caller declared: a test compares this policy with lambda_src/<function>/permissions.py.
  _permissions = {
    Version = "2012-10-17"
    Statement = [
      for permission in var.permissions : merge(
        {
          Sid      = permission.sid
          Effect   = "Allow"
          Action   = permission.actions
          Resource = permission.resources
        },
        length(permission.conditions) == 0 ? {} : {
          Condition = {
            for test in distinct(permission.conditions[*].test) : test => {
              for condition in permission.conditions : condition.variable => condition.values if condition.test == test
            }
          }
        },
      )
    ]
  }

  # What every function needs to run at all.
  _runtime = {
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "WriteLogs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
        },
        {
          Sid      = "WriteTraces"
          Effect   = "Allow"
          Action   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
          Resource = ["*"] # These two actions know no resources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
        },
        {
          Sid      = "SendDeadLetters"
          Effect   = "Allow"
          Action   = ["sqs:SendMessage"]
          Resource = [aws_sqs_queue.dead_letter.arn]
        },
        {
          Sid       = "EncryptDeadLetters"
          Effect    = "Allow"
          Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
          Resource  = [var.key_arns.alerts]
          Condition = { StringEquals = { "kms:ViaService" = "sqs.${local.region}.amazonaws.com" } }
        },
        {
          Sid       = "DecryptEnvironment"
          Effect    = "Allow"
          Action    = ["kms:Decrypt"]
          Resource  = [var.key_arns.functions]
          Condition = { StringEquals = { "kms:EncryptionContext:aws:lambda:FunctionArn" = local.function_arn } }
        },
      ],
      # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
      [for network in var.network[*] : {
        Sid    = "ManageNetworkInterfaces"
        Effect = "Allow"
        Action = [
          "ec2:AssignPrivateIpAddresses",
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:UnassignPrivateIpAddresses",
        ]
        Resource = ["*"]
      }],
    )
  }

  role_name = var.role_arn == null ? one(aws_iam_role.this[*].name) : reverse(split("/", var.role_arn))[0]
  role_arn  = var.role_arn == null ? one(aws_iam_role.this[*].arn) : var.role_arn
}

resource "aws_iam_role" "this" {
  count = var.role_arn == null ? 1 : 0

  name                 = local.function_name
  description          = "What the function ${local.function_name} may do"
  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = jsonencode(local._trust)
}

resource "aws_iam_role_policy" "permissions" {
  name   = "${local.kebab}-permissions"
  role   = local.role_name
  policy = jsonencode(local._permissions)
}

resource "aws_iam_role_policy" "runtime" {
  #checkov:skip=CKV_AWS_290:Owner platform. Only X-Ray and network-interface actions have no resource scope; everything else names its ARN.
  #checkov:skip=CKV_AWS_355:Owner platform. Only X-Ray and network-interface actions have no resource scope; everything else names its ARN.
  name   = "${local.kebab}-runtime"
  role   = local.role_name
  policy = jsonencode(local._runtime)
}
