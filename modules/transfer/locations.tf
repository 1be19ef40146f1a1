resource "aws_datasync_location_efs" "directory" {
  efs_file_system_arn         = var.source_location.file_system_arn
  access_point_arn            = var.source_location.access_point_arn
  file_system_access_role_arn = var.source_location.role_arn
  in_transit_encryption       = "TLS1_2"

  # Relative to the access point, whose root is the directory.
  subdirectory = "/"

  ec2_config {
    subnet_arn          = "${local.ec2_arn}:subnet/${var.network.subnet_id}"
    security_group_arns = ["${local.ec2_arn}:security-group/${var.network.security_group_id}"]
  }

  tags = { Name = "${var.name}-${var.task}-source" }
}

resource "aws_datasync_location_s3" "lake" {
  s3_bucket_arn    = var.lake_bucket_arn
  s3_storage_class = "STANDARD" # The lifecycle of each data class moves it on.
  subdirectory     = "/${var.lake_prefix}"

  s3_config {
    bucket_access_role_arn = aws_iam_role.lake.arn
  }

  tags = { Name = "${var.name}-${var.task}-lake" }

  # DataSync tries the role when the location is made.
  depends_on = [aws_iam_role_policy.lake]
}
