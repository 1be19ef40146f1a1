"""What has changed in a hospital's FHIR R4 server since the last time, de-identified, into the data lake.

The server is searched by ``_lastUpdated`` (https://hl7.org/fhir/R4/search.html); its pages are followed by their
``next`` links. A sync that breaks off is done again from the same point: nothing it has stored is stored twice.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from pipelines.ingest.download import Downloader
from pipelines.ingest.hospital.deidentify import Pseudonyms, deidentify, patient_of
from pipelines.ingest.hospital.records import validate
from pipelines.ingest.hospital.sink import Consent, Lake, Quarantine
from pipelines.ingest.problems import IngestError, Refused
from pipelines.sequencing.run import write_atomically

TYPES = ("Patient", "Observation", "Condition", "DiagnosticReport", "Specimen")
PAGE = 200
OVERLAP = timedelta(minutes=5)
"""How far a sync looks back before the start of the last one: servers' clocks differ, and writes take their time."""
_PATIENT = re.compile(r"[A-Za-z0-9.-]{1,64}")


@dataclass(frozen=True)
class Server:
    """A FHIR server: its base address and how it is asked. The token goes nowhere else."""

    base: str
    downloader: Downloader

    def search(self, kind: str, **parameters: str) -> Iterator[dict[str, Any]]:
        """Every resource of a type that a search finds, page by page; raises :class:`IngestError`."""
        url = f"{self.base.rstrip('/')}/{kind}?{urlencode({'_count': str(PAGE), **parameters})}"
        seen: set[str] = set()
        while url:
            if urlsplit(url)[:2] != urlsplit(self.base)[:2]:
                raise IngestError(f"{self.base}: its next page is on another server; it was not asked")
            if url in seen:
                raise IngestError(f"{self.base}: its pages of {kind} go round in a circle")
            seen.add(url)
            bundle = self._bundle(url)
            for entry in bundle.get("entry", []):
                if isinstance(entry, dict) and entry.get("search", {}).get("mode") != "outcome":
                    yield entry.get("resource") or {}
            links = [each for each in bundle.get("link", []) if isinstance(each, dict)]
            url = next((str(each.get("url", "")) for each in links if each.get("relation") == "next"), "")

    def _bundle(self, url: str) -> dict[str, Any]:
        answer = self.downloader.get(url)
        try:
            document = json.loads(answer.text)
        except ValueError:
            document = None
        if not isinstance(document, dict) or document.get("resourceType") != "Bundle":
            raise IngestError(f"{url.partition('?')[0]}: the answer is no Bundle of FHIR")
        return document


@dataclass
class Tally:
    """What a sync has done: patients whose object changed or did not, and refused records by reason."""

    written: int = 0
    unchanged: int = 0
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Sync:
    """A hospital's server, where its records go, and the file that remembers how far it has come."""

    server: Server
    lake: Lake
    pseudonyms: Pseudonyms
    quarantine: Quarantine
    state: Path

    def run(self, now: datetime | None = None) -> Tally:
        """Bring over what has changed; the cursor moves when all of it is stored.

        Raises:
            IngestError: the server or S3 does not do its part; what was stored stays, and the next sync does the rest.
        """
        began = now or datetime.now(UTC)
        tally = Tally()
        consents = self._consents()
        with tempfile.TemporaryDirectory() as folder:
            for kind in TYPES:
                for resource in self.server.search(kind, **self._since()):
                    self._take(kind, resource, consents, Path(folder), began, tally)
            for spool in sorted(Path(folder).iterdir()):
                resources = [json.loads(line) for line in spool.read_text(encoding="utf-8").splitlines()]
                pseudonym, consent = spool.stem, Consent(spool.suffix[1:])
                if self.lake.store(pseudonym, resources, consent):
                    tally.written += 1
                else:
                    tally.unchanged += 1
        write_atomically(self.state, json.dumps({"cursor": (began - OVERLAP).isoformat(timespec="seconds")}) + "\n")
        return tally

    def _since(self) -> dict[str, str]:
        try:
            cursor = json.loads(self.state.read_text(encoding="utf-8"))["cursor"]
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError):
            raise IngestError(f"{self.state}: not the state of a sync; remove it to bring over everything") from None
        return {"_lastUpdated": f"ge{cursor}"}

    def _consents(self) -> dict[str, Consent]:
        """Patient -> consent, from all Consent resources: one that ended counts more than one that was given."""
        found: dict[str, Consent] = {}
        for resource in self.server.search("Consent"):
            try:
                patient = patient_of(resource)
            except (Refused, KeyError, AttributeError):
                continue  # it is nobody's
            permits = resource.get("provision", {}).get("type", "permit") == "permit"
            consent = Consent.GIVEN if resource.get("status") == "active" and permits else Consent.WITHDRAWN
            if resource.get("status") not in ("draft", "proposed", "entered-in-error"):
                found[patient] = Consent.WITHDRAWN if Consent.WITHDRAWN in (found.get(patient), consent) else consent
        return found

    def _take(
        self,
        kind: str,
        resource: Mapping[str, Any],
        consents: Mapping[str, Consent],
        folder: Path,
        now: datetime,
        tally: Tally,
    ) -> None:
        """Put what may be kept of a resource to its patient's, or the resource into quarantine."""
        try:
            if resource.get("resourceType") != kind:
                raise Refused(f"the server gave another type when asked for {kind}")
            validate(resource)
            patient = patient_of(resource)
            if not _PATIENT.fullmatch(patient):
                raise Refused(f"{kind}: the patient's id is none of FHIR")
            consent = consents.get(patient, Consent.NONE)
            if consent is Consent.WITHDRAWN:
                raise Refused(f"{kind}: the patient's consent is withdrawn or refused")
            kept = deidentify(resource, self.pseudonyms, now.date())
        except Refused as reason:
            self.quarantine.keep(resource, [str(reason)])
            tally.refused[str(reason)] += 1
            return
        spool = folder / f"{self.pseudonyms.of('Patient', patient)}.{consent.value}"
        with spool.open("a", encoding="utf-8") as file:
            file.write(json.dumps(kept) + "\n")
