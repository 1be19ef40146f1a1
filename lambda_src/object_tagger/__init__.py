"""Tags what a transfer brought into the data lake."""
