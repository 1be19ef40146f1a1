"""The command line of the ingestion (``python -m scripts.ingest``)."""
