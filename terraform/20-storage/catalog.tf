locals {
  data_classes = yamldecode(file("${path.module}/../../catalog/data-classes.yaml")).classes
  layout       = yamldecode(file("${path.module}/../../catalog/shared-storage.yaml"))
  access       = yamldecode(file("${path.module}/../../catalog/access.yaml"))
}
