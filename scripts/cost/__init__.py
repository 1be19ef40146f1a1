"""What the platform costs: a forecast from the workload, the catalogue of data classes and a Terraform plan (docs/cost.md)."""
