"""Reference genomes of NCBI's assemblies, by accession, and the configuration of a run that takes one.

An assembly's folder is named ``<accession>_<name>`` and lies below ``GCA/000/017/985/``; its ``md5checksums.txt`` lists
the files (https://www.ncbi.nlm.nih.gov/datasets/docs/v2/policies-annotation/genomeftp/). Of an assembly for which NCBI
offers a set for alignment, without alternative loci, that is taken: with them, reads of these loci have two places.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

from pipelines.ingest.download import USER_AGENT, Downloader, Remote
from pipelines.ingest.problems import IngestError
from pipelines.ingest.reads import Archive, Mirrors, Told, described
from pipelines.sequencing.run import write_atomically

SERVER = "https://ftp.ncbi.nlm.nih.gov/genomes/all"
ARCHIVE = Archive(
    "NCBI Genomes (NLM)",
    "no restrictions by NCBI; submitters may claim rights of theirs",
    "https://www.ncbi.nlm.nih.gov/genbank/",
)
_ACCESSION = re.compile(r"(GC[AF])_(\d{3})(\d{3})(\d{3})\.\d+")
_ALIGNMENT_SET = "_no_alt_analysis_set.fna.gz"


@dataclass(frozen=True)
class Genome:
    """An assembly, by its accession and its name, and its sequence as packed FASTA."""

    accession: str
    name: str
    remote: Remote

    @property
    def file_name(self) -> str:
        """Below ``reference/``."""
        return f"{self.name}.fa.gz"


def find_genome(accession: str, downloader: Downloader, server: str = SERVER, mirrors: Mirrors | None = None) -> Genome:
    """Ask NCBI for an assembly.

    Raises:
        IngestError: it is no accession, there is none of that number, or the server does not answer.
    """
    parts = _ACCESSION.fullmatch(accession)
    if not parts:
        raise IngestError(f"--reference {accession}: give an assembly with its version, for example GCA_000005845.2")
    above = "/".join((server.rstrip("/"), *parts.groups()))
    folders = set(re.findall(rf'href="(?:[^"]*/)?({re.escape(accession)}_[\w.-]+)/"', downloader.get(f"{above}/").text))
    if len(folders) != 1:
        raise IngestError(f"--reference {accession}: {above}/ has {len(folders)} folders of it, not one")
    (name,) = folders
    sums = f"{above}/{name}/md5checksums.txt"
    listed = {
        path.removeprefix("./"): md5
        for md5, _, path in (line.partition("  ") for line in downloader.get(sums).text.splitlines())
        if path
    }
    sets = sorted(path for path in listed if path.endswith(_ALIGNMENT_SET))
    path = sets[0] if sets else f"{name}_genomic.fna.gz"
    if path not in listed:
        raise IngestError(f"--reference {accession}: {sums} lists no {path}")
    urls = (mirrors or Mirrors()).addresses(f"{above}/{name}/{path}")
    return Genome(accession, name, described(accession, urls, None, listed[path]))


def fetch_genome(genome: Genome, storage: Path, downloader: Downloader, told: Told) -> Path:
    """Bring it to ``reference/``, with a manifest beside it; the path of the file."""
    path = storage / "reference" / genome.file_name
    fetched = downloader.fetch(genome.remote, path, lambda number: told(genome.file_name, number))
    manifest = path.with_name(f"{genome.name}.json")
    if fetched.url or not manifest.is_file():
        document = {
            "accession": genome.accession,
            "archive": asdict(ARCHIVE),
            "file": path.name,
            "source": fetched.url or genome.remote.urls[0],
            "bytes": fetched.size,
            "md5": fetched.md5,
            "sha256": fetched.sha256,
            "fetched_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "tool": USER_AGENT,
        }
        write_atomically(manifest, json.dumps(document, indent=2) + "\n")
    return path


def write_config(folder: Path, genome: Genome, toolchain: str) -> Path | None:
    """Write ``config.yaml`` beside the sample sheet unless there is one, which people may have changed; then None."""
    path = folder / "config.yaml"
    if path.exists():
        return None
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(path, yaml.safe_dump({"reference": genome.file_name, "toolchain": toolchain}, sort_keys=False))
    return path
