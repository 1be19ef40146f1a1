"""The sequencing workflow: FASTQ in, aligned reads, metrics and a report out. ``README.md`` is its manual."""
