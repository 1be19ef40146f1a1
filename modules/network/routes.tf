locals {
  # Zones that have a NAT gateway, and zone -> zone of the gateway it uses.
  _nat_zones = {
    per_az = local._zones
    single = [local._zones[0]]
    none   = []
  }
  nat_zones = toset(local._nat_zones[var.nat_mode])
  nat_zone_used = {
    for zone in local._zones : zone => contains(local.nat_zones, zone) ? zone : local._zones[0]
    if var.nat_mode != "none"
  }
}

resource "aws_internet_gateway" "this" {
  count = var.nat_mode == "none" ? 0 : 1

  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_eip" "nat" {
  for_each = local.nat_zones

  domain = "vpc"

  tags = { Name = "${var.name}-nat-${each.key}" }
}

resource "aws_nat_gateway" "this" {
  for_each = local.nat_zones

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id

  tags = { Name = "${var.name}-${each.key}" }

  # A NAT gateway without a way out comes up broken.
  depends_on = [aws_internet_gateway.this]
}

resource "aws_route_table" "public" {
  count = var.nat_mode == "none" ? 0 : 1

  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-public" }
}

resource "aws_route" "public_to_internet" {
  count = var.nat_mode == "none" ? 0 : 1

  route_table_id         = aws_route_table.public[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route_table_association" "public" {
  for_each = aws_subnet.public

  subnet_id      = each.value.id
  route_table_id = aws_route_table.public[0].id
}

# One table per zone even with a single NAT gateway: changing nat_mode then changes routes, not associations.
resource "aws_route_table" "private" {
  for_each = local.private_cidrs

  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-private-${each.key}" }
}

resource "aws_route" "private_to_nat" {
  for_each = local.nat_zone_used

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[each.value].id
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private[each.key].id
}
