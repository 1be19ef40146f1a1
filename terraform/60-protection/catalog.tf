locals {
  layout   = yamldecode(file("${path.module}/../../catalog/shared-storage.yaml"))
  recovery = yamldecode(file("${path.module}/../../catalog/recovery.yaml"))
}
