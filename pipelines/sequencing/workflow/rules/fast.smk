# The fast toolchain: from the delivered FASTQ to the finished CRAM in one stream, nothing is written in between. fastp trims and
# measures in one pass; samtools marks duplicates while it sorts.
#
# fastp has the same steps as Trimmomatic under other names, but an order of its own: it cuts by quality first and by
# adapters then, which it finds by the overlap of the mates as well. -Q: Trimmomatic has no filter for whole reads either.
# Duplicates are for samtools to count. With more than one thread the order of the reads, and with it the CRAM, is another
# each time; one feeds the aligner well enough. Without store_nm every reader of the CRAM counts the mismatches (NM) again and
# finds them behind all other tags, where bcftools looks for them at each base: 7 % of its time, for 0.4 % of the size.


def fastp_steps():
    options = {
        "LEADING": "--cut_front --cut_front_window_size 1 --cut_front_mean_quality {0}",
        "TRAILING": "--cut_tail --cut_tail_window_size 1 --cut_tail_mean_quality {0}",
        "SLIDINGWINDOW": "--cut_right --cut_right_window_size {0} --cut_right_mean_quality {1}",
        "MINLEN": "--length_required {0}",
        "CROP": "--max_len1 {0} --max_len2 {0}",
        "HEADCROP": "--trim_front1 {0} --trim_front2 {0}",
    }
    steps = [step.split(":") for step in RUN.config["trimming"]]
    return " ".join(options[name].format(*numbers) for name, *numbers in steps)


def fastp_adapters(wildcards):
    """The one pair of the library; with the whole file fastp lays each of its sequences against each read."""
    path = ADAPTERS / RUN.config["adapters"]
    found = read_through(path.read_text(encoding="ascii").splitlines())
    if found is None:
        return shlex.join(["--adapter_fasta", str(path)])
    return f"--adapter_sequence {found[0]} --adapter_sequence_r2 {found[1]}"


rule align:
    input:
        lambda wildcards: [f"samples/{wildcards.id}/checked.json", *delivered(wildcards)],
        "reference/fasta.json",
        "reference/{aligner}.json",
    output:
        reads=READS,
        index=READS_INDEX,
        fastp="samples/{id}/{aligner}/fastp.json",
        page="samples/{id}/{aligner}/fastp.html",
        duplicates="samples/{id}/{aligner}/duplicates.txt",
    log:
        "samples/{id}/logs/align-{aligner}.log",
    benchmark:
        "samples/{id}/benchmarks/align-{aligner}.tsv"
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: aligning_mb(BASES, MEMORY["sorting"]) * attempt,
        sort_mb=lambda wildcards, attempt: MEMORY["sorting"] * attempt,
    params:
        adapters=fastp_adapters,
        steps=fastp_steps(),
        aligner=aligner_command,
    retries: 1
    priority: 20
    shell:
        """
        exec 2> {log:q}
        place=samples/{wildcards.id}/{wildcards.aligner}
        work=$place/.align.tmp
        rm -rf "$work"
        mkdir -p "$work"
        fastp --in1 {input[1]:q} --in2 {input[2]:q} --stdout --thread 1 -Q --dont_eval_duplication {params.adapters} \
            {params.steps} --json "$work/fastp.json" --html "$work/fastp.html" --report_title {wildcards.id} \
            | {params.aligner} \
            | samtools fixmate --no-PG -u -m - - \
            | samtools sort --no-PG -u -m {resources.sort_mb}M -T "$work/sort" - \
            | samtools markdup --no-PG -T "$work/duplicates" -f "$work/duplicates.txt" --reference {GENOME:q} -O cram,store_nm=1 \
                - "$work/aligned.cram"
        samtools quickcheck "$work/aligned.cram"
        samtools index "$work/aligned.cram" "$work/aligned.crai"
        {STEP} check-fastp --run run.json --sample {wildcards.id} --input "$work/fastp.json"
        mv "$work/aligned.cram" "$work/aligned.crai" "$work/fastp.json" "$work/fastp.html" "$work/duplicates.txt" "$place"/
        rm -rf "$work"
        """
