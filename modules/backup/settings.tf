locals {
  _opt_in = { for kind in values(local.kinds) : kind.type => true }
}

# Whether AWS Backup looks at a service at all. AWS answers with every service it knows, and from time to time with one more; what others
# want of those is not ours to say, so only what we need is set, and looked at at each plan.
resource "aws_backup_region_settings" "primary" {
  resource_type_opt_in_preference = local._opt_in

  lifecycle {
    ignore_changes = [resource_type_opt_in_preference]

    postcondition {
      condition     = alltrue([for type in keys(local._opt_in) : lookup(self.resource_type_opt_in_preference, type, false)])
      error_message = "AWS Backup was told to leave EBS or EFS alone in ${local.region}: aws backup update-region-settings --region ${local.region} --resource-type-opt-in-preference EBS=true,EFS=true."
    }
  }
}

resource "aws_backup_region_settings" "recovery" {
  provider = aws.recovery

  resource_type_opt_in_preference = local._opt_in

  lifecycle {
    ignore_changes = [resource_type_opt_in_preference]

    postcondition {
      condition     = alltrue([for type in keys(local._opt_in) : lookup(self.resource_type_opt_in_preference, type, false)])
      error_message = "AWS Backup was told to leave EBS or EFS alone in ${local.recovery_region}: aws backup update-region-settings --region ${local.recovery_region} --resource-type-opt-in-preference EBS=true,EFS=true."
    }
  }
}
