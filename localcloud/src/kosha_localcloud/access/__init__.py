"""Decides each call as IAM does, before it is served.

Who asks (``callers``), what is asked (``kosha_access.calls`` and, for what only the state tells, ``questions``), by
which policies (``documents``), and how a service says no (``denials``). The decision itself is ``kosha_access``'s.
"""
