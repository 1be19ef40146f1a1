# What comes before any sample's tools: the check of its FASTQ, the reference, the versions of the tools.


def delivered(wildcards):
    """The FASTQ of a sample as far as it is there; the check says which is missing, and the other samples go on."""
    paths = [RUN.fastq(wildcards.id, mate) for mate in (0, 1)]
    return [os.path.relpath(path, RUN.directory) for path in paths if path.is_file()]


rule check:
    input:
        delivered,
    output:
        "samples/{id}/checked.json",
    log:
        "samples/{id}/logs/check.log",
    benchmark:
        "samples/{id}/benchmarks/check.tsv"
    params:
        fastq=lambda wildcards: RUN.sample(wildcards.id).fastq,
        md5=lambda wildcards: RUN.sample(wildcards.id).md5,
    retries: 0
    priority: 10
    shell:
        "{STEP} check --run run.json --sample {wildcards.id} --output {output:q} 2> {log:q}"


# On a cluster these take less than a pod does to start.
localrules:
    windows,
    pieces,
    versions,


rule reference:
    output:
        "reference/{part}.json",
    log:
        "logs/reference-{part}.log",
    input:
        lambda wildcards: [] if wildcards.part == "fasta" else ["reference/fasta.json"],
    params:
        sha256=RUN.reference["sha256"],
    resources:
        mem_mb=lambda wildcards, attempt: indexing_mb(BASES, wildcards.part) * attempt,
    retries: 1
    shell:
        "{STEP} reference --run run.json --part {wildcards.part} --output {output:q} 2> {log:q}"


rule windows:
    input:
        "reference/fasta.json",
    output:
        "reference/windows.bed",
    log:
        "logs/windows.log",
    retries: 0
    shell:
        "{STEP} windows --run run.json --output {output:q} 2> {log:q}"


rule pieces:
    input:
        "reference/fasta.json",
    output:
        "reference/pieces.bed",
    log:
        "logs/pieces.log",
    retries: 0
    shell:
        "{STEP} pieces --run run.json --output {output:q} 2> {log:q}"


rule versions:
    output:
        "versions.json",
    log:
        "logs/versions.log",
    retries: 1
    shell:
        "{STEP} versions --run run.json --output {output:q} 2> {log:q}"
