"""Decides as IAM does: which statement of which policy allows or denies a request."""
