"""Marks unattached EBS volumes, and after a month takes a last snapshot and deletes them."""
