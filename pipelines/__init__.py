"""The pipelines that run on the shared storage."""
