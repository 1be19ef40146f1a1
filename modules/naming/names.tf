locals {
  # In apply order. A handoff path exists for each of them, whether or not the root publishes a document.
  roots = ["00-bootstrap", "10-foundation", "20-storage", "30-cluster", "40-automation", "50-audit", "60-protection", "70-observability", "90-recovery"]

  prefix = "${var.organisation}-${var.environment}"

  tags = {
    organisation = var.organisation
    environment  = var.environment
    root         = var.root
    managed_by   = "terraform"
  }

  handoff_paths = { for root in local.roots : root => "/${var.organisation}/${var.environment}/${root}" }
}
