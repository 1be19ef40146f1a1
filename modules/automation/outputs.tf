output "function_arns" {
  description = "Function -> ARN; a cleaner is called scratch_cleaner_<directory>."
  value = merge(
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
}

output "schedule_states" {
  description = "Function -> schedule -> ENABLED or DISABLED, of the functions that have schedules."
  value = merge(
    {
      transfer_starter    = module.transfer_starter.schedule_states
      tag_auditor         = module.tag_auditor.schedule_states
      tag_backfill        = module.tag_backfill.schedule_states
      transfer_reconciler = module.transfer_reconciler.schedule_states
      volume_reaper       = module.volume_reaper.schedule_states
      log_alerter         = module.log_alerter.schedule_states
      instance_scheduler  = module.instance_scheduler.schedule_states
    },
    { for directory, cleaner in module.scratch_cleaner : "scratch_cleaner_${replace(directory, "-", "_")}" => cleaner.schedule_states },
  )
}
