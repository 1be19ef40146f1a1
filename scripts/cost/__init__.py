"""What the platform costs, from the workload, the catalogue of data classes and a Terraform plan (docs/cost.md)."""
