mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["ap-south-1a", "ap-south-1b", "ap-south-1c"] }
  }
}

variables {
  name                     = "kosha-local"
  region                   = "ap-south-1"
  vpc_cidr                 = "10.20.0.0/16"
  logs_key_arn             = "arn:aws:kms:ap-south-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef"
  permissions_boundary_arn = "arn:aws:iam::111122223333:policy/kosha-test-boundary"
}

run "three_private_and_three_small_public_subnets" {
  command = plan

  assert {
    condition = { for zone, subnet in aws_subnet.private : zone => subnet.cidr_block } == {
      ap-south-1a = "10.20.0.0/18", ap-south-1b = "10.20.64.0/18", ap-south-1c = "10.20.128.0/18"
    }
    error_message = "private subnets: got ${jsonencode({ for zone, subnet in aws_subnet.private : zone => subnet.cidr_block })}"
  }
  assert {
    condition = { for zone, subnet in aws_subnet.public : zone => subnet.cidr_block } == {
      ap-south-1a = "10.20.192.0/24", ap-south-1b = "10.20.193.0/24", ap-south-1c = "10.20.194.0/24"
    }
    error_message = "public subnets: got ${jsonencode({ for zone, subnet in aws_subnet.public : zone => subnet.cidr_block })}"
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.public : !subnet.map_public_ip_on_launch])
    error_message = "a public subnet hands out public addresses"
  }
  assert {
    condition = alltrue([
      for subnet in aws_subnet.private :
      subnet.tags["kubernetes.io/role/internal-elb"] == "1" && subnet.tags["karpenter.sh/discovery"] == "kosha-local"
    ])
    error_message = "private subnets lack the tags by which Kubernetes and Karpenter find them"
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.public : !can(subnet.tags["kubernetes.io/role/elb"])])
    error_message = "public subnets are offered to internet-facing load balancers"
  }
  assert {
    condition     = aws_vpc.this.enable_dns_hostnames && aws_vpc.this.enable_dns_support
    error_message = "private DNS of endpoints and mount targets needs DNS support and host names"
  }
  assert {
    condition     = aws_iam_role.flow_logs.permissions_boundary == var.permissions_boundary_arn
    error_message = "A role without the boundary can do whatever its policies say."
  }
}

run "per_az_gives_each_zone_its_own_gateway" {
  command = plan
  variables {
    nat_mode = "per_az"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 3 && length(aws_eip.nat) == 3
    error_message = "expected a NAT gateway and an address in each zone"
  }
  assert {
    condition     = local.nat_zone_used == { ap-south-1a = "ap-south-1a", ap-south-1b = "ap-south-1b", ap-south-1c = "ap-south-1c" }
    error_message = "a zone goes out through another zone's gateway"
  }
}

run "private_subnets_are_routed_to_nat_gateways_alone" {
  command = apply

  override_resource {
    target = aws_iam_role.flow_logs
    values = { arn = "arn:aws:iam::111122223333:role/kosha-local-flow-logs" }
  }
  override_resource {
    target = aws_cloudwatch_log_group.flow
    values = { arn = "arn:aws:logs:ap-south-1:111122223333:log-group:kosha-local-flow-logs" }
  }

  assert {
    condition     = alltrue([for route in aws_route.private_to_nat : contains(values(aws_nat_gateway.this)[*].id, try(coalesce(route.nat_gateway_id), "none"))])
    error_message = "a private subnet is routed to something else than a NAT gateway, so it is private no longer"
  }
}

run "single_gives_all_zones_one_gateway" {
  command = plan
  variables {
    nat_mode = "single"
  }

  assert {
    condition     = keys(aws_nat_gateway.this) == ["ap-south-1a"] && length(aws_eip.nat) == 1
    error_message = "expected one NAT gateway, in the first zone"
  }
  assert {
    condition     = length(aws_route.private_to_nat) == 3 && alltrue([for zone in values(local.nat_zone_used) : zone == "ap-south-1a"])
    error_message = "expected every private subnet to go out through the one gateway"
  }
}

run "none_leaves_no_way_to_the_internet" {
  command = plan
  variables {
    nat_mode = "none"
  }

  assert {
    condition = (
      length(aws_nat_gateway.this) + length(aws_eip.nat) + length(aws_internet_gateway.this) + length(aws_subnet.public)
      + length(aws_route.private_to_nat) + length(aws_route.public_to_internet) == 0
    )
    error_message = "expected no gateway, no public subnet and no route out"
  }
  assert {
    condition     = length(aws_route_table.private) == 3 && length(aws_route_table_association.private) == 3
    error_message = "the S3 endpoint still needs a route table in each zone"
  }
}

run "flow_logs_are_encrypted_and_kept_for_more_than_a_year" {
  command = plan

  assert {
    condition     = aws_cloudwatch_log_group.flow.kms_key_id == var.logs_key_arn && aws_cloudwatch_log_group.flow.retention_in_days == 400
    error_message = "flow logs: wrong key or retention"
  }
  assert {
    condition     = try(one(aws_flow_log.this[*]).traffic_type == "ALL" && one(aws_flow_log.this[*]).max_aggregation_interval == 60, false)
    error_message = "flow logs record all traffic, by the minute"
  }
  assert {
    condition = (
      one(jsondecode(aws_iam_role.flow_logs.assume_role_policy).Statement).Condition.StringEquals["aws:SourceAccount"] == "111122223333"
    )
    error_message = "flow logs of other accounts may use the role"
  }
  assert {
    condition = !contains(flatten([
      for statement in jsondecode(aws_iam_role_policy.flow_logs.policy).Statement : statement.Action
    ]), "logs:CreateLogGroup")
    error_message = "the role may create the log group again after a destroy, unencrypted"
  }
}

run "the_s3_endpoint_reaches_own_buckets_and_two_of_aws_only" {
  command = plan

  assert {
    condition     = aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway" && aws_vpc_endpoint.s3.service_name == "com.amazonaws.ap-south-1.s3"
    error_message = "S3 is reached through a gateway endpoint of the region"
  }
  assert {
    condition = alltrue([
      for statement in jsondecode(aws_vpc_endpoint.s3.policy).Statement :
      statement.Resource != "*" || try(statement.Condition.StringEquals["aws:ResourceAccount"], "") == "111122223333"
    ])
    error_message = "the endpoint lets through buckets of other accounts"
  }
  assert {
    condition = jsondecode(aws_vpc_endpoint.s3.policy).Statement[1].Resource == [
      "arn:aws:s3:::prod-ap-south-1-starport-layer-bucket/*", "arn:aws:s3:::al2023-repos-ap-south-1-de612dc2/*",
    ] && jsondecode(aws_vpc_endpoint.s3.policy).Statement[1].Action == "s3:GetObject"
    error_message = "of the buckets of AWS only image layers and packages may be read, and nothing written"
  }
}

run "interface_endpoints_serve_principals_of_the_account_only" {
  command = plan

  assert {
    condition = keys(aws_vpc_endpoint.interface) == [
      "datasync", "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticfilesystem", "kms", "logs", "sns", "sqs", "sts",
    ]
    error_message = "interface endpoints: got ${jsonencode(keys(aws_vpc_endpoint.interface))}"
  }
  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled])
    error_message = "without private DNS clients go past the endpoint"
  }
  assert {
    condition = alltrue(flatten([
      for endpoint in aws_vpc_endpoint.interface : [
        for statement in jsondecode(endpoint.policy).Statement :
        statement.Resource != "*" || try(statement.Condition.StringEquals["aws:PrincipalAccount"], "") == "111122223333"
      ]
    ]))
    error_message = "an endpoint serves principals of other accounts"
  }
  assert {
    condition = [
      for service, endpoint in aws_vpc_endpoint.interface : service if length(jsondecode(endpoint.policy).Statement) > 1
    ] == ["sts"]
    error_message = "only STS has a second statement, for web identities"
  }
}

run "no_interface_endpoints_when_none_are_asked_for" {
  command = plan
  variables {
    interface_endpoints = []
  }

  assert {
    condition     = length(aws_vpc_endpoint.interface) == 0
    error_message = "expected the gateway endpoint alone"
  }
}

run "security_groups_allow_what_they_name_and_no_more" {
  command = plan

  assert {
    condition     = keys(aws_security_group.this) == ["endpoints", "functions", "transfer", "workers"] && length(output.security_group_ids) == 3
    error_message = "security groups: got ${jsonencode(keys(aws_security_group.this))}"
  }
  assert {
    condition     = length(aws_default_security_group.this.ingress) == 0 && length(aws_default_security_group.this.egress) == 0
    error_message = "the default security group has rules"
  }
  assert {
    condition     = length(aws_vpc_security_group_egress_rule.nfs) == 9 && alltrue([for rule in aws_vpc_security_group_egress_rule.nfs : rule.from_port == 2049 && rule.to_port == 2049 && rule.cidr_ipv4 != "0.0.0.0/0"])
    error_message = "NFS: three clients to three subnets, 2049 only"
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.workers_to_https.from_port == 443 && aws_vpc_security_group_egress_rule.workers_to_https.to_port == 443
    error_message = "to the internet goes HTTPS alone"
  }
  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.endpoints_https) == ["functions", "workers"]
    error_message = "endpoints are reached by workers and functions"
  }
  assert {
    condition     = aws_security_group.this["workers"].tags["karpenter.sh/discovery"] == "kosha-local" && !can(aws_security_group.this["transfer"].tags["karpenter.sh/discovery"])
    error_message = "Karpenter must find the group of the workers and no other"
  }
}

run "the_smallest_range_still_fits_a_gateway" {
  command = plan
  variables {
    vpc_cidr = "10.20.16.0/20"
  }

  assert {
    condition     = [for zone in sort(keys(aws_subnet.public)) : aws_subnet.public[zone].cidr_block] == ["10.20.28.0/28", "10.20.28.16/28", "10.20.28.32/28"]
    error_message = "public subnets of a /20 are /28, the smallest AWS allows"
  }
}

run "a_region_without_three_of_the_zones_is_refused" {
  command = plan
  override_data {
    target = data.aws_availability_zones.this
    values = { names = ["ap-south-1a", "ap-south-1b"] }
  }
  expect_failures = [data.aws_availability_zones.this]
}

run "a_range_too_small_for_pods_is_refused" {
  command = plan
  variables {
    vpc_cidr = "10.20.0.0/22"
  }
  expect_failures = [var.vpc_cidr]
}

run "a_public_range_is_refused" {
  command = plan
  variables {
    vpc_cidr = "8.8.0.0/16"
  }
  expect_failures = [var.vpc_cidr]
}

run "less_than_a_year_of_flow_logs_is_refused" {
  command = plan
  variables {
    flow_log_retention_days = 365
  }
  expect_failures = [var.flow_log_retention_days]
}

# One run for all: each plans the whole module, whatever it refuses.
run "refuses_every_value_that_cannot_be" {
  command = plan

  variables {
    # two zones
    zone_letters = ["a", "b", "b"]
    # a name without environment
    name = "kosha"
    # a malformed region
    region = "mumbai"
    # a range that does not begin at its first address
    vpc_cidr = "10.20.0.7/16"
    # an unknown nat mode
    nat_mode = "double"
    # an unknown endpoint
    interface_endpoints = ["sts", "efs"]
    # a key id in place of an arn
    logs_key_arn = "mrk-0123456789abcdef0123456789abcdef"
    # a boundary that is none
    permissions_boundary_arn = "kosha-test-boundary"
  }

  expect_failures = [
    var.zone_letters,
    var.name,
    var.region,
    var.vpc_cidr,
    var.nat_mode,
    var.interface_endpoints,
    var.logs_key_arn,
    var.permissions_boundary_arn,
  ]
}
