"""The configuration and the sample sheet of a run, checked against their schemas before any rule runs."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from pipelines.naming import SampleName
from pipelines.sequencing.sample import ALIGNERS, Sample

SCHEMAS = Path(__file__).resolve().parent / "workflow" / "schemas"
FASTP_STEPS = ("LEADING", "TRAILING", "SLIDINGWINDOW", "MINLEN", "CROP", "HEADCROP")
"""The steps of Trimmomatic that fastp has as well."""


class InputError(Exception):
    """The configuration or the sample sheet is wrong: ``problems`` holds one sentence for each fault."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@cache
def _schema(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((SCHEMAS / f"{name}.schema.yaml").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(document)
    return document


def _explain(error: ValidationError) -> str:
    """One sentence: where, what was there, what is wanted."""
    path = ".".join(str(step) for step in error.absolute_path)
    schema: Any = error.schema
    wanted_names: Any = error.validator_value
    instance: Any = error.instance
    if error.validator == "additionalProperties":
        known = ", ".join(schema["properties"])
        unknown = ", ".join(sorted(str(name) for name in set(instance) - set(schema["properties"])))
        return f"{path + ': ' if path else ''}unknown name {unknown}; known are {known}"
    if error.validator == "required":
        missing = [name for name in wanted_names if name not in instance]
        return f"{', '.join(missing)} is missing"
    wanted = schema.get("description", error.message)
    return f"{path or 'the document'} is {json.dumps(instance)}, but must be {wanted}"


def _faults(name: str, document: object) -> Iterator[str]:
    validator = Draft202012Validator(_schema(name))
    for error in sorted(validator.iter_errors(document), key=lambda e: [str(step) for step in e.absolute_path]):
        yield _explain(error)


def _with_defaults(schema: Mapping[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    filled = dict(document)
    for name, entry in schema.get("properties", {}).items():
        if "default" in entry:
            filled.setdefault(name, entry["default"])
        if entry.get("type") == "object" and name in filled:
            filled[name] = _with_defaults(entry, filled[name])
    return filled


def read_config(path: Path) -> dict[str, Any]:
    """The configuration with the schema's defaults filled in; raises :class:`InputError`."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError([f"{path}: there is no such file; name the configuration with --config"]) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError([f"{path}: not readable as YAML: {' '.join(str(error).split())}"]) from None
    faults = [f"{path}: {fault}" for fault in _faults("config", document)]
    if faults:
        raise InputError(faults)
    config = _with_defaults(_schema("config"), document)
    if config["toolchain"] == "fast" and (strange := [s for s in config["trimming"] if not fastp_knows(s)]):
        raise InputError(
            [f"{path}: trimming: fastp has no {', '.join(strange)}; leave it out or use the toolchain classic"]
        )
    return config


def fastp_knows(step: str) -> bool:
    """Whether fastp can do what this step of Trimmomatic does."""
    return step.partition(":")[0] in FASTP_STEPS


def read_samples(path: Path) -> list[Sample]:
    """The rows of a sample sheet (TSV, or CSV if its name ends in .csv); raises :class:`InputError` with all faults."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError([f"{path}: there is no such file; name the sample sheet with --samples"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError([f"{path}: not readable as UTF-8 text: {error}"]) from None
    reader = csv.DictReader(text.splitlines(), delimiter="," if path.suffix.lower() == ".csv" else "\t")
    header = [name.strip() for name in reader.fieldnames or []]
    reader.fieldnames = header
    required = _schema("samples")["required"]
    absent = [name for name in required if name not in header]
    if absent:
        kind = "comma" if reader.reader.dialect.delimiter == "," else "tab"
        raise InputError(
            [
                f"{path} line 1: no column {', '.join(absent)}; "
                f"the sheet is read as {kind}-separated and needs the columns {', '.join(required)}"
            ]
        )
    faults: list[str] = []
    samples: list[Sample] = []
    for row in reader:
        where = f"{path} line {reader.line_num}"
        if None in row or None in row.values():
            faults.append(f"{where}: {len(header)} columns are named in line 1, but this line has another number")
            continue
        values = {name: value.strip() for name, value in row.items()}
        values |= {name: values[name].lower() for name in ("md5_1", "md5_2") if name in values}
        row_faults = [f"{where}: {fault}" for fault in _faults("samples", values)]
        faults += row_faults
        if not row_faults:
            samples.append(_sample(values))
    faults += [f"{path}: {fault}" for fault in _clashes(samples)]
    if not samples and not faults:
        faults.append(f"{path}: there is no sample below the header line; add one line for each sample")
    if faults:
        raise InputError(faults)
    return samples


def _sample(values: Mapping[str, str]) -> Sample:
    aligner = values.get("aligner") or "both"
    return Sample(
        SampleName(values["project"], values["site"], values["sample"]),
        (values["fastq_1"], values["fastq_2"]),
        (values.get("md5_1", ""), values.get("md5_2", "")),
        ALIGNERS if aligner == "both" else (aligner,),
        values.get("truth", ""),
        values.get("truth_regions", ""),
    )


def _clashes(samples: list[Sample]) -> Iterator[str]:
    """Two rows that would write the same files, or read the same FASTQ (which is a slip of the pen)."""
    ids: set[str] = set()
    for sample in samples:
        if sample.truth_regions and not sample.truth:
            yield f"sample {sample.id} has truth_regions but no truth; name the VCF that holds there"
    reader_of: dict[str, str] = {}
    for sample in samples:
        if sample.id in ids:
            yield f"sample {sample.id} is there twice; give each row of a project and site its own sample name"
        ids.add(sample.id)
        for fastq in sample.fastq:
            if fastq in reader_of:
                yield (
                    f"{fastq} is named by {reader_of[fastq]} and again by {sample.id}; "
                    "each FASTQ belongs to one sample and one mate"
                )
            reader_of.setdefault(fastq, sample.id)
