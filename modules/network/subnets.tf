locals {
  _zones = [for letter in sort(var.zone_letters) : "${var.region}${letter}"]
}

data "aws_availability_zones" "this" {
  filter {
    name   = "zone-name"
    values = local._zones
  }

  # Leaves out local and wavelength zones, where neither EFS nor the EKS control plane has a presence.
  filter {
    name   = "zone-type"
    values = ["availability-zone"]
  }

  lifecycle {
    postcondition {
      condition     = length(self.names) == 3
      error_message = "Of the zones ${join(", ", local._zones)} the region offers this account ${length(self.names) == 0 ? "none" : join(", ", self.names)}: set zone_letters to three that it has (aws ec2 describe-availability-zones --region ${var.region})."
    }
  }
}

locals {
  # zone -> range. Of the four quarters the first three are for workers; public subnets lie in the last, 1/256 each, room for
  # a NAT gateway and nothing else (16 addresses, the least AWS allows, in a /20).
  private_cidrs = { for index, zone in local._zones : zone => cidrsubnet(var.vpc_cidr, 2, index) }
  public_cidrs  = { for index, zone in local._zones : zone => cidrsubnet(var.vpc_cidr, 8, 192 + index) if var.nat_mode != "none" }
}

resource "aws_subnet" "private" {
  for_each = local.private_cidrs

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value

  tags = {
    Name = "${var.name}-private-${each.key}"
    # Where Kubernetes places internal load balancers, and Karpenter its nodes.
    "kubernetes.io/role/internal-elb" = "1"
    "karpenter.sh/discovery"          = var.name
  }
}

# For NAT gateways only. They bear no kubernetes.io/role/elb tag, so that no load balancer is placed on the internet.
resource "aws_subnet" "public" {
  for_each = local.public_cidrs

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = each.value
  map_public_ip_on_launch = false

  tags = { Name = "${var.name}-public-${each.key}" }
}
