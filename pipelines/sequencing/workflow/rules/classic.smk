# The toolchain of the case study: FastQC before and after trimming with Trimmomatic, Picard on the aligned reads, BAM.

def reads_of_stage(wildcards):
    if wildcards.stage == "raw":
        return [f"samples/{wildcards.id}/checked.json", *delivered(wildcards)]
    trimmed = [f"samples/{wildcards.id}/trimmed/{mate}.fastq.gz" for mate in MATES]
    return [f"samples/{wildcards.id}/trimmed.json", *trimmed]


# Nothing but the report waits for FastQC, so it takes one core, whenever the way to the variants leaves one (`priority`).
# FastQC names its files and titles after its input, so the input gets links with the names we want. On a file that it
# cannot read it exits 0 without a zip (0.11.9), hence `test -s`.
rule fastqc:
    input:
        reads_of_stage,
    output:
        expand("samples/{{id}}/fastqc/{{id}}_{{stage}}-{mate}_fastqc.{extension}", mate=MATES, extension=["html", "zip"]),
    log:
        "samples/{id}/logs/fastqc-{stage}.log",
    benchmark:
        "samples/{id}/benchmarks/fastqc-{stage}.tsv"
    resources:
        mem_mb=lambda wildcards, attempt: 600 * attempt,
    retries: 1
    shell:
        """
        exec 2> {log:q}
        place=samples/{wildcards.id}/fastqc
        work=$place/.{wildcards.stage}.tmp
        rm -rf "$work"
        mkdir -p "$work"
        ln -s "$PWD"/{input[1]:q} "$work/{wildcards.id}_{wildcards.stage}-R1.fastq.gz"
        ln -s "$PWD"/{input[2]:q} "$work/{wildcards.id}_{wildcards.stage}-R2.fastq.gz"
        fastqc --quiet --threads {threads} --dir "$work" --outdir "$work" "$work"/*.fastq.gz
        for mate in R1 R2; do
            test -s "$work/{wildcards.id}_{wildcards.stage}-${{mate}}_fastqc.zip"
        done
        mv "$work"/*_fastqc.html "$work"/*_fastqc.zip "$place"/
        rm -rf "$work"
        """


# Trimmomatic packs its output with Java's Deflater at level 6, which takes more than half of its time; gzip -1 behind named pipes
# does it in a fifth, and the files live for minutes. What is left in the background when something fails must not outlive it.
rule trim:
    input:
        lambda wildcards: [f"samples/{wildcards.id}/checked.json", *delivered(wildcards)],
    output:
        mates=temp(expand("samples/{{id}}/trimmed/{mate}.fastq.gz", mate=MATES)),
        summary="samples/{id}/trimmed/summary.txt",
    log:
        "samples/{id}/logs/trim.log",
    benchmark:
        "samples/{id}/benchmarks/trim.tsv"
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: MEMORY["trimming"] * attempt,
    params:
        adapters=f"ILLUMINACLIP:{ADAPTERS / RUN.config['adapters']}:2:30:10:2:True",
        steps=" ".join(RUN.config["trimming"]),
    retries: 1
    priority: 15
    shell:
        """
        exec 2> {log:q}
        place=samples/{wildcards.id}/trimmed
        work=$place/.work.tmp
        rm -rf "$work"
        mkdir -p "$work"
        export JAVA_TOOL_OPTIONS="-Xmx{resources.mem_mb}m {JAVA_FLAGS}"
        trap 'kill $(jobs -p) 2> /dev/null || true' EXIT
        mkfifo "$work/R1.fastq" "$work/R2.fastq"
        gzip -1 < "$work/R1.fastq" > "$work/R1.fastq.gz" &
        first=$!
        gzip -1 < "$work/R2.fastq" > "$work/R2.fastq.gz" &
        second=$!
        TrimmomaticPE -threads {threads} -phred33 -summary "$work/summary.txt" {input[1]:q} {input[2]:q} \
            "$work/R1.fastq" /dev/null "$work/R2.fastq" /dev/null {params.adapters:q} {params.steps}
        wait $first
        wait $second
        rm "$work/R1.fastq" "$work/R2.fastq"
        mv "$work"/* "$place"/
        rm -rf "$work"
        """


# Trimmomatic exits 0 when it stops half-way through its input, so its own count is held against ours.
rule check_trimmed:
    input:
        "samples/{id}/checked.json",
        "samples/{id}/trimmed/summary.txt",
    output:
        "samples/{id}/trimmed.json",
    log:
        "samples/{id}/logs/check-trimmed.log",
    retries: 0
    shell:
        "{STEP} check-trimmed --run run.json --sample {wildcards.id} --output {output:q} 2> {log:q}"


rule align:
    input:
        lambda wildcards: [f"samples/{wildcards.id}/trimmed/{mate}.fastq.gz" for mate in MATES],
        "samples/{id}/trimmed.json",
        "reference/{aligner}.json",
    output:
        temp("samples/{id}/{aligner}/sorted.bam"),
    log:
        "samples/{id}/logs/align-{aligner}.log",
    benchmark:
        "samples/{id}/benchmarks/align-{aligner}.tsv"
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: aligning_mb(BASES, MEMORY["sorting"]) * attempt,
        sort_mb=lambda wildcards, attempt: MEMORY["sorting"] * attempt,
    params:
        aligner=aligner_command,
    retries: 1
    priority: 20
    shell:
        """
        exec 2> {log:q}
        work=$(dirname {output:q})/.align.tmp
        rm -rf "$work"
        mkdir -p "$work"
        {params.aligner} | samtools sort --no-PG -@ 1 -m {resources.sort_mb}M -T "$work/sort" -o "$work/sorted.bam" -
        samtools quickcheck "$work/sorted.bam"
        records=$(samtools view -c -F 0x900 "$work/sorted.bam")
        {STEP} check-alignment --run run.json --sample {wildcards.id} --records "$records"
        mv "$work/sorted.bam" {output:q}
        rm -rf "$work"
        """


# Picard is called by its jar: Debian's wrapper breaks paths with spaces.
PICARD = "java -Xmx{resources.mem_mb}m " + JAVA_FLAGS + " " + " ".join(PICARD_COMMAND)
QUIET = " --QUIET true --VERBOSITY WARNING"


def picard_memory(wildcards, attempt):
    return MEMORY["picard"] * attempt


rule mark_duplicates:
    input:
        "samples/{id}/{aligner}/sorted.bam",
    output:
        bam=READS,
        bai=READS_INDEX,
        metrics="samples/{id}/{aligner}/duplicates.txt",
    log:
        "samples/{id}/logs/mark-duplicates-{aligner}.log",
    benchmark:
        "samples/{id}/benchmarks/mark_duplicates-{aligner}.tsv"
    resources:
        mem_mb=picard_memory,
    retries: 1
    priority: 30
    shell:
        """
        exec 2> {log:q}
        place=samples/{wildcards.id}/{wildcards.aligner}
        work=$place/.duplicates.tmp
        rm -rf "$work"
        mkdir -p "$work"
        """
        + PICARD
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
        READS,
        "reference/fasta.json",
    output:
        "samples/{id}/{aligner}/validation.txt",
    log:
        "samples/{id}/logs/validate-{aligner}.log",
    benchmark:
        "samples/{id}/benchmarks/validate-{aligner}.tsv"
    resources:
        mem_mb=picard_memory,
    retries: 1
    shell:
        """
        exec 2> {log:q}
        """
        + PICARD
        + """ ValidateSamFile --INPUT {input[0]:q} --OUTPUT {output:q}.tmp --REFERENCE_SEQUENCE {GENOME:q} \
            --MODE SUMMARY --IGNORE_WARNINGS true """
        + QUIET
        + """ || {{ cat {output:q}.tmp >&2; exit 1; }}
        mv {output:q}.tmp {output:q}
        """


rule alignment_summary:
    input:
        READS,
        "reference/fasta.json",
    output:
        "samples/{id}/{aligner}/alignment.txt",
    log:
        "samples/{id}/logs/alignment-summary-{aligner}.log",
    benchmark:
        "samples/{id}/benchmarks/alignment_summary-{aligner}.tsv"
    resources:
        mem_mb=picard_memory,
    retries: 1
    shell:
        """
        exec 2> {log:q}
        """
        + PICARD
        + """ CollectAlignmentSummaryMetrics --INPUT {input[0]:q} --OUTPUT {output:q}.tmp \
            --REFERENCE_SEQUENCE {GENOME:q} """
        + QUIET
        + """
        mv {output:q}.tmp {output:q}
        """
