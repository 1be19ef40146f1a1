"""Our own checkov checks: what checkov has no check for and Kosha promises."""
