"""scratch_cleaner: removes old files from the shared storage, and never the only copy of one that is to be kept."""
