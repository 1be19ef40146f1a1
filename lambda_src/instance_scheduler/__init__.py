"""Stops test instances outside their testing hours, and may start again what it stopped."""
