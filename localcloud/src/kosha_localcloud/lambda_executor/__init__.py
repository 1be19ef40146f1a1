"""Runs Lambda functions as processes, without Docker."""
