"""Configuration and sample sheet: every fault is named with its place and its mending."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from pipelines.sequencing.inputs import InputError, read_config, read_samples
from scripts.paths import REPOSITORY

CONFIG_FOLDER = REPOSITORY / "pipelines" / "sequencing" / "config"
HEADER = "sample\tproject\tsite\tfastq_1\tfastq_2\tmd5_1\tmd5_2\taligner\n"


def sheet(folder: Path, *rows: str, header: str = HEADER, name: str = "samples.tsv") -> Path:
    path = folder / name
    path.write_text(header + "".join(row + "\n" for row in rows), encoding="utf-8")
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_samples(path)
    return caught.value.problems


def test_reads_a_sheet_with_and_without_the_optional_columns(tmp_path: Path) -> None:
    full = read_samples(sheet(tmp_path, f"S1\tp\ts\ta_1.fq.gz\ta_2.fq.gz\t{'AB' * 16}\t\tbwa"))
    assert (full[0].id, full[0].aligners, full[0].md5) == ("p_s_S1", ("bwa",), ("ab" * 16, ""))
    short = read_samples(
        sheet(
            tmp_path,
            "S1,p,s,a_1.fq.gz,a_2.fq.gz",
            header="\ufeffsample,project,site,fastq_1,fastq_2\r\n",
            name="sheet.csv",
        )
    )
    assert (short[0].aligners, short[0].fastq) == (("bwa", "bowtie2"), ("a_1.fq.gz", "a_2.fq.gz"))


def test_the_example_sheet_and_configurations_are_valid() -> None:
    assert [sample.name.sample for sample in read_samples(CONFIG_FOLDER / "samples.tsv")] == ["S001", "S002"]
    assert read_config(CONFIG_FOLDER / "lambda-phage.yaml")["reference"] == "NC_001416.fa.gz"


def test_the_example_configuration_shows_every_setting_with_its_default(tmp_path: Path) -> None:
    shown = yaml.safe_load((CONFIG_FOLDER / "config.yaml").read_text(encoding="utf-8"))
    bare = tmp_path / "config.yaml"
    bare.write_text(f"reference: {shown['reference']}\n", encoding="utf-8")
    assert read_config(bare) == shown


GOOD = "S1\tp\ts\ta_1.fq.gz\ta_2.fq.gz\t\t\tboth"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "S_1\tp\ts\ta_1.fq.gz\ta_2.fq.gz\t\t\tboth",
            'sample is "S_1", but must be at most 64 letters, digits and single hyphens',
        ),
        ("S1\tProj\ts\ta_1.fq.gz\ta_2.fq.gz\t\t\tboth", 'project is "Proj", but must be at most 64 lower-case letters'),
        (f"S1\tp\t{'h' * 65}\ta_1.fq.gz\ta_2.fq.gz\t\t\tboth", "site is .* but must be at most 64 lower-case letters"),
        ("S1\tp\t\ta_1.fq.gz\ta_2.fq.gz\t\t\tboth", 'site is "", but must be'),
        ("S1\tp\ts\t/etc/a_1.fq.gz\ta_2.fq.gz\t\t\tboth", "fastq_1 is .* without a leading /"),
        ("S1\tp\ts\ta_1.fq.gz\t../a_2.fq.gz\t\t\tboth", r"fastq_2 is .* without \.\."),
        ("S1\tp\ts\ta_1.bam\ta_2.fq.gz\t\t\tboth", r"fastq_1 is .* ends in \.fastq\.gz or \.fq\.gz"),
        ("S1\tp\ts\ta_1.fq.gz\ta_2.fq.gz\tabc\t\tboth", "md5_1 is .* 32 hexadecimal digits"),
        ("S1\tp\ts\ta_1.fq.gz\ta_2.fq.gz\t\t\tstar", 'aligner is "star", but must be bwa, bowtie2 or both'),
        ("S1\tp\ts\ta_1.fq.gz", "8 columns are named in line 1, but this line has another number"),
        (GOOD + "\textra", "8 columns are named in line 1"),
    ],
)
def test_names_line_column_and_mending_of_a_bad_row(tmp_path: Path, row: str, message: str) -> None:
    path = sheet(tmp_path, GOOD.replace("S1", "S0").replace("a_", "b_"), row)
    (problem,) = problems(path)
    assert problem.startswith(f"{path} line 3: ")
    with pytest.raises(InputError, match=message):
        read_samples(path)


def test_reports_all_bad_rows_at_once(tmp_path: Path) -> None:
    assert len(problems(sheet(tmp_path, "S_1" + GOOD[2:], "S2" + GOOD[2:].replace("both", "star")))) == 2


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (GOOD.replace("a_", "b_"), "sample p_s_S1 is there twice"),
        (GOOD.replace("S1", "S2").replace("a_2", "b_2"), "a_1.fq.gz is named by p_s_S1 and again by p_s_S2"),
    ],
)
def test_refuses_rows_that_clash(tmp_path: Path, second: str, message: str) -> None:
    assert message in "\n".join(problems(sheet(tmp_path, GOOD, second)))


def test_refuses_one_file_as_both_mates(tmp_path: Path) -> None:
    (problem,) = problems(sheet(tmp_path, GOOD.replace("a_2", "a_1")))
    assert "each FASTQ belongs to one sample and one mate" in problem


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: no column sample, project, site, fastq_1, fastq_2"),
        (b"sample,project,site,fastq_1,fastq_2\n", "the sheet is read as tab-separated"),
        (HEADER.encode(), "there is no sample below the header line"),
        (
            HEADER.replace("aligner", "colour").encode() + GOOD.encode(),
            "unknown name colour; known are sample, project",
        ),
        (b"\xff\xfe\x00", "not readable as UTF-8"),
    ],
)
def test_refuses_what_is_no_sample_sheet(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "samples.tsv"
    path.write_bytes(content)
    assert message in "\n".join(problems(path))


def test_takes_a_truth_and_where_it_holds_and_refuses_one_without_the_other(tmp_path: Path) -> None:
    header = HEADER.replace("\n", "\ttruth\ttruth_regions\n")
    row = "S1\tp\ts\ta_1.fq.gz\ta_2.fq.gz\t\t\tbwa\t{}\t{}"
    (sample,) = read_samples(sheet(tmp_path, row.format("giab/HG001.vcf.gz", "giab/HG001.bed"), header=header))
    assert (sample.truth, sample.truth_regions) == ("giab/HG001.vcf.gz", "giab/HG001.bed")
    lonely = problems(sheet(tmp_path, row.format("", "giab/HG001.bed"), header=header))
    assert "sample p_s_S1 has truth_regions but no truth" in lonely[0]
    outside = problems(sheet(tmp_path, row.format("../x.vcf.gz", ""), header=header))
    assert 'truth is "../x.vcf.gz", but must be a path below reference/' in outside[0]


def test_names_a_missing_sheet_and_configuration(tmp_path: Path) -> None:
    assert "name the sample sheet with --samples" in problems(tmp_path / "none.tsv")[0]
    with pytest.raises(InputError, match="name the configuration with --config"):
        read_config(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "reference is missing"),
        ("reference: ../x.fa\nadaptors: y\n", "unknown name adaptors; known are reference, toolchain, platform"),
        ("reference: genome.bam\n", "reference is .* but must be path of the reference genome"),
        ("reference: g.fa\ntrimming: ['MINLEN:36', 'rm -rf /']\n", r"trimming.1 is .* a step of Trimmomatic"),
        (
            "reference: g.fa\nmemory_mb: {picard: 10}\n",
            "memory_mb.picard is 10, but must be a whole number of MiB of 512",
        ),
        ("reference: g.fa\nadapters: ../../etc/passwd\n", "adapters is .* one of the adapter files"),
        ("reference: g.fa\ntoolchain: slow\n", 'toolchain is "slow", but must be classic .* or fast'),
        ("reference: g.fa\ntoolchain: fast\ntrimming: ['MAXINFO:40:0.5']\n", "fastp has no MAXINFO:40:0.5; leave it"),
        ("reference: g.fa\nvariants: {ploidy: 3}\n", "variants.ploidy is 3, but must be 1 or 2 copies"),
        ("reference: [", "not readable as YAML"),
        ("just words", "is .just words., but must be"),
    ],
)
def test_names_the_setting_that_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_config(path)


def test_reading_input_makes_no_grammar_of_urls() -> None:
    """jsonschema reads it wherever it is installed: three seconds of processor in each step of a pipeline."""
    assert find_spec("rfc3987_syntax") is None
    assert find_spec("rfc3339_validator") is not None, "the other formats are checked"
