# What later roots need of this one (docs/architecture.md).
module "handoff" {
  source    = "../../modules/handoff"
  providers = { aws = aws, aws.recovery = aws.recovery }

  path     = module.naming.handoff_path
  document = jsonencode({ function_arns = module.automation.function_arns })
}
