locals {
  # https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
  known_interface_endpoints = [
    "autoscaling", "backup", "datasync", "ec2", "ec2messages", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticfilesystem",
    "elasticloadbalancing", "events", "kms", "lambda", "logs", "monitoring", "scheduler", "secretsmanager", "sns", "sqs",
    "ssm", "ssmmessages", "states", "sts", "xray",
  ]
}

# Credentials of other accounts get nowhere through these, so that data cannot leave with somebody's own key pair.
resource "aws_vpc_endpoint" "interface" {
  for_each = var.interface_endpoints

  vpc_id              = aws_vpc.this.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.this["endpoints"].id]
  private_dns_enabled = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "PrincipalsOfThisAccount"
        Effect    = "Allow"
        Principal = "*"
        Action    = "*"
        Resource  = "*"
        Condition = { StringEquals = { "aws:PrincipalAccount" = local.account_id } }
      }],
      # A pod that trades its web identity for a role has no account yet; the role it asks for has.
      each.key != "sts" ? [] : [{
        Sid       = "WebIdentityForRolesOfThisAccount"
        Effect    = "Allow"
        Principal = "*"
        Action    = "sts:AssumeRoleWithWebIdentity"
        Resource  = "arn:${local.partition}:iam::${local.account_id}:role/*"
      }],
    )
  })

  tags = { Name = "${var.name}-${each.key}" }
}
