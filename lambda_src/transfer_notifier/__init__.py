"""Says how a transfer ended."""
