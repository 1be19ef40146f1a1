"""The drill: lose the primary region on a busy day, fail over by the runbook, go back, and count what was lost."""
