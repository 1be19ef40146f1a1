# S3 counts requests only where it is asked to (https://docs.aws.amazon.com/AmazonS3/latest/userguide/configure-request-metrics-bucket.html).
resource "aws_s3_bucket_metric" "lake" {
  bucket = var.watched.lake_bucket
  name   = "everything"
}

resource "aws_s3_bucket_metric" "replica" {
  provider = aws.recovery

  bucket = var.watched.replica_bucket
  name   = "everything"
}
