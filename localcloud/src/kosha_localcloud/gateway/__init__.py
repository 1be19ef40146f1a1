"""What every request passes: the call log, the faults, and the control calls below /_kosha/."""
