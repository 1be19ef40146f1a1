"""Measurements of what Kosha is against what it replaces: pairs run in turn in one process, medians and ratios."""
