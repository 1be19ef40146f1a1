"""Spiked data: the truth says what was done to the genome, and nothing else was."""

from __future__ import annotations

import gzip
import hashlib
import random
from pathlib import Path

import pytest

from scripts.spiked_data import (
    INDEL_BASES,
    LONGEST_INDEL,
    SNV_BASES,
    SPACING,
    Variant,
    draw_variants,
    genomes,
    lay_out,
    read_genome,
    spike,
    to_vcf,
)

BASES = "".join(random.Random(7).choices("ACGT", k=60_000))


def test_a_spiked_copy_is_the_genome_with_the_variants_of_that_copy() -> None:
    variants = [
        Variant(3, "G", "T", (True, False)),
        Variant(5, "A", "ACC", (True, True)),
        Variant(7, "GTA", "G", (False, True)),
    ]
    assert spike("ACGTACGTAC", variants, 0) == "ACTTACCCGTAC"
    assert spike("ACGTACGTAC", variants, 1) == "ACGTACCCGC"


@pytest.mark.parametrize("seed", range(5))
def test_variants_are_apart_say_what_the_genome_has_there_and_are_as_many_as_promised(seed: int) -> None:
    variants = draw_variants(BASES, seed)
    assert len(variants) == len(BASES) // SNV_BASES + len(BASES) // INDEL_BASES
    assert all(BASES[each.position - 1 :].startswith(each.reference) for each in variants)
    assert all(each.reference[0] == each.alternative[0] or len(each.reference) == 1 for each in variants)
    ends = [each.position + len(each.reference) for each in variants]
    assert all(
        later.position - end >= SPACING - LONGEST_INDEL - 1 for end, later in zip(ends, variants[1:], strict=False)
    )
    assert all(any(each.copies) for each in variants)
    assert {each.copies for each in variants} == {(True, True), (True, False), (False, True)}
    assert variants == draw_variants(BASES, seed)
    assert variants != draw_variants(BASES, seed + 1)


def test_the_vcf_has_a_line_for_each_variant_with_its_copies() -> None:
    text = to_vcf("chr1", 100, [Variant(3, "G", "T", (True, False))])
    assert text.splitlines()[-1] == "chr1\t3\t.\tG\tT\t.\tPASS\t.\tGT\t1|0"
    assert "##contig=<ID=chr1,length=100>" in text


def test_the_same_arguments_give_the_same_files(tmp_path: Path) -> None:
    sums = []
    for name in ("first", "second"):
        lay_out(tmp_path / name, depth=2)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        sums.append([(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files])
    assert sums[0] == sums[1]
    assert len(sums[0]) == 6
    reads = gzip.decompress(next((tmp_path / "first").rglob("*_R1.fastq.gz")).read_bytes()).splitlines()
    depth = sum(map(len, reads[1::4])) * 2 / len(read_genome(genomes()["lambda"])[1])
    assert 1.9 < depth < 2.3  # with the clones
    assert any(name.startswith(b"@clone-") for name in reads[0::4])
