# samtools on the aligned reads, of either toolchain. For the depth a CRAM needs its flags, places and CIGARs decoded, not its bases
# (required_fields; a BAM does not mind). `stats` takes as long as the two others.


rule samtools_metrics:
    input:
        reads=READS,
        index=READS_INDEX,
        windows="reference/windows.bed",
    output:
        flagstat="samples/{id}/{aligner}/flagstat.json",
        stats="samples/{id}/{aligner}/stats.txt",
        depth="samples/{id}/{aligner}/depth.tsv",
    log:
        "samples/{id}/logs/samtools-metrics-{aligner}.log",
    benchmark:
        "samples/{id}/benchmarks/samtools_metrics-{aligner}.tsv"
    threads: 2
    retries: 1
    shell:
        """
        exec 2> {log:q}
        trap 'kill $(jobs -p) 2> /dev/null || true' EXIT
        samtools stats --reference {GENOME:q} {input.reads:q} > {output.stats:q}.tmp &
        stats=$!
        samtools flagstat -O json {input.reads:q} > {output.flagstat:q}.tmp
        samtools bedcov --input-fmt-option required_fields=0x3e --reference {GENOME:q} {input.windows:q} {input.reads:q} > {output.depth:q}.tmp
        wait $stats
        mv {output.flagstat:q}.tmp {output.flagstat:q}
        mv {output.stats:q}.tmp {output.stats:q}
        mv {output.depth:q}.tmp {output.depth:q}
        """
