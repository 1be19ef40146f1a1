# Plans on pull requests. Beside the states, because it reads them and every root.
module "planning" {
  source   = "../../modules/planning-role"
  for_each = var.planning == null ? {} : { github = var.planning }

  name               = module.naming.prefix
  owner              = each.value.owner
  repository         = each.value.repository
  github_environment = each.value.github_environment
  issuer_exists      = each.value.issuer_exists
}
