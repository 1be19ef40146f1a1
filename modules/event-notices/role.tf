resource "aws_iam_role" "forward" {
  name        = "${var.name}-forward"
  description = "EventBridge brings events of the recovery region to the primary with this role"

  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "forward" {
  name = "forward"
  role = aws_iam_role.forward.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "PutEventsOnPrimaryBus"
      Effect   = "Allow"
      Action   = "events:PutEvents"
      Resource = local._primary_bus
    }]
  })
}
