"""The rule engine: exact or not at all."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.catalogue import Catalogue, load
from common.classification import Classification, NotAFile, Reason, Unclassified, classify

CATALOGUE: Catalogue = load()
GOOD = "raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_S001_R1.fastq.gz"


def reason(key: str) -> Reason | None:
    verdict = classify(key, CATALOGUE)
    return verdict.reason if isinstance(verdict, Unclassified) else None


def test_reads_every_element_of_a_well_named_key() -> None:
    assert classify(GOOD, CATALOGUE) == Classification(
        data_class="raw_sequence",
        sensitivity="controlled",
        project="lambda-phage",
        site="hyd-01",
        sample="S001",
        part="R1",
        extension="fastq.gz",
    )


def test_reads_several_parts_folders_and_a_long_extension() -> None:
    verdict = classify("variant-calls/p1/run_7/2026.01/vc_p1_s1_NA-12878_chr1_v2.vcf.gz.tbi", CATALOGUE)
    assert isinstance(verdict, Classification)
    assert (verdict.part, verdict.extension, verdict.sample) == ("chr1_v2", "vcf.gz.tbi", "NA-12878")


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "Field notes (final) v2.docx",
        ".RData",
        "नमूना 1.csv",
        "rs_p_s_S1.fastq.gz",
        "a+b%2F&c?.tsv",
        " ",
        "...",
        "x" * 255,
    ],
)
def test_where_folders_name_the_file_any_name_will_do(name: str) -> None:
    assert classify(f"snapshots/lambda-phage/hyd-01/2026/Lab_book.3/{name}", CATALOGUE) == Classification(
        data_class="snapshot",
        sensitivity="controlled",
        project="lambda-phage",
        site="hyd-01",
        sample="",
        part="",
        extension="",
    )
    assert isinstance(classify(f"snapshots/lambda-phage/hyd-01/{name}", CATALOGUE), Classification)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("snapshots/notes.txt", Reason.NOT_IN_A_PROJECT),
        ("snapshots/p/notes.txt", Reason.BAD_OWNER),
        ("snapshots/P/s/notes.txt", Reason.BAD_OWNER),
        ("snapshots/p/hyd_01/notes.txt", Reason.BAD_OWNER),
        ("snapshots/p/s-/notes.txt", Reason.BAD_OWNER),
        (f"snapshots/p/{'s' * 257}/notes.txt", Reason.BAD_OWNER),
        ("snapshots/p/.s/notes.txt", Reason.BAD_FOLDER),
        ("snapshots/p/s/.git/config", Reason.BAD_FOLDER),
        ("snapshots/p/s/my notes/x", Reason.BAD_FOLDER),
        ("snapshots/p/s/../x", Reason.BAD_FOLDER),
        ("snapshots/p/s//x", Reason.BAD_FOLDER),
        ("snapshots/p//x", Reason.BAD_FOLDER),
        ("snapshots/p/s/..", Reason.BAD_FREE_NAME),
        ("snapshots/p/s/.", Reason.BAD_FREE_NAME),
        ("snapshots/p/s/a\nb", Reason.BAD_FREE_NAME),
        ("snapshots/p/s/a\x00", Reason.BAD_FREE_NAME),
        ("snapshots/p/s/a\x7f", Reason.BAD_FREE_NAME),
        ("snapshots/p/s/a\x85", Reason.BAD_FREE_NAME),
        ("snapshots/p/s/a\ud800", Reason.BAD_FREE_NAME),
        (f"snapshots/p/s/{'न' * 86}", Reason.BAD_FREE_NAME),
        ("raw-sequences/p/sn_p_s_S1.tar.gz", Reason.CODE_AND_PREFIX_DIFFER),
    ],
)
def test_where_folders_name_the_file_the_folders_must_be_right(key: str, expected: Reason) -> None:
    assert reason(key) is expected


@given(st.text(max_size=60))
def test_no_file_name_moves_a_snapshot_to_another_project_or_class(name: str) -> None:
    verdict = classify(f"snapshots/p/s/{name}", CATALOGUE)
    assert not isinstance(verdict, Classification) or (verdict.data_class, verdict.project, verdict.site) == (
        "snapshot",
        "p",
        "s",
    )


def test_tags_are_exactly_the_governed_ones() -> None:
    verdict = classify(GOOD, CATALOGUE)
    assert isinstance(verdict, Classification)
    assert set(verdict.tags) == set(CATALOGUE.governed_tags)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("raw-sequences/lambda-phage/RS_lambda-phage_hyd-01_S001.fastq.gz", Reason.BAD_NAME),
        ("Raw-sequences/lambda-phage/rs_lambda-phage_hyd-01_S001.fastq.gz", Reason.UNKNOWN_PREFIX),
        ("processed-genomes/p/page_p_s_S1.json", Reason.BAD_NAME),
        ("processed-genomes/p/xpg_p_s_S1.json", Reason.BAD_NAME),
        ("processed-genomes/p/x_pg_p_s_S1.json", Reason.BAD_NAME),
        ("raw-sequences/p/pg_p_s_S1.json", Reason.CODE_AND_PREFIX_DIFFER),
        ("raw-sequences/p/zz_p_s_S1.fastq.gz", Reason.UNKNOWN_CODE),
        ("raw-sequences/p/rs_q_s_S1.fastq.gz", Reason.PROJECT_DIFFERS),
        ("raw-sequences/p/rs_p_s_S1.bam", Reason.BAD_EXTENSION),
        ("raw-sequences/p/rs_p_s_S1.fastq.gz.gz", Reason.BAD_EXTENSION),
        ("raw-sequences/p/rs_p_s_S1.FASTQ.GZ", Reason.BAD_NAME),
        ("raw-sequences/p/rs_p_s_S1", Reason.BAD_NAME),
        ("raw-sequences/p/rs_p_s.fastq.gz", Reason.BAD_NAME),
        ("raw-sequences/p/rs_p_s_S1_.fastq.gz", Reason.BAD_NAME),
        ("raw-sequences/p/rs_p_s__S1.fastq.gz", Reason.BAD_NAME),
        ("raw-sequences/p/rs_p_s_S1.fastq.gz\n", Reason.BAD_NAME),
        ("raw-sequences/p/\nrs_p_s_S1.fastq.gz", Reason.BAD_NAME),
        ("raw-sequences/p/rs_p_s_S1.fastq.gz ", Reason.BAD_NAME),
        ("raw-sequences/p/rs_p_s_S+1.fastq.gz", Reason.BAD_NAME),
        ("raw-sequences/p/rs_p_s_S%2B1.fastq.gz", Reason.BAD_NAME),
        ("raw-sequences/p/rs_p_s_नमूना.fastq.gz", Reason.BAD_NAME),
        ("raw-sequences/p/rs_p_s_S\u0967.fastq.gz", Reason.BAD_NAME),
        ("raw-sequences/परियोजना/rs_p_s_S1.fastq.gz", Reason.BAD_FOLDER),
        ("raw-sequences/p/a b/rs_p_s_S1.fastq.gz", Reason.BAD_FOLDER),
        ("raw-sequences/p/../rs_p_s_S1.fastq.gz", Reason.BAD_FOLDER),
        ("raw-sequences/../p/rs_p_s_S1.fastq.gz", Reason.BAD_FOLDER),
        ("raw-sequences/p//rs_p_s_S1.fastq.gz", Reason.BAD_FOLDER),
        ("/raw-sequences/p/rs_p_s_S1.fastq.gz", Reason.BAD_FOLDER),
        ("raw-sequences//rs_p_s_S1.fastq.gz", Reason.BAD_FOLDER),
        ("raw-sequences/p/.hidden/rs_p_s_S1.fastq.gz", Reason.BAD_FOLDER),
        ("raw-sequences/rs_p_s_S1.fastq.gz", Reason.NOT_IN_A_PROJECT),
        ("rs_p_s_S1.fastq.gz", Reason.NOT_IN_A_PROJECT),
        ("", Reason.NOT_IN_A_PROJECT),
        ("other/p/rs_p_s_S1.fastq.gz", Reason.UNKNOWN_PREFIX),
        ("x/raw-sequences/p/rs_p_s_S1.fastq.gz", Reason.UNKNOWN_PREFIX),
    ],
)
def test_a_name_that_is_nearly_right_has_no_class(key: str, expected: Reason) -> None:
    assert reason(key) is expected


def test_counts_the_length_of_a_key_in_bytes() -> None:
    start, end = "raw-sequences/p/", "/rs_p_s_S1.fastq.gz"
    folder = "f" * (1024 - len(start) - len(end))
    assert reason(f"{start}{folder}{end}") is None
    assert reason(f"{start}{folder}f{end}") is Reason.TOO_LONG
    assert reason(f"{start}{'क' * 342}{end}") is Reason.TOO_LONG


def test_a_project_longer_than_a_tag_value_is_refused_not_shortened() -> None:
    fits, longer = "p" * 256, "p" * 257
    assert reason(f"raw-sequences/{fits}/rs_{fits}_s_S1.fastq.gz") is None
    assert reason(f"raw-sequences/{longer}/rs_{longer}_s_S1.fastq.gz") is Reason.BAD_NAME


@pytest.mark.parametrize(
    "key",
    [
        "raw-sequences/",
        "raw-sequences/p/",
        "raw-sequences/p/..//",
        ".aws-datasync-metadata",
        "raw-sequences/.aws-datasync-0a1b/x",
        "raw-sequences/p/.aws-datasync",
    ],
)
def test_folder_markers_and_datasync_objects_are_not_files(key: str) -> None:
    assert classify(key, CATALOGUE) == NotAFile()


def test_every_class_and_extension_of_the_catalogue_can_be_named() -> None:
    for each in CATALOGUE.classes.values():
        for extension in each.extensions:
            verdict = classify(f"{each.prefix}/p-1/{each.code}_p-1_s_S1.{extension}", CATALOGUE)
            assert isinstance(verdict, Classification)
            assert (verdict.data_class, verdict.sensitivity) == (each.name, each.sensitivity)


@given(st.text(max_size=80))
def test_no_text_breaks_the_rule_engine(key: str) -> None:
    assert isinstance(classify(key, CATALOGUE), Unclassified | NotAFile)


_PIECES = st.lists(
    st.one_of(
        st.sampled_from([*(c.prefix for c in CATALOGUE.classes.values()), *CATALOGUE.classes, "p", "P", "पी", "S1"]),
        st.sampled_from(["/", "_", ".", "..", "//", " ", "+", "%2F", "\n", "\u200d", "fastq.gz", "json", "pg"]),
    ),
    max_size=16,
).map("".join)


@given(_PIECES)
def test_whatever_gets_a_class_says_so_in_full(key: str) -> None:
    """An independent statement of the rule: a classified key can be put together again from what was read."""
    verdict = classify(key, CATALOGUE)
    if isinstance(verdict, Classification):
        each = next(c for c in CATALOGUE.classes.values() if c.name == verdict.data_class)
        if each.is_named_by_folders:
            assert key.startswith(f"{each.prefix}/{verdict.project}/{verdict.site}/")
            return
        elements = [each.code, verdict.project, verdict.site, verdict.sample, *verdict.part.split("_")]
        name = "_".join(filter(None, elements)) + "." + verdict.extension
        assert key.startswith(f"{each.prefix}/{verdict.project}/")
        assert key.endswith(f"/{name}")
        assert verdict.extension in each.extensions
        assert key.isascii()
        assert not re.search(r"//|\.\.|[\s+%]", key)


@given(st.integers(0, len(GOOD)), st.sampled_from([*string.printable, "न", "\u0131", "\u017f", "\x00", "\ud800"]))
def test_one_wrong_letter_never_moves_a_file_to_another_class(position: int, letter: str) -> None:
    verdict = classify(GOOD[:position] + letter + GOOD[position + 1 :], CATALOGUE)
    assert not isinstance(verdict, Classification) or verdict.data_class == "raw_sequence"
