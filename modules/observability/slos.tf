data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}

# S3 publishes how late a replica is where the replica lies, and an alarm sees metrics of its own region alone. It publishes to topics of
# its own region alone, too: modules/event-notices tells of those of the recovery region, and nothing there keeps them quiet.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
module "burn" {
  source = "./burn"

  name        = var.name
  slos        = { for name, slo in var.slos : name => slo if !slo.in_recovery }
  tell        = local._tell
  suppressors = local._composite_names
  wait        = local._wait
}

module "burn_in_recovery" {
  source    = "./burn"
  providers = { aws = aws.recovery }

  name        = var.name
  slos        = { for name, slo in var.slos : name => slo if slo.in_recovery }
  tell        = []
  suppressors = {}
  wait        = local._wait
}
