"""The report: a document anybody's program can read, and a page made of that document and nothing else."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment as Templates
from jinja2 import FileSystemLoader, StrictUndefined
from jsonschema import Draft202012Validator
from markupsafe import Markup, escape

from scripts.evidence.controls import Check, Control, ControlMap
from scripts.evidence.runs import Everything, count_instances
from scripts.evidence.status import Planned, Status, judge

HERE = Path(__file__).parent
SCHEMA = HERE / "report.schema.json"
INDIA = ZoneInfo("Asia/Kolkata")

CLAIM = (
    "This report maps requirements to what the platform does about them, and shows what the named checks came to on one"
    " state of its sources. It is engineering, not legal advice: it claims mapped controls, and neither compliance nor"
    " certification. Whether a requirement applies to an institution, and is met, its counsel and auditors must say."
)
MEANINGS = {
    Status.PROVED: "All named checks ran on these sources and passed, and the plans contain the named resources.",
    Status.FAILED: "A named check failed, or a plan lacks a named resource. The message is shown.",
    Status.NOT_RUN: "A named check was not run, or looked at nothing; the reason is shown. It speaks neither way.",
    Status.PLANNED: "Not built yet, or not completely. What is missing is said.",
    Status.ORGANISATIONAL: "Something people must do. No program can show it; the institution's own records do.",
}
# Signs beside the word, so that colour is never what tells them apart.
SIGNS = {
    Status.PROVED: "✓",
    Status.FAILED: "✗",
    Status.NOT_RUN: "?",
    Status.PLANNED: "○",
    Status.ORGANISATIONAL: "◇",
}
LIMITS = (
    "Nothing shown here was applied to an AWS account. Plans are made of the real sources against a local cloud that"
    " holds sample handoffs; what AWS does with them is not shown.",
    "The local cloud is not AWS. Networks, encryption at rest, the Kubernetes control plane and throttling are recorded"
    " or modelled there, not real; docs/coverage.md and localcloud/CAPABILITIES.md say so for each operation.",
    "Tests of Terraform modules use Terraform's mock provider: they show what would be asked of AWS, not its answers.",
    "checkov reads sources, plans and manifests. Each of its rules finds what it was written to find.",
    "A control that is proved is proved by the checks it names. Whether these checks are enough for the requirement is"
    " a judgement, and the map is there to be judged.",
    "Statements about laws, guidelines and standards are short and in our own words. Where the number of a section is"
    " marked as unverified, nobody has compared it with a text of the source. The official text prevails everywhere.",
    "The report is not signed. It can be made again from the named commit; the digests of the plans are the same then.",
)


def build(
    controls: ControlMap,
    everything: Everything,
    planned: Mapping[str, Mapping[str, int]] | None,
    made: datetime,
    circumstances: Mapping[str, Any],
    absent: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """The report as a document. It depends on its arguments alone, and on ``made`` only in the field of that name.

    ``planned`` has for each root the number of instances by address; ``circumstances`` what was looked at, and how;
    ``absent`` the files that do not exist for each control, found on disk if it is left out.
    """
    entries = []
    for control in controls.controls:
        resources = [
            Planned(root, address, count_instances(address, planned[root]) if planned and root in planned else None)
            for root, address in control.resources
        ]
        results = {check: everything.of(check, control.accepted_skips) for check in control.checks}
        missing = control.absent_files() if absent is None else absent.get(control.id, ())
        judgement = judge(control, results, resources, missing)
        entries.append(_entry(control, results, resources, judgement.status, judgement.reasons))
    return {
        "version": 1,
        "claim": CLAIM,
        "made": {"utc": _written(made, UTC), "ist": _written(made, INDIA)},
        **circumstances,
        "meanings": {str(status): meaning for status, meaning in MEANINGS.items()},
        "summary": _summary(entries, controls),
        "sources": [{"id": name, **source} for name, source in controls.sources.items()],
        "owners": dict(controls.owners),
        "controls": entries,
        "limits": list(LIMITS),
    }


def _written(moment: datetime, zone: Any) -> str:
    return moment.astimezone(zone).isoformat(timespec="seconds")


def _entry(
    control: Control,
    results: Mapping[Check, Any],
    resources: Sequence[Planned],
    status: Status,
    reasons: Sequence[str],
) -> dict[str, Any]:
    return {
        "id": control.id,
        "source": control.source,
        "section": control.section,
        "section_verified": control.section_verified,
        "title": control.title,
        "requirement": control.requirement,
        "kind": control.kind,
        "owner": control.owner,
        "does": control.does,
        "must": control.must,
        "missing": control.missing if status is Status.PLANNED else "",
        "status": str(status),
        "reasons": [reason for reason in reasons if reason],
        "files": list(control.files),
        "resources": [{"root": each.root, "address": each.address, "planned": each.count} for each in resources],
        "checks": [
            {
                "kind": check.kind,
                "name": check.name,
                "outcome": str(result.outcome),
                "where": result.where,
                "message": result.message,
            }
            for check, result in results.items()
        ],
    }


def _summary(entries: Sequence[Mapping[str, Any]], controls: ControlMap) -> dict[str, Any]:
    def counts(chosen: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        counted = Counter(entry["status"] for entry in chosen)
        return {str(status): counted[str(status)] for status in Status}

    return {
        "total": len(entries),
        "by_status": counts(entries),
        "by_source": {
            name: counts([entry for entry in entries if entry["source"] == name]) for name in controls.sources
        },
    }


def validate(report: Mapping[str, Any]) -> None:
    """Raises :class:`jsonschema.ValidationError` where a report does not keep to its schema."""
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(report)


def breakable(name: str) -> Markup:
    """A long name with places where a line may break, which are not copied with it."""
    return Markup(re.sub(r"(::|[/_.])", r"\1<wbr>", str(escape(name))))  # noqa: S704 (escaped before)


def render(report: Mapping[str, Any], digest: str) -> str:
    """The page of a report; ``digest`` is that of its file."""
    templates = Templates(
        loader=FileSystemLoader(HERE), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters["breakable"] = breakable
    return templates.get_template("report.html.j2").render(
        report=report,
        digest=digest,
        signs={str(status): sign for status, sign in SIGNS.items()},
        by_source={
            source["id"]: [entry for entry in report["controls"] if entry["source"] == source["id"]]
            for source in report["sources"]
        },
    )


def write(report: Mapping[str, Any], folder: Path) -> tuple[Path, str]:
    """Write ``report.json`` and ``report.html``; returns the path of the page and the digest of the document."""
    validate(report)
    folder.mkdir(parents=True, exist_ok=True)
    document = (json.dumps(report, indent=1, ensure_ascii=False) + "\n").encode()
    (folder / "report.json").write_bytes(document)
    return write_page(folder / "report.json"), hashlib.sha256(document).hexdigest()


def write_page(document: Path) -> Path:
    """Make the page of a report beside it, from what lies there."""
    content = document.read_bytes()
    report = json.loads(content)
    validate(report)
    page = document.with_name("report.html")
    page.write_text(render(report, hashlib.sha256(content).hexdigest()), encoding="utf-8")
    return page
