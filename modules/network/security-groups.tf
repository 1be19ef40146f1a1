# Made here, before what they guard exists, because storage names them and is applied before the cluster.
locals {
  security_groups = {
    workers   = "Nodes of the cluster and the pods on them"
    transfer  = "Network interfaces of DataSync"
    functions = "Lambda functions that mount the shared storage"
    endpoints = "Interface endpoints of AWS services"
  }

  _https_clients = ["workers", "functions"]
  _nfs_clients   = ["workers", "transfer", "functions"]
}

resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:workers, transfer and functions are attached by later roots, which read their ids from the handoff
  for_each = local.security_groups

  name        = "${var.name}-${each.key}"
  description = each.value
  vpc_id      = aws_vpc.this.id

  tags = merge(
    { Name = "${var.name}-${each.key}" },
    # Karpenter puts its nodes into the groups with this tag.
    each.key == "workers" ? { "karpenter.sh/discovery" = var.name } : {},
  )
}

resource "aws_vpc_security_group_ingress_rule" "workers_from_workers" {
  security_group_id            = aws_security_group.this["workers"].id
  description                  = "Pods and nodes among themselves"
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.this["workers"].id
}

resource "aws_vpc_security_group_egress_rule" "workers_to_workers" {
  security_group_id            = aws_security_group.this["workers"].id
  description                  = "Pods and nodes among themselves"
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.this["workers"].id
}

# HTTPS alone: the cluster API, AWS, container registries and public archives of sequences are all reached by it.
resource "aws_vpc_security_group_egress_rule" "workers_to_https" {
  security_group_id = aws_security_group.this["workers"].id
  description       = "HTTPS to the cluster API, AWS services, registries and archives"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

# Functions see the shared storage and need no internet: what they call has an interface endpoint, or is S3.
resource "aws_vpc_security_group_egress_rule" "functions_to_endpoints" {
  security_group_id            = aws_security_group.this["functions"].id
  description                  = "HTTPS to the interface endpoints"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.this["endpoints"].id
}

resource "aws_vpc_security_group_egress_rule" "functions_to_s3" {
  security_group_id = aws_security_group.this["functions"].id
  description       = "HTTPS to S3 through the gateway endpoint"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
}

resource "aws_vpc_security_group_egress_rule" "nfs" {
  for_each = {
    for pair in setproduct(local._nfs_clients, keys(local.private_cidrs)) : "${pair[0]}-${pair[1]}" => { client = pair[0], zone = pair[1] }
  }

  security_group_id = aws_security_group.this[each.value.client].id
  description       = "NFS to the mount target in ${each.value.zone}"
  ip_protocol       = "tcp"
  from_port         = 2049
  to_port           = 2049
  cidr_ipv4         = local.private_cidrs[each.value.zone]
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_https" {
  for_each = toset(local._https_clients)

  security_group_id            = aws_security_group.this["endpoints"].id
  description                  = "HTTPS from ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.this[each.key].id
}
