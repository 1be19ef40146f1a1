"""Brings data from elsewhere onto the shared storage: whole, checked, named by the catalogue, with their provenance."""
