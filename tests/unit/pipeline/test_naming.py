"""Names of published files, held against the rule engine of the functions that will tag them."""

from __future__ import annotations

import string
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import catalogue as functions_catalogue
from common.classification import Classification, classify
from pipelines.naming import BadName, SampleName, catalogue
from pipelines.sequencing.run import name_of_run
from pipelines.sequencing.steps.publish import manifest_key, plan
from tests.unit.pipeline.samples import make_run

# What each published file is meant to be, by the folder it lies in.
INTENDED = {
    "raw-sequences": "raw_sequence",
    "aligned-reads": "aligned_reads",
    "quality-reports": "quality_report",
    "variant-calls": "variant_calls",
    "processed-genomes": "processed_genome",
}


@pytest.mark.parametrize(("toolchain", "number"), [("classic", 36), ("fast", 25)])
def test_every_published_path_classifies_as_what_it_is_meant_to_be(tmp_path: Path, toolchain: str, number: int) -> None:
    run = make_run(tmp_path, toolchain=toolchain)
    sample = run.samples[0]
    keys = [planned.key for planned in plan(run, sample.id)] + [manifest_key(run, sample.id)]
    assert len(keys) == len(set(keys)) == number
    for key in keys:
        verdict = classify(key, functions_catalogue.load())
        assert isinstance(verdict, Classification), f"{key}: {verdict}"
        assert verdict.data_class == INTENDED[key.split("/")[0]]
        assert (verdict.project, verdict.site, verdict.sample) == ("lambda-phage", "hyd-01", "S001")
    assert {key.split("/")[0] for key in keys} == set(INTENDED)


def words(letters: str, most: int = 5) -> st.SearchStrategy[str]:
    """What PROJECT and SAMPLE take, in up to ``most`` words of 12: drawn from the expressions, they take minutes."""
    word = st.text(letters + string.digits, min_size=1, max_size=12)
    return st.lists(word, min_size=1, max_size=most).map("-".join)


@given(
    project=words(string.ascii_lowercase),
    site=words(string.ascii_lowercase),
    sample=words(string.ascii_letters),
    part=words(string.ascii_letters, most=3),
)
def test_what_the_pipeline_names_the_functions_can_read(project: str, site: str, sample: str, part: str) -> None:
    key = catalogue().key("aligned_reads", SampleName(project, site, sample), part, "bam")
    verdict = classify(key, functions_catalogue.load())
    assert isinstance(verdict, Classification)
    assert (verdict.project, verdict.site, verdict.sample, verdict.part) == (project, site, sample, part)


def test_names_the_example_of_the_catalogue() -> None:
    key = catalogue().key("raw_sequence", SampleName("lambda-phage", "hyd-01", "S001"), "R1", "fastq.gz")
    assert key == "raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_S001_R1.fastq.gz"


@pytest.mark.parametrize(
    ("sample", "part", "extension", "message"),
    [
        (SampleName("Lambda", "hyd-01", "S001"), None, "bam", "project 'Lambda' may only hold lower-case letters"),
        (SampleName("lambda", "hyd_01", "S001"), None, "bam", "site 'hyd_01'"),
        (SampleName("lambda", "hyd-01", "S 1"), None, "bam", "sample 'S 1'"),
        (SampleName("lambda", "hyd-01", "S1"), "a_b", "bam", "part 'a_b'"),
        (
            SampleName("lambda", "hyd-01", "S1"),
            None,
            "sam",
            "cannot end in .sam; the catalogue allows bam, bai, cram, crai",
        ),
        (SampleName("p" * 100, "h" * 100, "S" * 50), None, "bam", "has 259 characters; a file name has at most 255"),
    ],
)
def test_refuses_names_that_the_catalogue_does_not_allow(
    sample: SampleName, part: str | None, extension: str, message: str
) -> None:
    with pytest.raises(BadName, match=message):
        catalogue().file_name("aligned_reads", sample, part, extension)


def test_a_run_is_named_after_the_project_s_folder() -> None:
    """Every project's sheet is called samples.tsv: named after it, two projects would share one run."""
    assert name_of_run(PurePosixPath("/shared-storage/active/ecoli-evolution/samples.tsv")) == "ecoli-evolution"
    assert name_of_run(PurePosixPath("active/My Study_2/week.48.csv")) == "my-study-2-week-48"
    assert name_of_run(PurePosixPath("/samples.tsv")) == "run"
    assert len(name_of_run(PurePosixPath(f"{'a' * 58} b/c.tsv"))) == 58
