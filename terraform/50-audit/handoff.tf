# What later roots need of this one (docs/architecture.md).
module "handoff" {
  source    = "../../modules/handoff"
  providers = { aws = aws, aws.recovery = aws.recovery }

  path = module.naming.handoff_path
  document = jsonencode({
    trail_arn        = module.audit_trail.trail_arn
    trail_bucket     = module.audit_trail.trail_bucket
    trail_bucket_arn = module.audit_trail.trail_bucket_arn
  })
}
