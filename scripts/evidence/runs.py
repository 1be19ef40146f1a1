"""Run the checks that controls name, each group once, and say of each check what it came to.

A check without a result is *not run*, with the reason; that nothing went wrong is never taken for a success.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from scripts import policy, terraform_tests
from scripts.evidence.controls import Check
from scripts.evidence.status import Outcome, Result
from scripts.paths import REPOSITORY
from scripts.plan_values import in_modules, without_keys
from scripts.talk import UserError

Say = Callable[[str], None]
"""Told a line whenever a step is done."""

LOCAL_TESTS = "tests/local"
"""The ring whose tests need the platform applied on a local cloud."""
MESSAGE_LIMIT = 4000
PYTEST_LINE = re.compile(r"^(\S+\.py::.*) (PASSED|FAILED|SKIPPED|ERROR|XFAIL|XPASS)\b")
# What differs between two plans of the same sources: when they were made, and a list that Terraform shuffles.
VOLATILE = ("timestamp", "relevant_attributes")


def shorten(text: str) -> str:
    """The end of a long message, since tools say what is wrong last, without the folder the repository lies in."""
    text = text.replace(f"{REPOSITORY}/", "").strip()
    return text if len(text) <= MESSAGE_LIMIT else "[...] " + text[-MESSAGE_LIMIT:]


# checkov


@dataclass(frozen=True)
class Finding:
    """What one check of checkov said of one resource in one scan."""

    check: str
    scan: str
    resource: str
    outcome: str
    message: str


def run_checkov(scans: Iterable[policy.Scan], say: Say) -> list[Finding]:
    """Every finding of every scan. Raises :class:`UserError` if checkov does not answer with JSON."""
    findings = []
    for scan in scans:
        done = policy.run_checkov(scan, "--output", "json")
        try:
            answer = json.loads(done.stdout)
        except ValueError as error:
            raise UserError(f"checkov said no JSON about {scan.title}:\n{done.stdout}{done.stderr}") from error
        here = [
            finding
            for report in (answer if isinstance(answer, list) else [answer])
            for finding in _findings(scan, report["results"])
        ]
        findings += here
        counted = Counter(finding.outcome for finding in here)
        say(
            f"checkov, {scan.title}: "
            + ", ".join(f"{counted[each]} {each}" for each in ("passed", "failed", "skipped"))
        )
    return findings


def _findings(scan: policy.Scan, results: Mapping[str, Any]) -> Iterable[Finding]:
    for outcome in ("passed", "failed", "skipped"):
        for found in results[f"{outcome}_checks"]:
            message = str(found["check_result"].get("suppress_comment") or found["check_name"])
            yield Finding(found["check_id"], scan.title, found["resource"], outcome, message)


def checkov_result(check: str, findings: Sequence[Finding], accepted_skip: str = "") -> Result:
    """What a check of checkov came to over all scans.

    It passes if it looked at something and failed on nothing. Where it was told to skip something, that counts as not
    run unless the control says why the skip leaves its point standing.
    """
    mine = [finding for finding in findings if finding.check == check]
    by_outcome = {outcome: [f for f in mine if f.outcome == outcome] for outcome in ("passed", "failed", "skipped")}
    failed, passed, skipped = by_outcome["failed"], by_outcome["passed"], by_outcome["skipped"]
    if failed:
        lines = [f"{finding.scan}: {finding.resource}: {finding.message}" for finding in failed]
        return Result(Outcome.FAILED, _places(failed), shorten("\n".join(lines)))
    if not passed:
        reason = "applied to no resource in sources, plans or manifests"
        if skipped:
            reason = f"was skipped on every resource: {_skips(skipped)}"
        return Result(Outcome.NOT_RUN, "", reason)
    if skipped and not accepted_skip:
        return Result(Outcome.NOT_RUN, _places(passed), f"was skipped on {len(skipped)} resources: {_skips(skipped)}")
    told = f"skipped on {len(skipped)} resources ({accepted_skip})" if skipped else ""
    return Result(Outcome.PASSED, _places(passed), told)


def _places(findings: Sequence[Finding]) -> str:
    counted = Counter(finding.scan for finding in findings)
    return ", ".join(f"{scan} ({count})" for scan, count in counted.items())


def _skips(findings: Sequence[Finding]) -> str:
    return "; ".join(sorted({finding.message for finding in findings}))


# pytest


def needs_local_cloud(node: str) -> bool:
    return node.startswith(f"{LOCAL_TESTS}/")


def run_pytest(nodes: Sequence[str], say: Say, whole: str = "") -> dict[str, Result]:
    """Run the named nodes in one process, or all of ``whole``; what each came to, its parameters taken together."""
    if not nodes:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "junit.xml"
        lines: list[str] = []
        here, counted = "", Counter[str]()
        with subprocess.Popen(
            [sys.executable, "-m", "pytest", "-v", "--no-header", "-p", "no:cacheprovider",
             "--junit-xml", str(report), "-o", "junit_family=xunit1", *([whole] if whole else nodes)],
            cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        ) as process:  # fmt: skip
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line.rstrip())
                if match := PYTEST_LINE.match(line):
                    file = match[1].split("::")[0]
                    if here and file != here:
                        say(_file_done(here, counted))
                        counted.clear()
                    here = file
                    counted[match[2].lower()] += 1
            if here:
                say(_file_done(here, counted))
        text = report.read_text(encoding="utf-8") if report.exists() else ""
    cases = junit_cases(text) if text else {}
    said = f"pytest ended with {process.returncode} and no result of it: " + shorten("\n".join(lines[-12:]))
    return {node: node_result(node, cases, said) for node in nodes}


def _file_done(file: str, counted: Mapping[str, int]) -> str:
    return f"pytest, {file}: " + ", ".join(f"{count} {word}" for word, count in sorted(counted.items()))


def junit_cases(text: str) -> dict[str, Result]:
    """Node id -> result, of a report in the family ``xunit1``, whose cases name their file
    (https://docs.pytest.org/en/stable/reference/reference.html#confval-junit_family)."""
    found = {}
    for case in ElementTree.fromstring(text).iter("testcase"):  # noqa: S314 (pytest of this process wrote it)
        file = case.get("file", "")
        classes = case.get("classname", "").removeprefix(file.removesuffix(".py").replace("/", ".")).strip(".")
        node = "::".join(part for part in (file, *classes.split("."), case.get("name", "")) if part)
        problems = [each for kind in ("failure", "error") for each in case.findall(kind)]
        skipped = case.find("skipped")
        if problems:
            message = "\n".join(each.text or each.get("message") or each.tag for each in problems)
            found[node] = Result(Outcome.FAILED, file, shorten(message))
        elif skipped is not None:
            found[node] = Result(Outcome.NOT_RUN, file, f"skipped: {skipped.get('message', '')}")
        else:
            found[node] = Result(Outcome.PASSED, file)
    return found


def node_result(node: str, cases: Mapping[str, Result], otherwise: str) -> Result:
    """The result of a named node: a test, all parameters of one, or all tests of a file or class."""
    mine = {name: case for name, case in cases.items() if name == node or name.startswith((f"{node}[", f"{node}::"))}
    if not mine:
        return Result(Outcome.NOT_RUN, "", otherwise)
    where = f"{len(mine)} {'case' if len(mine) == 1 else 'cases'}"
    for outcome in (Outcome.FAILED, Outcome.NOT_RUN):
        bad = {name: case for name, case in mine.items() if case.outcome is outcome}
        if bad:
            return Result(outcome, where, shorten("\n".join(f"{name}: {case.message}" for name, case in bad.items())))
    return Result(Outcome.PASSED, where)


# terraform test


def run_terraform(names: Sequence[str], say: Say) -> dict[str, Result]:
    """Test the folders of the named runs (``folder::run``), each once; what each named run came to."""
    folders = sorted({name.split("::")[0] for name in names})
    outcomes = {}
    paths = [REPOSITORY / folder for folder in folders]
    with terraform_tests.shared_provider(paths[0]) as attached:
        for folder, outcome in zip(folders, terraform_tests.outcomes_of(paths, attached), strict=True):
            outcomes[folder] = outcome
            say(f"terraform test, {folder}: {outcome.passed} passed, {outcome.failed} failed")
    return {name: run_result(name.split("::")[1], outcomes[name.split("::")[0]]) for name in names}


def run_result(run: str, outcome: terraform_tests.Outcome) -> Result:
    """What one run came to: one that ended in any other way than by passing has failed."""
    status = outcome.runs.get(run)
    if status == "pass":
        return Result(Outcome.PASSED, "mock provider")
    if status is None or status == "skip":
        return Result(Outcome.NOT_RUN, "", shorten(f"terraform test did not come to it: {outcome.output}"))
    return Result(Outcome.FAILED, "mock provider", shorten(outcome.output))


# make


def run_make(targets: Sequence[str], say: Say) -> dict[str, Result]:
    """Run each target; its exit code decides."""
    results = {}
    for target in targets:
        done = subprocess.run(["make", target], cwd=REPOSITORY, capture_output=True, text=True, check=False)
        outcome = Outcome.PASSED if done.returncode == 0 else Outcome.FAILED
        results[target] = Result(
            outcome, f"make {target}", "" if not done.returncode else shorten(done.stdout + done.stderr)
        )
        say(f"make {target}: {outcome}")
    return results


# Plans


def canonical(plan: Mapping[str, Any]) -> bytes:
    """A plan as bytes that are the same for the same plan: keys, modules and resources in order, no time, no space.

    Terraform writes the modules of a plan in an order of chance.
    """

    def ordered(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: ordered(each) for key, each in value.items()}
        if isinstance(value, list):
            listed = [ordered(each) for each in value]
            has_addresses = all(isinstance(each, dict) and "address" in each for each in listed)
            return sorted(listed, key=lambda each: str(each["address"])) if has_addresses else listed
        return value

    kept = {key: ordered(value) for key, value in plan.items() if key not in VOLATILE}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(plan: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(plan)).hexdigest()


def planned_addresses(plan: Mapping[str, Any]) -> Counter[str]:
    """How many instances of each managed resource a plan leaves behind, by address without instance keys."""
    resources = in_modules(dict(plan["planned_values"]["root_module"]))
    return Counter(without_keys(each["address"]) for each in resources if each["mode"] == "managed")


def count_instances(address: str, planned: Mapping[str, int]) -> int:
    """Instances of a resource, or of everything in a module."""
    if address.split(".")[-2] == "module":
        return sum(count for each, count in planned.items() if each.startswith(f"{address}."))
    return planned.get(address, 0)


# Together


@dataclass(frozen=True)
class Everything:
    """What all checks came to; ``checkov`` is kept by finding, since what a skip means depends on the control."""

    results: Mapping[Check, Result]
    findings: Sequence[Finding]

    def of(self, check: Check, accepted_skips: Mapping[str, str]) -> Result:
        if check.kind == "checkov":
            return checkov_result(check.name, self.findings, accepted_skips.get(check.name, ""))
        return self.results.get(check, Result(Outcome.NOT_RUN, message="no result"))
