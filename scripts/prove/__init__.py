"""``make prove``: the policies Terraform renders give what the access matrix says, in every case (docs/adr/0030)."""
