"""Notices slots without a transfer and endings nobody heard of, and has them made good."""
