"""The Sequence Read Archive of NCBI: runs that the ENA has not (yet), made into FASTQ by NCBI's own tools.

Which runs belong to a study, sample or experiment say the E-utilities (https://www.ncbi.nlm.nih.gov/books/NBK25501/);
where a run's file is, and its MD5, says the data locator (https://www.ncbi.nlm.nih.gov/Traces/sdl/1/ describes it).
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pydantic

from pipelines.ingest.download import USER_AGENT, Downloader, Fetched, bare, held, measure
from pipelines.ingest.ena import check_accessions
from pipelines.ingest.problems import IngestError, Refused
from pipelines.ingest.reads import (
    Archive,
    Mirrors,
    Outcome,
    Place,
    SequencingRun,
    Told,
    described,
    manifest_path,
    write_manifest,
)
from pipelines.sequencing.run import MATES
from pipelines.sequencing.status import BadData
from pipelines.sequencing.steps.check import check_pair

TOOLS = ("vdb-validate", "fasterq-dump", "gzip")
ARCHIVE = Archive(
    "Sequence Read Archive (NCBI)",
    "free and unrestricted use, to be cited by accession (INSDC policy)",
    "https://www.insdc.org/policy/",
)
KEY, EMAIL = "NCBI_API_KEY", "NCBI_EMAIL"
PAGE = 10_000
"""Records that one answer of esearch holds at most (https://www.ncbi.nlm.nih.gov/books/NBK25499/)."""
_RUN = re.compile(r"[EDS]RR\d{6,}")
_METADATA = (
    "Experiment", "LibraryStrategy", "LibraryLayout", "Platform", "Model", "SRAStudy", "BioProject", "Sample",
    "BioSample", "TaxID", "ScientificName", "SampleName", "ReleaseDate", "spots", "bases",
)  # fmt: skip


@dataclass(frozen=True)
class Servers:
    """The addresses of the E-utilities and of the data locator."""

    utilities: str = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
    locator: str = "https://locate.ncbi.nlm.nih.gov/sdl/2"


class _Location(pydantic.BaseModel):
    link: str = ""
    payRequired: bool = False
    ceRequired: bool = False
    rehydrationRequired: bool = False

    @property
    def is_free(self) -> bool:
        return bool(self.link) and not (self.payRequired or self.ceRequired or self.rehydrationRequired)


class _File(pydantic.BaseModel):
    type: str = ""
    name: str = ""
    size: int | None = None
    md5: str | None = None
    noqual: bool = False
    locations: list[_Location] = []

    @property
    def is_whole(self) -> bool:
        """Not what was submitted, and not with its qualities taken out ("SRA Lite")."""
        return self.type == "sra" and not self.noqual and not self.name.endswith(".sralite")


class _Bundle(pydantic.BaseModel):
    files: list[_File] = []


class _Located(pydantic.BaseModel):
    result: list[_Bundle]


class _Found(pydantic.BaseModel):
    count: int
    idlist: list[str]


class _Search(pydantic.BaseModel):
    esearchresult: _Found


def seconds_between_requests() -> float:
    """The E-utilities allow three requests a second, with a key ten (https://www.ncbi.nlm.nih.gov/books/NBK25497/)."""
    return 0.11 if os.environ.get(KEY) else 0.34


def _who_asks() -> dict[str, str]:
    """The parameters by which NCBI knows a program, whom to write to, and a key."""
    more = {"email": os.environ.get(EMAIL), "api_key": os.environ.get(KEY)}
    return {"tool": USER_AGENT.partition("/")[0]} | {name: value for name, value in more.items() if value}


def missing_tools() -> list[str]:
    return [tool for tool in TOOLS if shutil.which(tool) is None]


def find_runs(
    accessions: Iterable[str], downloader: Downloader, servers: Servers | None = None, mirrors: Mirrors | None = None
) -> tuple[list[SequencingRun], list[Refused]]:
    """The paired runs below the accessions, and what is below them that cannot be taken; as :func:`ena.find_runs`."""
    servers, mirrors = servers or Servers(), mirrors or Mirrors()
    if absent := missing_tools():
        raise IngestError(f"not on this machine: {', '.join(absent)}; run: make tools (Debian's sra-toolkit)")
    found: dict[str, SequencingRun] = {}
    refused = []
    for accession in check_accessions(accessions):
        rows = _run_information(accession, downloader, servers.utilities)
        if not rows:
            refused.append(Refused(f"{accession}: the archive knows no public run of it"))
        for row in rows:
            try:
                run = _located(row, downloader, servers.locator, mirrors)
                found.setdefault(run.accession, run)
            except Refused as reason:
                refused.append(reason)
    return list(found.values()), refused


def _run_information(accession: str, downloader: Downloader, utilities: str) -> list[dict[str, str]]:
    """The rows of the run information of every run below an accession."""
    numbers = [accession] if _RUN.fullmatch(accession) else _numbers(accession, downloader, utilities)
    rows: list[dict[str, str]] = []
    for begin in range(0, len(numbers), 200):
        answer = downloader.get(
            f"{utilities}/efetch.fcgi",
            _who_asks()
            | {"db": "sra", "id": ",".join(numbers[begin : begin + 200]), "rettype": "runinfo", "retmode": "text"},
        )
        lines = [line for line in answer.text.splitlines() if line.strip()]
        if lines and not {"Run", "LibraryLayout"} <= set(lines[0].split(",")):
            raise IngestError(
                f"{bare(answer.url)}: the answer is no run information, it has no columns Run and LibraryLayout"
            )
        rows += [row for row in csv.DictReader(lines) if row["Run"] and row["Run"] != "Run"]
    return rows


def _numbers(accession: str, downloader: Downloader, utilities: str) -> list[str]:
    """The numbers of the records that an accession has, page by page."""
    numbers: list[str] = []
    while True:
        page = {"term": accession, "retmode": "json", "retstart": str(len(numbers)), "retmax": str(PAGE)}
        answer = downloader.get(f"{utilities}/esearch.fcgi", _who_asks() | {"db": "sra"} | page)
        found = _read(_Search, answer).esearchresult
        numbers += found.idlist
        if len(numbers) >= found.count:
            return numbers
        if not found.idlist:
            raise IngestError(
                f"{bare(answer.url)}: the list ended after {len(numbers)} of {found.count} records; try again"
            )


def _located(row: Mapping[str, str], downloader: Downloader, locator: str, mirrors: Mirrors) -> SequencingRun:
    accession = row["Run"]
    if row["LibraryLayout"] != "PAIRED":
        raise Refused(f"{accession}: its reads are not paired; the pipeline takes pairs")
    answer = downloader.get(f"{locator}/retrieve", {"acc": accession, "accept-alternate-locations": "yes"})
    for file in (file for bundle in _read(_Located, answer).result for file in bundle.files if file.is_whole):
        links = [location.link for location in file.locations if location.is_free]
        if links and file.md5:
            addresses = [address for link in links for address in mirrors.addresses(link)]
            remote = described(accession, tuple(dict.fromkeys(addresses)), file.size, file.md5)
            return SequencingRun(accession, (remote,), {name: row[name] for name in _METADATA if row.get(name)})
    raise Refused(f"{accession}: the archive has no file of it that is free to fetch, with qualities and an MD5")


def _read[Form: pydantic.BaseModel](form: type[Form], answer: httpx.Response) -> Form:
    try:
        return form.model_validate_json(answer.content)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise IngestError(
            f"{bare(answer.url)}: the answer has another form than is documented ({where}: {first['msg']}); "
            "try again later"
        ) from None


def fetch_and_convert(run: SequencingRun, place: Place, downloader: Downloader, told: Told) -> Outcome:
    """Bring the SRA file here, see that it is whole, make both mates of it and remove it.

    The mates get their names after the check that the pipeline makes of its input.
    """
    work = place.folder / f".{run.accession}.sra.tmp"
    work.mkdir(parents=True, exist_ok=True)
    with held(work / "lock", run.accession):
        outcome = _convert(run, place, downloader, told, work)
        shutil.rmtree(work)
        return outcome


def _convert(run: SequencingRun, place: Place, downloader: Downloader, told: Told, work: Path) -> Outcome:
    targets = [place.folder / place.file_name(run.accession, mate) for mate in range(len(MATES))]
    known = _known_files(run, place, targets)
    if known:
        return Outcome(run.accession, known)
    if there := [target for target in targets if target.exists()]:
        raise IngestError(f"{there[0]} is there and no manifest says what it is; move it away, or use another project")
    archive_file = work / f"{run.accession}.sra"
    fetched = downloader.fetch(run.files[0], archive_file, lambda number: told(targets[0].name, number))
    # fasterq-dump ends with 0 on an SRA file with a flipped bit; vdb-validate does not.
    _tool("vdb-validate", archive_file, accession=run.accession)
    _tool(
        "fasterq-dump",
        "--split-3",  # reads without a mate go into a third file, which stays behind
        "--force",
        "--temp",
        work,
        "--outdir",
        work,
        archive_file,
        accession=run.accession,
    )
    packed = []
    for number in (1, 2):
        plain = work / f"{run.accession}_{number}.fastq"
        if not plain.is_file():
            raise IngestError(f"{run.accession}: fasterq-dump made no second mate; the run is not paired")
        _tool("gzip", "--no-name", "--force", "-6", plain, accession=run.accession)
        packed.append(plain.with_name(f"{plain.name}.gz"))
    try:
        check_pair((packed[0], packed[1]), (packed[0].name, packed[1].name))
    except BadData as bad:
        raise IngestError(f"{run.accession}: {'; '.join(bad.reasons)}") from None
    address = fetched.url or run.files[0].urls[0]
    files = [_finish(source, target, address) for source, target in zip(packed, targets, strict=True)]
    made_from = {"source": address, "bytes": fetched.size, "md5": fetched.md5}
    write_manifest(run, place, ARCHIVE, files, [address] * len(files), sra_file=made_from)
    return Outcome(run.accession, tuple(files))


def _known_files(run: SequencingRun, place: Place, targets: list[Path]) -> tuple[Fetched, ...]:
    """The mates if they are here as the manifest has them: their own MD5 is in no archive."""
    try:
        document = json.loads(manifest_path(run, place).read_text(encoding="utf-8"))
        listed = {file["file"]: (file["md5"], file["sha256"]) for file in document["files"]}
        files = [measure(target) for target in targets]
    except (FileNotFoundError, ValueError, KeyError):
        return ()
    whole = all(listed.get(each.path.name) == (each.md5, each.sha256) for each in files)
    return tuple(files) if whole else ()


def _tool(name: str, *arguments: str | Path, accession: str) -> None:
    done = subprocess.run([name, *map(str, arguments)], capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise IngestError(f"{accession}: {name} ended with {done.returncode}: {said[-1]}")


def _finish(source: Path, target: Path, url: str) -> Fetched:
    """Give a mate its name, after its bytes are on the disk."""
    with source.open("rb+") as file:
        os.fsync(file.fileno())
    source.replace(target)
    return measure(target, url)
