"""Starts the transfer every half hour, never twice at once."""
