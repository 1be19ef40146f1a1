# A region has one detector: where somebody has made one by hand, import it.
resource "aws_guardduty_detector" "primary" {
  # checkov:skip=CKV2_AWS_3: Asks for an organisation's setting as well; an environment is one account here, and has its detector in both regions
  count = var.guardduty ? 1 : 0

  enable                       = true
  finding_publishing_frequency = "FIFTEEN_MINUTES"
}

resource "aws_guardduty_detector_feature" "primary" {
  for_each = var.guardduty ? var.guardduty_features : []

  detector_id = aws_guardduty_detector.primary[0].id
  name        = each.key
  status      = "ENABLED"
}

resource "aws_guardduty_detector" "recovery" {
  # checkov:skip=CKV2_AWS_3: Asks for an organisation's setting as well; an environment is one account here, and has its detector in both regions
  count    = var.guardduty ? 1 : 0
  provider = aws.recovery

  enable                       = true
  finding_publishing_frequency = "FIFTEEN_MINUTES"
}

resource "aws_guardduty_detector_feature" "recovery" {
  for_each = var.guardduty ? var.guardduty_features : []
  provider = aws.recovery

  detector_id = aws_guardduty_detector.recovery[0].id
  name        = each.key
  status      = "ENABLED"
}
