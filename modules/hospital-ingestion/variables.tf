# modules/workload-identity validates the names of cluster and boundary.

variable "cluster_name" {
  description = "Name of the cluster; the role's name begins with it."
  type        = string
  nullable    = false
}

variable "cluster_arn" {
  description = "ARN of the cluster; it need not exist yet."
  type        = string
  nullable    = false
}

variable "lake_bucket_arn" {
  description = "ARN of the data lake's bucket in the provider's region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:s3:::[a-z0-9-]+$", var.lake_bucket_arn))
    error_message = "lake_bucket_arn must be the ARN of a bucket, without a path."
  }
}

variable "lake_key_arn" {
  description = "ARN of the `lake` key, which encrypts it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.lake_key_arn))
    error_message = "lake_key_arn must be the full ARN of a KMS key (key_arns.lake of 10-foundation)."
  }
}

variable "secrets_prefix" {
  description = "What the names of the hospital's secrets begin with: <organisation>-<environment>. A replica of a secret has the name of the secret."
  type        = string
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "ARN of the boundary of every role of the platform (handoff of 10-foundation)."
  type        = string
  nullable    = false
}
