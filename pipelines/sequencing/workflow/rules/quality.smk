# FastQC before and after, and the trimming between.


def reads_of_stage(wildcards):
    if wildcards.stage == "raw":
        return [f"samples/{wildcards.id}/checked.json", *delivered(wildcards)]
    trimmed = [f"samples/{wildcards.id}/trimmed/{mate}.fastq.gz" for mate in MATES]
    return [f"samples/{wildcards.id}/trimmed.json", *trimmed]


# FastQC names its files and titles after its input, so the input gets links with the names we want. On a file that it
# cannot read it exits 0 without a zip (0.11.9), hence `test -s`.
rule fastqc:
    input:
        reads_of_stage,
    output:
        expand("samples/{{id}}/fastqc/{{id}}_{{stage}}-{mate}_fastqc.{extension}", mate=MATES, extension=["html", "zip"]),
    log:
        "samples/{id}/logs/fastqc-{stage}.log",
    threads: 2
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


rule trim:
    input:
        lambda wildcards: [f"samples/{wildcards.id}/checked.json", *delivered(wildcards)],
    output:
        mates=temp(expand("samples/{{id}}/trimmed/{mate}.fastq.gz", mate=MATES)),
        summary="samples/{id}/trimmed/summary.txt",
    log:
        "samples/{id}/logs/trim.log",
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: MEMORY["trimming"] * attempt,
    params:
        adapters=f"ILLUMINACLIP:/usr/share/trimmomatic/{RUN.config['adapters']}:2:30:10:2:True",
        steps=" ".join(RUN.config["trimming"]),
    retries: 1
    shell:
        """
        exec 2> {log:q}
        place=samples/{wildcards.id}/trimmed
        work=$place/.work.tmp
        rm -rf "$work"
        mkdir -p "$work"
        export JAVA_TOOL_OPTIONS="-Xmx{resources.mem_mb}m {JAVA_FLAGS}"
        TrimmomaticPE -threads {threads} -phred33 -summary "$work/summary.txt" {input[1]:q} {input[2]:q} \
            "$work/R1.fastq.gz" /dev/null "$work/R2.fastq.gz" /dev/null {params.adapters:q} {params.steps}
        gzip -t "$work/R1.fastq.gz" "$work/R2.fastq.gz"
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
