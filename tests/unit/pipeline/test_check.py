"""The check of the FASTQ: everything legal passes, everything broken is named."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sequencing.status import BadData
from pipelines.sequencing.steps.check import CheckedFile, check_pair
from tests.unit.pipeline import fastq


def check(
    folder: Path, first: bytes, second: bytes, md5: tuple[str, str] = ("", "")
) -> tuple[CheckedFile, CheckedFile]:
    paths = (folder / "a_R1.fastq.gz", folder / "a_R2.fastq.gz")
    for path, content in zip(paths, (first, second), strict=True):
        path.write_bytes(content)
    return check_pair(paths, ("a_R1.fastq.gz", "a_R2.fastq.gz"), md5)


def mates(number: int) -> tuple[bytes, bytes]:
    """Two mates that are not the same file."""
    return fastq.packed(fastq.records(number)), fastq.packed(fastq.records(number, length=50))


def test_counts_reads_and_bases_and_gives_the_checksums_of_the_files_as_they_lie_there(tmp_path: Path) -> None:
    first, second = mates(20_000)
    ours, theirs = check(tmp_path, first, second)
    assert (ours.reads, ours.bases, theirs.bases) == (20_000, 20_000 * 60, 20_000 * 50)
    assert (ours.bytes, ours.md5) == (len(first), hashlib.md5(first).hexdigest())
    assert theirs.sha256 == hashlib.sha256(second).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(fastq.multi_member, id="several gzip members"),
        pytest.param(lambda content: gzip.compress(gzip.decompress(content)[:-1]), id="no newline at the end"),
        pytest.param(lambda content: content + b"\0" * 512, id="zeros after the gzip"),
        pytest.param(
            lambda c: gzip.compress(gzip.decompress(c).replace(b"\n+\n", b"\n+again\n")), id="name on the third line"
        ),
        pytest.param(lambda c: gzip.compress(gzip.decompress(c).replace(b"ACGT", b"ANRT", 3)), id="ambiguous bases"),
    ],
)
def test_accepts_what_is_unusual_but_legal(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    first, second = mates(40)
    assert [file.reads for file in check(tmp_path, change(first), change(second))] == [40, 40]


@pytest.mark.parametrize(("end_1", "end_2"), [("/1", "/2"), (" 1:N:0:ACGT", " 2:N:0:ACGT"), ("/1 x", "/2 y")])
def test_takes_mates_by_their_names_in_old_and_new_style(tmp_path: Path, end_1: str, end_2: str) -> None:
    reads = fastq.records(5)
    first = fastq.packed([(name + end_1, bases, quality) for name, bases, quality in reads])
    second = fastq.packed([(name + end_2, bases, quality) for name, bases, quality in reads])
    assert check(tmp_path, first, second)[1].reads == 5


# what is done to the second mate -> what the message must say
BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut-off gzip": (lambda content: content[: len(content) // 2], "the gzip ends too early"),
    "one bit flipped": (fastq.bit_flipped, "the gzip is damaged"),
    "rubbish after the gzip": (lambda content: content + b"rubbish", "something else follows its end"),
    "more rubbish after the gzip": (lambda content: content + 100 * b"rubbish", "the gzip is damaged"),
    "fewer reads": (lambda content: fastq.without_the_end(content, 8), "has 100 reads but a_R2.fastq.gz has 98"),
    "ends inside a read": (
        lambda content: fastq.without_the_end(content, 2),
        "the file ends inside read 100 (line 397)",
    ),
    "last line cut": (lambda c: gzip.compress(gzip.decompress(c)[:-20]), "the file ends inside read 100"),
    "one quality short": (fastq.one_quality_short, "read 11 (line 41) has 50 bases but 49 qualities"),
    "0 bytes": (lambda _: b"", "the file is empty (0 bytes)"),
    "gzip of nothing": (lambda _: gzip.compress(b""), "there is no read in it"),
    "Windows lines": (fastq.windows_lines, "the lines end in CR LF"),
    "not gzip": (lambda content: gzip.decompress(content), "this is not gzip"),
    "not FASTQ": (lambda _: gzip.compress(b">seq\nACGT\n"), "this is not FASTQ"),
    "other names": (
        lambda c: gzip.compress(gzip.decompress(c).replace(b"@read7\n", b"@other\n")),
        "'read7' and 'other'",
    ),
    "a letter that is no base": (
        lambda c: gzip.compress(gzip.decompress(c).replace(b"ACGT", b"ACZT", 1)),
        "'Z' among its bases",
    ),
    "a blank line inside": (
        lambda c: gzip.compress(gzip.decompress(c).replace(b"@read9\n", b"\n@read9\n")),
        "read 9 (line 33)",
    ),
    "a space among qualities": (
        lambda c: gzip.compress(gzip.decompress(c).replace(b"II", b"I ", 1)),
        "byte 32 among its qual",
    ),
    "no plus": (lambda c: gzip.compress(gzip.decompress(c).replace(b"\n+\n", b"\n-\n", 1)), "third line of read 1"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_stops_broken_files_with_the_reason(tmp_path: Path, name: str) -> None:
    change, message = BROKEN[name]
    first, second = mates(100)
    with pytest.raises(BadData) as caught:
        check(tmp_path, first, change(second))
    assert message in str(caught.value)
    assert "a_R2.fastq.gz" in str(caught.value)


def test_counts_to_the_end_when_a_mate_is_shorter_by_more_than_a_block(tmp_path: Path) -> None:
    first, _ = mates(40_000)
    _, second = mates(10)
    with pytest.raises(BadData, match=r"has 40000 reads but a_R2.fastq.gz has 10"):
        check(tmp_path, first, second)


def test_names_the_read_across_blocks(tmp_path: Path) -> None:
    first, second = mates(40_000)
    broken = gzip.compress(gzip.decompress(second).replace(b"@read39999\n", b"@stranger\n"), 1)
    with pytest.raises(BadData, match=r"read 39999 is named 'read39999' and 'stranger'"):
        check(tmp_path, first, broken)


def test_stops_a_wrong_md5_even_when_the_content_is_fine(tmp_path: Path) -> None:
    first, second = mates(10)
    with pytest.raises(BadData, match=r"a_R1\.fastq\.gz: its md5 is .*, but the sample sheet says 0000"):
        check(tmp_path, first, second, md5=("0" * 32, hashlib.md5(second).hexdigest()))


def test_gives_both_reasons_when_content_and_md5_are_wrong(tmp_path: Path) -> None:
    first, second = mates(100)
    with pytest.raises(BadData) as caught:
        check(tmp_path, first, second[: len(second) // 2], md5=("", hashlib.md5(second).hexdigest()))
    assert len(caught.value.reasons) == 2
    assert hashlib.md5(second[: len(second) // 2]).hexdigest() in caught.value.reasons[1]


def test_stops_the_same_file_given_as_both_mates(tmp_path: Path) -> None:
    first, _ = mates(10)
    with pytest.raises(BadData, match="are the same file"):
        check(tmp_path, first, first)


def test_stops_a_missing_file(tmp_path: Path) -> None:
    paths = (tmp_path / "x.fastq.gz", tmp_path / "y.fastq.gz")
    with pytest.raises(BadData, match=r"x.fastq.gz: there is no such file in active/"):
        check_pair(paths, ("x.fastq.gz", "y.fastq.gz"))


@settings(max_examples=150)
@given(data=st.data())
def test_one_flipped_bit_is_found_or_changes_no_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    first, second = mates(30)
    place = data.draw(st.integers(0, len(second) - 1))
    flipped = bytearray(second)
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))
    folder = tmp_path_factory.mktemp("flip")
    try:
        check(folder, first, bytes(flipped))
    except BadData:
        return
    assert gzip.decompress(bytes(flipped)) == gzip.decompress(second)  # a date or a name in the header


_READ = st.tuples(
    st.from_regex(r"\A[!-~]{1,20}\Z").filter(lambda name: not name.endswith(("/1", "/2"))),
    st.text("ACGTN", min_size=1, max_size=80),
)


@settings(max_examples=60)
@given(reads=st.lists(_READ, min_size=1, max_size=30), quality=st.characters(min_codepoint=33, max_codepoint=126))
def test_every_well_formed_pair_passes(
    tmp_path_factory: pytest.TempPathFactory, reads: list[tuple[str, str]], quality: str
) -> None:
    first = fastq.packed([(name, bases, quality * len(bases)) for name, bases in reads])
    second = fastq.packed([(name, bases + "A", quality * (len(bases) + 1)) for name, bases in reads])
    ours, theirs = check(tmp_path_factory.mktemp("good"), first, second)
    assert ours.bases == sum(len(bases) for _, bases in reads)
    assert theirs.reads == len(reads)
