"""What LocalStack accepts and forgets, so that Terraform would want to change it again and again."""
