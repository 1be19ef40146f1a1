variable "name" {
  description = "Prefix of the repositories: <name>/<image>."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,40}$", var.name))
    error_message = "name is \"${var.name}\": give 3 to 41 lower-case letters, digits and dashes, a letter first."
  }
}

variable "images" {
  description = "Images that have a repository, by the names they are built under."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.images) > 0 && alltrue([for image in var.images : can(regex("^[a-z][a-z0-9-]{1,40}$", image))])
    error_message = "images is ${jsonencode(var.images)}: give at least one, each of 2 to 41 lower-case letters, digits and dashes."
  }
}

variable "recovery_region" {
  description = "Region to which every image is copied."
  type        = string
  nullable    = false
}

variable "key_arn" {
  description = "ARN of the key that encrypts the images."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.key_arn))
    error_message = "key_arn is \"${var.key_arn}\": give the ARN of a key."
  }
}

variable "recovery_key_arn" {
  description = "ARN of its replica in the recovery region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.recovery_key_arn))
    error_message = "recovery_key_arn is \"${var.recovery_key_arn}\": give the ARN of a key."
  }
}

variable "deletion_protection" {
  description = "Whether a repository with images in it refuses to be destroyed."
  type        = bool
  default     = true
  nullable    = false
}
