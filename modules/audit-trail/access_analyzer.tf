# Who outside the account may reach a bucket, key, role, queue, function: external access, by its policy.
resource "aws_accessanalyzer_analyzer" "primary" {
  count = var.access_analyzer ? 1 : 0

  analyzer_name = local.trail_name
  type          = "ACCOUNT"
}

resource "aws_accessanalyzer_analyzer" "recovery" {
  count    = var.access_analyzer ? 1 : 0
  provider = aws.recovery

  analyzer_name = local.trail_name
  type          = "ACCOUNT"
}
