locals {
  recovery = yamldecode(file("${path.module}/../../catalog/recovery.yaml"))
}
