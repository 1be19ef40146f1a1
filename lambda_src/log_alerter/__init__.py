"""Tells people of log lines, grouped, counted and limited."""
