"""Hypothesis on any machine: how long something takes is no reason to fail here."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("kosha", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kosha")
