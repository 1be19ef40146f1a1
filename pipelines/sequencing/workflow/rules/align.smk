# Both aligners write straight into the sort: a SAM file would be five times the BAM. The read group is set here,
# because Picard wants one. -K and --reorder make the result independent of the number of threads.


def aligner_input(aligner):
    def paths(wildcards):
        trimmed = [f"samples/{wildcards.id}/trimmed/{mate}.fastq.gz" for mate in MATES]
        return [*trimmed, f"samples/{wildcards.id}/trimmed.json", f"reference/{aligner}.json"]

    return paths


def read_group(wildcards):
    name = RUN.sample(wildcards.id).name
    return {
        "ID": wildcards.id,
        "SM": name.sample,
        "LB": wildcards.id,
        "PL": RUN.config["platform"],
        "CN": name.site,
    }


# Ends every alignment: sort, look whether the BAM is whole and holds as many reads as went in, then rename.
SORT_AND_CHECK = """samtools sort --no-PG -@ 1 -m {resources.sort_mb}M -T "$work/sort" -o "$work/sorted.bam" -
        samtools quickcheck "$work/sorted.bam"
        records=$(samtools view -c -F 0x900 "$work/sorted.bam")
        {STEP} check-alignment --run run.json --sample {wildcards.id} --records "$records"
        mv "$work/sorted.bam" {output:q}
        rm -rf "$work"
"""

MAKE_WORK = """
        exec 2> {log:q}
        work=$(dirname {output:q})/.align.tmp
        rm -rf "$work"
        mkdir -p "$work"
        """


rule align_bwa:
    input:
        aligner_input("bwa"),
    output:
        temp("samples/{id}/bwa/sorted.bam"),
    log:
        "samples/{id}/logs/align-bwa.log",
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: (1000 + 2 * MEMORY["sorting"]) * attempt,
        sort_mb=lambda wildcards, attempt: MEMORY["sorting"] * attempt,
    params:
        read_group=lambda wildcards: "@RG" + "".join(f"\\t{tag}:{value}" for tag, value in read_group(wildcards).items()),
    retries: 1
    shell:
        MAKE_WORK
        + "bwa mem -K 100000000 -v 2 -t {threads} -R {params.read_group:q} {INDEXES:q}/bwa/genome {input[0]:q} {input[1]:q} | "
        + SORT_AND_CHECK


rule align_bowtie2:
    input:
        aligner_input("bowtie2"),
    output:
        temp("samples/{id}/bowtie2/sorted.bam"),
    log:
        "samples/{id}/logs/align-bowtie2.log",
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: (1000 + 2 * MEMORY["sorting"]) * attempt,
        sort_mb=lambda wildcards, attempt: MEMORY["sorting"] * attempt,
    params:
        read_group=lambda wildcards: " ".join(
            f"--rg-id {value}" if tag == "ID" else f"--rg {tag}:{value}" for tag, value in read_group(wildcards).items()
        ),
    retries: 1
    shell:
        MAKE_WORK
        + "bowtie2 --reorder -p {threads} {params.read_group} -x {INDEXES:q}/bowtie2/genome -1 {input[0]:q} -2 {input[1]:q} | "
        + SORT_AND_CHECK
