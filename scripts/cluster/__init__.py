"""The layer of the cluster above Terraform: charts, manifests and first Jobs (make cluster-up, make launch)."""
