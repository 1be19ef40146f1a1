locals {
  _residency = yamldecode(file("${path.module}/../../catalog/residency.yaml"))

  country           = local._residency.country
  permitted_regions = sort(keys(local._residency.regions))
}
