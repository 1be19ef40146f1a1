"""The pairs of ``make bench``: every module here holds one, as ``PAIR``."""
