locals {
  # IAM has no regions, so the standby's roles lie beside those of the platform and need names of their own. What begins with
  # <organisation>-<environment> is what the boundary lets be handed over (modules/guardrails).
  name = "${module.naming.prefix}-recovery"

  is_lit    = var.recovery_stage != "cold"
  is_active = var.recovery_stage == "active"
}
