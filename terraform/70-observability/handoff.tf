# What others need of this one (docs/architecture.md).
module "handoff" {
  source    = "../../modules/handoff"
  providers = { aws = aws, aws.recovery = aws.recovery }

  path = module.naming.handoff_path
  document = jsonencode({
    alarm_names     = module.observability.alarm_names
    dashboard_names = module.observability.dashboard_names
  })
}
