"""The control map and the evidence an auditor reads (``make evidence``).

``docs/controls.yaml`` says which requirement is met by what, and which checks would show it. This package runs these
checks, plans every root, and writes what came of it: ``report.json``, and ``report.html`` made of that alone. No
status is written by hand anywhere; :mod:`scripts.evidence.status` computes each (docs/adr/0029).
"""
