# Summary, report, and the way out.


def everything_measured(wildcards):
    """What the summary and the report are made of: what is published besides them, and what only they show."""
    base = f"samples/{wildcards.id}"
    made = [os.path.relpath(each.source, RUN.directory) for each in plan(RUN, wildcards.id) if each.is_measured]
    drawn = [f"{base}/{aligner}/depth.tsv" for aligner in RUN.sample(wildcards.id).aligners]
    return ["versions.json", f"{base}/checked.json", *made, *drawn]


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
    benchmark:
        "samples/{id}/benchmarks/publish.tsv"
    retries: 0
    priority: 5
    shell:
        "{STEP} publish --run run.json --sample {wildcards.id} --output {output:q} 2> {log:q}"
