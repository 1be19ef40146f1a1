"""Starts every transfer in each of its slots, never twice at once."""
