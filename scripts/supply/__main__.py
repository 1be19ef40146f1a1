"""Supply-chain checks: ``python -m scripts.supply [secrets] [audit] [sbom]``, all of them by default (``make supply``).

All run whatever the others find, and any failure is one of the whole. An audit without an answer from the advisory
service is a warning among all checks, because a build should not depend on it, and a failure where it was asked for by
name.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime

from scripts.paths import REPOSITORY
from scripts.supply import audit, sbom, secret_scan
from scripts.talk import UserError, make_console, run_program

PARTS = ("secrets", "audit", "sbom")
console = make_console()


def main() -> int:
    parser = argparse.ArgumentParser(prog="supply", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="|".join(PARTS), help="what to do; default: everything")
    parser.add_argument("--advisory-service", metavar="URL", help="an address that speaks OSV's API, instead of OSV's")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    work: dict[str, Callable[[], bool]] = {
        "secrets": scan_secrets,
        "audit": lambda: audit_lock(arguments.advisory_service, by_name="audit" in arguments.parts),
        "sbom": write_sboms,
    }
    failed = [part for part in PARTS if part in (arguments.parts or PARTS) and not is_done(work[part])]
    if failed:
        say("red", "supply", f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def is_done(part: Callable[[], bool]) -> bool:
    """Run one part; what a person can mend is said and counts as a failure."""
    try:
        return part()
    except UserError as error:
        say("red", "error", str(error))
        return False


def scan_secrets() -> bool:
    """Say what looks like a secret, without showing it."""
    scan = secret_scan.scan(REPOSITORY)
    for finding in scan.secrets:
        say("red", "secret", f"{finding.file}:{finding.line}: {finding.kind}")
    for exclusion in scan.unused:
        say("red", "unused", f"policy/secrets.yaml: nothing is {exclusion.value.pattern} any more: take it out")
    if scan.secrets:
        console.print(
            "Take it out of the file and revoke it: who has a copy of the repository has it. If it is none, "
            "say why in policy/secrets.yaml.",
            highlight=False,
        )
    if scan.is_clean:
        excused = f"{scan.excused} findings excused in policy/secrets.yaml"
        say("green", "ok", f"no secrets in {scan.files} tracked files ({excused}, {scan.no_text} files are no text)")
    return scan.is_clean


def audit_lock(service: str | None, *, by_name: bool) -> bool:
    """Say which advisories there are on the packages of the lock file."""
    try:
        verdict = audit.audit(datetime.now(UTC).date(), service)
    except audit.UnavailableError as error:
        say(
            "red" if by_name else "yellow",
            "failed" if by_name else "warning",
            f"dependencies NOT audited, nothing is known of them: the advisory service gave no answer: {error}",
        )
        console.print(
            "Try again with a network, or name a mirror: python -m scripts.supply audit --advisory-service URL.",
            highlight=False,
        )
        return not by_name
    for advisory in verdict.open:
        fix = f"fixed in {', '.join(advisory.fixed_in)}" if advisory.fixed_in else "no fixed version"
        say("red", "found", f"{advisory.package} {advisory.version}: {advisory.id} {advisory.summary}; {fix}")
        say("red", "", advisory.link)
    for advisory, entry in verdict.overdue:
        say("red", "overdue", f"{advisory.package} {advisory.version}: {entry.id} was to be reviewed by {entry.review}")
    for text in verdict.quarantined:
        say("red", "locked", f"{text}: an index does that to what it takes for malicious")
    for advisory, entry in verdict.accepted:
        say("yellow", "accepted", f"{advisory.package}: {entry.id} until {entry.review}: {entry.reason}")
    for entry in verdict.gone:
        say("yellow", "gone", f"{entry.id} is found no more: take it out of policy/advisories.yaml")
    for text in verdict.remarks:
        say("yellow", "remark", text)
    if verdict.is_good:
        say("green", "ok", f"no open advisories on {verdict.packages} packages of uv.lock")
    return verdict.is_good


def write_sboms() -> bool:
    """Write the bills of materials."""
    written = sbom.write_all()
    folder = sbom.SBOMS.relative_to(REPOSITORY)
    say("green", "ok", f"{len(written)} bills of materials in {folder}, valid CycloneDX 1.6")
    return True


def say(colour: str, word: str, text: str) -> None:
    """A word in colour, then text as it is."""
    console.print(f"[{colour}]{word:8}[/] ", end="")
    console.print(text, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    run_program(main)
