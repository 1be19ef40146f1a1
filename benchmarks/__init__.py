"""Measurements of what Kosha is against what it replaces: pairs run in turn in one process, medians and ratios."""

import sys

from scripts.paths import REPOSITORY

# The functions' packages, as their archives have them.
sys.path.insert(0, str(REPOSITORY / "lambda_src"))
