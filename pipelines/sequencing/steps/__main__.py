"""``python -m pipelines.sequencing.steps STEP --run run.json ...``: the steps that are ours, one command each.

Exit codes: 0 done, 65 the data are bad (the status of the sample says why), 1 anything else, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipelines.sequencing.run import Run, to_json, write_atomically
from pipelines.sequencing.status import EXIT_BAD_DATA, BadData, State, Status, write_status
from pipelines.sequencing.steps.metrics import ToolOutputError, Trimming


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def _check(run: Run, arguments: argparse.Namespace) -> None:
    from pipelines.sequencing.steps.check import check_pair

    sample = run.sample(arguments.sample)
    write_status(run, Status(sample.id, State.RUNNING, "check"))
    files = check_pair((run.fastq(sample.id, 0), run.fastq(sample.id, 1)), sample.fastq, sample.md5)
    write_atomically(arguments.output, to_json({"files": [asdict(file) for file in files]}))


def _check_trimmed(run: Run, arguments: argparse.Namespace) -> None:
    from pipelines.sequencing.steps.metrics import read_trimming

    directory = run.sample_directory(arguments.sample)
    trimming = read_trimming(directory / "trimmed" / "summary.txt")
    _judge_trimming(run, arguments.sample, "Trimmomatic", trimming)
    write_atomically(arguments.output, to_json(asdict(trimming)))


def _check_fastp(run: Run, arguments: argparse.Namespace) -> None:
    from pipelines.sequencing.steps.metrics import read_fastp

    _judge_trimming(run, arguments.sample, "fastp", read_fastp(arguments.input).trimming)


def _judge_trimming(run: Run, sample_id: str, tool: str, trimming: Trimming) -> None:
    delivered = _read(run.sample_directory(sample_id) / "checked.json")["files"][0]["reads"]
    if trimming.pairs != delivered:
        raise ToolOutputError(f"{tool} read {trimming.pairs} pairs, but {delivered} were checked")
    if trimming.both == 0:
        raise BadData(
            f"no pair of {trimming.pairs} survives trimming; the qualities are too low for the trimming steps of the "
            "configuration, or the adapters are the wrong ones"
        )


def _check_alignment(run: Run, arguments: argparse.Namespace) -> None:
    kept = _read(run.sample_directory(arguments.sample) / "trimmed.json")["both"]
    if arguments.records != 2 * kept:
        raise ToolOutputError(f"{2 * kept} reads went into the aligner, but {arguments.records} are in the BAM")


def _reference(run: Run, arguments: argparse.Namespace) -> None:
    from pipelines.sequencing.steps.reference import make_part

    place = make_part(run, arguments.part)
    write_atomically(arguments.output, to_json({"directory": str(place), "sha256": run.reference["sha256"]}))


def _windows(run: Run, arguments: argparse.Namespace) -> None:
    from pipelines.sequencing.steps.metrics import windows

    lines = [
        f"{contig}\t{start}\t{end}\n"
        for contig, start, end in windows(run.reference_directory / "fasta" / "genome.fa.fai")
    ]
    write_atomically(arguments.output, "".join(lines))


def _pieces(run: Run, arguments: argparse.Namespace) -> None:
    from pipelines.sequencing.steps.metrics import pieces

    lines = [
        f"{contig}\t{start}\t{end}\t{number:04}\n"
        for number, piece in enumerate(pieces(run.reference_directory / "fasta" / "genome.fa.fai"))
        for contig, start, end in piece
    ]
    write_atomically(arguments.output, "".join(lines))


def _versions(run: Run, arguments: argparse.Namespace) -> None:
    from pipelines.sequencing.steps.versions import tool_versions

    write_atomically(arguments.output, to_json(tool_versions(run.is_fast)))


def _compare_variants(run: Run, arguments: argparse.Namespace) -> None:
    from pipelines.sequencing.steps.accuracy import compare_variants

    accuracy = compare_variants(run, arguments.sample, arguments.aligner)
    write_atomically(arguments.output, to_json(accuracy))


def _summarise(run: Run, arguments: argparse.Namespace) -> None:
    import yaml

    from pipelines.sequencing.steps.report import render
    from pipelines.sequencing.steps.summary import summarise, to_csv

    directory = run.sample_directory(arguments.sample)
    summary, details = summarise(
        run, arguments.sample, _read(directory / "checked.json"), _read(run.directory / "versions.json")
    )
    write_atomically(directory / "report.html", render(summary, details))
    write_atomically(directory / "summary.csv", to_csv(summary))
    write_atomically(directory / "summary.yaml", yaml.safe_dump(summary, sort_keys=False, allow_unicode=True))
    write_atomically(directory / "summary.json", to_json(summary))


def _publish(run: Run, arguments: argparse.Namespace) -> None:
    from pipelines.sequencing.steps.publish import publish, write_published

    directory = run.sample_directory(arguments.sample)
    files = publish(run, arguments.sample, _read(directory / "checked.json"), _read(run.directory / "versions.json"))
    write_published(arguments.output, files)
    write_status(run, Status(arguments.sample, State.PUBLISHED, "publish"))


_STEPS = {
    "check": _check,
    "check-trimmed": _check_trimmed,
    "check-alignment": _check_alignment,
    "check-fastp": _check_fastp,
    "compare-variants": _compare_variants,
    "reference": _reference,
    "windows": _windows,
    "pieces": _pieces,
    "versions": _versions,
    "summarise": _summarise,
    "publish": _publish,
}


def main(argv: list[str] | None = None) -> int:
    """Run one step."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.sequencing.steps", description=__doc__)
    parser.add_argument("step", choices=sorted(_STEPS))
    parser.add_argument("--run", type=Path, required=True, help="the run document")
    parser.add_argument("--sample", help="the id of a sample")
    parser.add_argument("--part", help="the part of the reference to make")
    parser.add_argument("--aligner", help="the aligner whose variants are compared")
    parser.add_argument("--input", type=Path, help="the file to check")
    parser.add_argument("--records", type=int, help="the number of primary records in the BAM")
    parser.add_argument("--output", type=Path, help="the file to write")
    arguments = parser.parse_args(argv)
    run = Run.read(arguments.run)
    try:
        _STEPS[arguments.step](run, arguments)
    except BadData as bad:
        if arguments.sample:
            write_status(run, Status(arguments.sample, State.STOPPED, arguments.step, bad.reasons))
        print("\n".join(bad.reasons), file=sys.stderr)
        return EXIT_BAD_DATA
    except (ToolOutputError, OSError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
