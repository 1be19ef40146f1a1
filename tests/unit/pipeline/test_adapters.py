"""What follows a short insert, from the adapter files of Trimmomatic."""

from __future__ import annotations

import pytest

from pipelines.sequencing.adapters import read_through

TRUSEQ3 = """>PrefixPE/1
TACACTCTTTCCCTACACGACGCTCTTCCGATCT
>PrefixPE/2
GTGACTGGAGTTCAGACGTGTGCTCTTCCGATCT
>PE1
TACACTCTTTCCCTACACGACGCTCTTCCGATCT
"""


def test_a_mate_goes_on_with_the_other_mates_adapter() -> None:
    # What Illumina names for TruSeq: document 1000000002694, "Illumina Adapter Sequences".
    assert read_through(TRUSEQ3.splitlines()) == (
        "AGATCGGAAGAGCACACGTCTGAACTCCAGTCAC",
        "AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGTA",
    )


def test_sequences_may_go_over_lines_and_be_in_small_letters() -> None:
    assert read_through([">PrefixX/1", "aC", "gt", "", ">PrefixX/2", "TTTT"]) == ("AAAA", "ACGT")


@pytest.mark.parametrize(
    "text",
    ["", ">TruSeq3\nAGAT\n", ">PrefixPE/1\nACGT\n", ">PrefixA/1\nA\n>PrefixA/2\nA\n>PrefixB/1\nA\n>PrefixB/2\nA\n"],
)
def test_a_file_without_one_pair_has_no_answer(text: str) -> None:
    assert read_through(text.splitlines()) is None
