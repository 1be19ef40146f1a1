# Terraform's own refusal (docs/adr/0006): a plan that would delete or replace the bucket must delete or replace this too.
resource "terraform_data" "deletion_protection" {
  count = var.deletion_protection ? 1 : 0

  triggers_replace = [aws_s3_bucket.this.id]

  lifecycle {
    prevent_destroy = true
  }
}
