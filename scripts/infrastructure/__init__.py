"""Plan, apply and destroy the root configurations of one environment, through python-terraform."""
