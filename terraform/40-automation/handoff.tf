# What later roots need of this one (docs/architecture.md).
module "handoff" {
  source    = "../../modules/handoff"
  providers = { aws = aws, aws.recovery = aws.recovery }

  path = module.naming.handoff_path
  document = jsonencode({
    function_arns = merge(
      {
        transfer_starter    = module.transfer_starter.arn
        tag_auditor         = module.tag_auditor.arn
        tag_backfill        = module.tag_backfill.arn
        object_tagger       = module.object_tagger.arn
        transfer_notifier   = module.transfer_notifier.arn
        transfer_reconciler = module.transfer_reconciler.arn
        volume_reaper       = module.volume_reaper.arn
        log_alerter         = module.log_alerter.arn
        instance_scheduler  = module.instance_scheduler.arn
      },
      { for directory, cleaner in module.scratch_cleaner : "scratch_cleaner_${replace(directory, "-", "_")}" => cleaner.arn },
    )
  })
}
