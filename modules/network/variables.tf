variable "name" {
  description = "Prefix of every name, <organisation>-<environment>. It is also the value of the tag karpenter.sh/discovery."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.name))
    error_message = "name is \"${var.name}\": give the prefix output of the naming module, <organisation>-<environment>."
  }
}

variable "region" {
  description = "Region of the provider; endpoint services are named after it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is \"${var.region}\": give the region output of the naming module."
  }
}

variable "vpc_cidr" {
  description = "Private IPv4 range of the VPC, /16 to /20. Three quarters of it go to the worker subnets, because every pod takes an address."
  type        = string
  nullable    = false

  validation {
    condition = try(
      cidrhost(var.vpc_cidr, 0) == split("/", var.vpc_cidr)[0]
      && tonumber(split("/", var.vpc_cidr)[1]) >= 16
      && tonumber(split("/", var.vpc_cidr)[1]) <= 20,
      false,
    )
    error_message = "vpc_cidr is \"${var.vpc_cidr}\": give an IPv4 range from /16 to /20 that begins at its first address, such as 10.20.0.0/16."
  }

  validation {
    condition     = can(regex("^(10[.]|172[.](1[6-9]|2[0-9]|3[01])[.]|192[.]168[.])", var.vpc_cidr))
    error_message = "vpc_cidr is \"${var.vpc_cidr}\": give a private range, inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16 (RFC 1918)."
  }
}

variable "zone_letters" {
  description = "Letters of the three availability zones to use. They are named, not counted off from what is available today: with a zone down, or a fourth one opened, a plan would otherwise move subnets."
  type        = list(string)
  default     = ["a", "b", "c"]
  nullable    = false

  validation {
    condition     = length(var.zone_letters) == 3 && length(distinct(var.zone_letters)) == 3 && alltrue([for letter in var.zone_letters : can(regex("^[a-z]$", letter))])
    error_message = "zone_letters is ${jsonencode(var.zone_letters)}: give the letters of three different zones, such as [\"a\", \"b\", \"c\"]."
  }
}

variable "nat_mode" {
  description = "How the private subnets reach the internet: per_az (a NAT gateway in every zone), single (one for all, cheaper, lost with its zone) or none (no internet, no public subnets)."
  type        = string
  default     = "per_az"
  nullable    = false

  validation {
    condition     = contains(["per_az", "single", "none"], var.nat_mode)
    error_message = "nat_mode is \"${var.nat_mode}\": give per_az, single or none."
  }
}

variable "interface_endpoints" {
  description = "AWS services to reach without leaving the VPC, by the last part of the endpoint service's name. Each costs an hourly price per zone."
  type        = set(string)
  default = [
    "datasync", "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticfilesystem", "kms", "logs", "sns", "sqs", "sts",
  ]
  nullable = false

  validation {
    condition     = length(setsubtract(var.interface_endpoints, local.known_interface_endpoints)) == 0
    error_message = "interface_endpoints has ${join(", ", setsubtract(var.interface_endpoints, local.known_interface_endpoints))}: choose from ${join(", ", local.known_interface_endpoints)}; another service is added to modules/network/interface-endpoints.tf first. S3 needs none, it has a gateway endpoint."
  }
}

variable "logs_key_arn" {
  description = "ARN of the KMS key `logs` in this region, which encrypts the flow logs."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:", var.logs_key_arn))
    error_message = "logs_key_arn is \"${var.logs_key_arn}\": give the ARN of a KMS key, key_arns.logs of the keys module."
  }
}

variable "flow_log_retention_days" {
  description = "Days to keep the flow logs. The law asks for a year (Digital Personal Data Protection Rules 2025, rule 8(3))."
  type        = number
  default     = 400
  nullable    = false

  # The values CloudWatch Logs accepts: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
  validation {
    condition     = contains([400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.flow_log_retention_days)
    error_message = "flow_log_retention_days is ${var.flow_log_retention_days}: give 400 or more, one of 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the boundary of every role of the platform (handoff of 10-foundation)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:policy/", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn is \"${var.permissions_boundary_arn}\": give the ARN of the boundary policy (permissions_boundary_arn of 10-foundation)."
  }
}
