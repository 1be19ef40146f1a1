# Variants with bcftools, and how right they are where the truth is known. --no-version keeps dates and command lines out of the
# VCF, so that the same data give the same bytes.
#
# The genome is called in pieces (steps/metrics.py), as many at a time as there are threads: bcftools has threads for packing only,
# and one process takes four hours for a human genome at depth 30. Pieces depend on the genome alone, so the number of threads changes
# no byte. (Against a call in one piece bcftools 1.16 gives an indel on the first base of a piece another BQBZ, nothing else.)
VARIANTS = RUN.config["variants"]


rule call_variants:
    input:
        reads=READS,
        index=READS_INDEX,
        pieces="reference/pieces.bed",
    output:
        vcf="samples/{id}/{aligner}/variants.vcf.gz",
        index="samples/{id}/{aligner}/variants.vcf.gz.tbi",
        stats="samples/{id}/{aligner}/variants.txt",
    log:
        "samples/{id}/logs/call-variants-{aligner}.log",
    benchmark:
        "samples/{id}/benchmarks/call_variants-{aligner}.tsv"
    params:
        low=f"QUAL<{VARIANTS['min_quality']} || INFO/DP<{VARIANTS['min_depth']}",
        **VARIANTS,
    threads: 2
    resources:
        mem_mb=lambda wildcards, threads, attempt: calling_mb(BASES, threads) * attempt,
    retries: 1
    priority: 30
    shell:
        """
        exec 2> {log:q}
        place=samples/{wildcards.id}/{wildcards.aligner}
        work=$place/.variants.tmp
        rm -rf "$work"
        mkdir -p "$work"
        call_piece() {{
            awk -v piece="$1" '$4 == piece' {input.pieces:q} > "$work/$1.bed"
            bcftools mpileup --no-version -f {GENOME:q} -R "$work/$1.bed" -d {params.max_depth} -a FORMAT/AD,FORMAT/DP -Ou \
                {input.reads:q} | bcftools call --no-version -mv --ploidy {params.ploidy} -a GQ -Ob1 -o "$work/$1.bcf" -
        }}
        export work
        export -f call_piece
        cut -f 4 {input.pieces:q} | uniq | xargs -P {threads} -I % bash -euo pipefail -c 'call_piece % || exit 255'
        bcftools concat --no-version -Ou "$work"/*.bcf \
            | bcftools norm --no-version -f {GENOME:q} -m -both -Ou - \
            | bcftools filter --no-version -s LowQual -e {params.low:q} -Oz -o "$work/variants.vcf.gz" -
        bcftools index -t "$work/variants.vcf.gz"
        (cd "$work" && bcftools stats -f .,PASS variants.vcf.gz > variants.txt)
        mv "$work/variants.vcf.gz" "$work/variants.vcf.gz.tbi" "$work/variants.txt" "$place"/
        rm -rf "$work"
        """


rule compare_variants:
    input:
        "samples/{id}/{aligner}/variants.vcf.gz",
        lambda wildcards: [os.path.relpath(path, RUN.directory) for path in RUN.truth(wildcards.id)],
        "reference/fasta.json",
    output:
        "samples/{id}/{aligner}/accuracy.json",
    log:
        "samples/{id}/logs/compare-variants-{aligner}.log",
    retries: 0
    shell:
        "{STEP} compare-variants --run run.json --sample {wildcards.id} --aligner {wildcards.aligner} --output {output:q} 2> {log:q}"
