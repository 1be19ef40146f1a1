locals {
  # Buckets of AWS that nodes read through the endpoint, by full name: with a wildcard for the suffix anybody could make
  # a bucket that matches.
  aws_owned_objects = [
    # Layers of container images: https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-setting-up-s3-gateway
    "arn:${local.partition}:s3:::prod-${var.region}-starport-layer-bucket/*",
    # Packages of Amazon Linux 2023, the nodes' system; the suffix is the same in all regions:
    # https://docs.aws.amazon.com/mgn/latest/ug/ (network requirements)
    "arn:${local.partition}:s3:::al2023-repos-${var.region}-de612dc2/*",
  ]
}

# Keeps S3 traffic off the NAT gateways (no price per byte), and keeps data in: whatever credentials are brought into the
# VPC, they reach the buckets of this account and read two of AWS. Buckets in other regions are not behind this endpoint.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${var.region}.s3"
  route_table_ids   = [for table in aws_route_table.private : table.id]

  # An endpoint policy only limits; rights come from IAM and bucket policies.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "BucketsOfThisAccount"
        Effect    = "Allow"
        Principal = "*"
        Action    = "s3:*"
        Resource  = "*"
        Condition = { StringEquals = { "aws:ResourceAccount" = local.account_id } }
      },
      {
        Sid       = "ReadBucketsOfAws"
        Effect    = "Allow"
        Principal = "*"
        Action    = "s3:GetObject"
        Resource  = local.aws_owned_objects
      },
    ]
  })

  tags = { Name = "${var.name}-s3" }
}
