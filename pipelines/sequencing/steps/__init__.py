"""The workflow's own steps, each a command of ``python -m pipelines.sequencing.steps``."""
