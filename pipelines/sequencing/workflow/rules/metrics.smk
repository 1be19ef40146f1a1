# Picard and samtools on the aligned reads. Picard is called by its jar: Debian's wrapper breaks paths with spaces.
PICARD_COMMAND = "java -Xmx{resources.mem_mb}m " + JAVA_FLAGS + " -jar " + PICARD
QUIET = " --QUIET true --VERBOSITY WARNING"


def picard_memory(wildcards, attempt):
    return MEMORY["picard"] * attempt


rule mark_duplicates:
    input:
        "samples/{id}/{aligner}/sorted.bam",
    output:
        bam="samples/{id}/{aligner}/aligned.bam",
        bai="samples/{id}/{aligner}/aligned.bai",
        metrics="samples/{id}/{aligner}/duplicates.txt",
    log:
        "samples/{id}/logs/mark-duplicates-{aligner}.log",
    resources:
        mem_mb=picard_memory,
    retries: 1
    shell:
        """
        exec 2> {log:q}
        place=samples/{wildcards.id}/{wildcards.aligner}
        work=$place/.duplicates.tmp
        rm -rf "$work"
        mkdir -p "$work"
        """
        + PICARD_COMMAND
        + """ MarkDuplicates --INPUT {input:q} --OUTPUT "$work/aligned.bam" --METRICS_FILE "$work/duplicates.txt" \
            --ASSUME_SORT_ORDER coordinate --TMP_DIR "$work" """
        + QUIET
        + """
        samtools quickcheck "$work/aligned.bam"
        samtools index "$work/aligned.bam" "$work/aligned.bai"
        mv "$work/aligned.bam" "$work/aligned.bai" "$work/duplicates.txt" "$place"/
        rm -rf "$work"
        """


rule validate:
    input:
        "samples/{id}/{aligner}/aligned.bam",
        "reference/fasta.json",
    output:
        "samples/{id}/{aligner}/validation.txt",
    log:
        "samples/{id}/logs/validate-{aligner}.log",
    resources:
        mem_mb=picard_memory,
    retries: 1
    shell:
        """
        exec 2> {log:q}
        """
        + PICARD_COMMAND
        + """ ValidateSamFile --INPUT {input[0]:q} --OUTPUT {output:q}.tmp --REFERENCE_SEQUENCE {INDEXES:q}/fasta/genome.fa \
            --MODE SUMMARY --IGNORE_WARNINGS true """
        + QUIET
        + """ || {{ cat {output:q}.tmp >&2; exit 1; }}
        mv {output:q}.tmp {output:q}
        """


rule alignment_summary:
    input:
        "samples/{id}/{aligner}/aligned.bam",
        "reference/fasta.json",
    output:
        "samples/{id}/{aligner}/alignment.txt",
    log:
        "samples/{id}/logs/alignment-summary-{aligner}.log",
    resources:
        mem_mb=picard_memory,
    retries: 1
    shell:
        """
        exec 2> {log:q}
        """
        + PICARD_COMMAND
        + """ CollectAlignmentSummaryMetrics --INPUT {input[0]:q} --OUTPUT {output:q}.tmp \
            --REFERENCE_SEQUENCE {INDEXES:q}/fasta/genome.fa """
        + QUIET
        + """
        mv {output:q}.tmp {output:q}
        """


rule samtools_metrics:
    input:
        bam="samples/{id}/{aligner}/aligned.bam",
        bai="samples/{id}/{aligner}/aligned.bai",
        windows="reference/windows.bed",
    output:
        flagstat="samples/{id}/{aligner}/flagstat.json",
        stats="samples/{id}/{aligner}/stats.txt",
        depth="samples/{id}/{aligner}/depth.tsv",
    log:
        "samples/{id}/logs/samtools-metrics-{aligner}.log",
    retries: 1
    shell:
        """
        exec 2> {log:q}
        samtools flagstat -O json {input.bam:q} > {output.flagstat:q}.tmp
        samtools stats {input.bam:q} > {output.stats:q}.tmp
        samtools bedcov {input.windows:q} {input.bam:q} > {output.depth:q}.tmp
        mv {output.flagstat:q}.tmp {output.flagstat:q}
        mv {output.stats:q}.tmp {output.stats:q}
        mv {output.depth:q}.tmp {output.depth:q}
        """
