module "registry" {
  source    = "../../modules/registry"
  providers = { aws = aws, aws.recovery = aws.recovery }

  name                = module.naming.prefix
  images              = ["classic", "fast", "ingest"]
  recovery_region     = module.naming.recovery_region
  key_arn             = module.keys.key_arns["images"]
  recovery_key_arn    = module.keys.recovery_key_arns["images"]
  deletion_protection = var.deletion_protection
}
