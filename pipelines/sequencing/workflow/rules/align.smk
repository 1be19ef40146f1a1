# The command of each aligner. It reads FASTQ and writes SAM to its output, where the toolchain's own rule sorts it: a SAM file
# would be five times the BAM. The read group is set here, because Picard wants one. -K and --reorder make the result
# independent of the number of threads.

def read_group(wildcards):
    name = RUN.sample(wildcards.id).name
    return {
        "ID": wildcards.id,
        "SM": name.sample,
        "LB": wildcards.id,
        "PL": RUN.config["platform"],
        "CN": name.site,
    }


def aligner_command(wildcards, threads):
    """The aligner on the mates of the toolchain: two files, or both mates in turn from its input."""
    mates = [f"samples/{wildcards.id}/trimmed/{mate}.fastq.gz" for mate in MATES]
    if wildcards.aligner == "bwa":
        group = "@RG" + "".join(f"\\t{tag}:{value}" for tag, value in read_group(wildcards).items())
        command = ["bwa", "mem", "-K", "100000000", "-v", "2", "-t", str(threads), "-R", group]
        return shlex.join([*command, *(["-p"] if RUN.is_fast else []), f"{INDEXES}/bwa/genome", *(["-"] if RUN.is_fast else mates)])
    group = ["--rg-id", wildcards.id]
    for tag, value in read_group(wildcards).items():
        group += ["--rg", f"{tag}:{value}"] if tag != "ID" else []
    command = ["bowtie2", "--reorder", "-p", str(threads), *group, "-x", f"{INDEXES}/bowtie2/genome"]
    return shlex.join([*command, *(["--interleaved", "-"] if RUN.is_fast else ["-1", mates[0], "-2", mates[1]])])
