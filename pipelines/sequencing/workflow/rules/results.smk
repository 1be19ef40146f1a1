# Summary, report, and the way out.


def everything_measured(wildcards):
    base = f"samples/{wildcards.id}"
    paths = [f"{base}/checked.json", f"{base}/trimmed/summary.txt", "versions.json"]
    for stage in ("raw", "trimmed"):
        paths += [f"{base}/fastqc/{wildcards.id}_{stage}-{mate}_fastqc.zip" for mate in MATES]
    for aligner in RUN.sample(wildcards.id).aligners:
        names = ("duplicates.txt", "validation.txt", "alignment.txt", "flagstat.json", "stats.txt", "depth.tsv")
        paths += [f"{base}/{aligner}/{name}" for name in names]
    return paths


rule summarise:
    input:
        everything_measured,
    output:
        expand("samples/{{id}}/summary.{extension}", extension=["json", "yaml", "csv"]),
        "samples/{id}/report.html",
    log:
        "samples/{id}/logs/summarise.log",
    params:
        aligners=lambda wildcards: RUN.sample(wildcards.id).aligners,
    retries: 0
    shell:
        "{STEP} summarise --run run.json --sample {wildcards.id} 2> {log:q}"


rule publish:
    input:
        "samples/{id}/summary.json",
    output:
        "samples/{id}/published.json",
    log:
        "samples/{id}/logs/publish.log",
    retries: 0
    priority: 5
    shell:
        "{STEP} publish --run run.json --sample {wildcards.id} --output {output:q} 2> {log:q}"
