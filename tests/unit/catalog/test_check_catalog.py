"""Every rule of the catalogue has a sample that breaks it; the catalogue itself breaks none."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.check_catalog import DOCUMENTS, check, due_minutes
from scripts.paths import CATALOG, REPOSITORY

type Document = dict[str, Any]
type Change = Callable[[Document], object]


def document(name: str) -> Document:
    loaded: Document = yaml.load((CATALOG / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return loaded


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in DOCUMENTS:
        shutil.copy(CATALOG / f"{name}.yaml", tmp_path)
    return tmp_path


def broken(folder: Path, name: str, change: Change) -> list[str]:
    changed = document(name)
    change(changed)
    text = yaml.dump(changed, Dumper=yaml.CSafeDumper, sort_keys=False)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return check(folder)


def of(name: str, field: str, value: object) -> Change:
    """Set one field of a data class."""
    return lambda d: d["classes"][name].__setitem__(field, value)


def lifecycle(*transitions: tuple[int, str], expire: int | None = None) -> Change:
    entries = [{"days": days, "storage_class": storage} for days, storage in transitions]
    return lambda d: d["classes"]["raw_sequence"]["lifecycle"].update(transitions=entries, expire_days=expire)


def test_the_catalogue_is_right() -> None:
    assert check(CATALOG) == []


def price(name: str, **fields: object) -> Change:
    """Change the first line of a price."""
    return lambda d: next(line for line in d["prices"] if line["id"] == name).update(fields)


BROKEN_COSTS: dict[str, tuple[str, Change, str]] = {
    "a price twice": ("prices", lambda d: d["prices"].append(d["prices"][0]), "STANDARD of ap-south-1 stands there 2"),
    "no source": ("prices", price("s3.put", source="hearsay"), r"'hearsay' is none of \$.sources"),
    "tiers fall": (
        "prices",
        price("s3.storage.STANDARD", tiers=[{"from": 0, "usd": 1}, {"from": 0, "usd": 2}]),
        "begin at 0, in ascending order",
    ),
    "too few days": ("prices", price("s3.storage.GLACIER", minimum_days=30), "S3 bills 90 days of GLACIER at least"),
    "no transition": (
        "prices",
        lambda d: d["prices"].remove(next(each for each in d["prices"] if each["id"] == "s3.transition.GLACIER_IR")),
        "s3.transition.GLACIER_IR of ap-south-1 is missing",
    ),
    "neither price nor tiers": ("prices", lambda d: d["prices"][2].pop("usd"), "is not valid under any"),
    "no toolchain": (
        "workload",
        lambda d: d["scenarios"]["kosha_fast"].update(toolchain="faster"),
        r"'faster' is none of \$.toolchains",
    ),
    "no scenario": ("workload", lambda d: d.update(compared_with="last_year"), "'last_year' is none of"),
    "no data class": (
        "workload",
        lambda d: d["others"].update(films={"what": "films", "a_day": 1, "gb": 1}),
        "'films' is no data class",
    ),
    "negative genomes": ("workload", lambda d: d.update(genomes_a_day=-1), "-1 is less than the minimum"),
    "old versions kept too short": (
        "data-classes",
        lambda d: d["classes"]["raw_sequence"]["lifecycle"].update(noncurrent_days=90),
        "noncurrent_days 90: a version in DEEP_ARCHIVE is billed for 180 days",
    ),
    "a replica read later than the lake": (
        "data-classes",
        lambda d: d["classes"]["aligned_reads"]["lifecycle"].update(
            replica_transitions=[{"days": 364, "storage_class": "DEEP_ARCHIVE"}]
        ),
        "DEEP_ARCHIVE is read after 12 hours, but the lake gives what is 364 days old sooner, and .* within 15 minutes",
    ),
    "a replica of what is always read at once": (
        "data-classes",
        lambda d: d["classes"]["variant_calls"]["lifecycle"].update(
            replica_transitions=[{"days": 90, "storage_class": "GLACIER"}]
        ),
        "GLACIER is read after 5 hours",
    ),
    "a replica that is paid for too long": (
        "data-classes",
        lambda d: d["classes"]["aligned_reads"]["lifecycle"].update(
            replica_transitions=[
                {"days": 1, "storage_class": "GLACIER_IR"},
                {"days": 30, "storage_class": "DEEP_ARCHIVE"},
            ]
        ),
        "of the replica: only 29 days in GLACIER_IR",
    ),
}


@pytest.mark.parametrize(("name", "change", "said"), BROKEN_COSTS.values(), ids=BROKEN_COSTS.keys())
def test_what_costs_is_checked(folder: Path, name: str, change: Change, said: str) -> None:
    assert re.search(said, "\n".join(broken(folder, name, change)))


BROKEN_CLASSES: dict[str, tuple[Change, str]] = {
    "same code": (of("snapshot", "code", "rs"), "raw_sequence and snapshot have the same code 'rs'"),
    "same prefix": (of("snapshot", "prefix", "raw-sequences"), "have the same prefix 'raw-sequences'"),
    "upper-case code": (of("snapshot", "code", "SN"), r"'SN' does not match"),
    "code of three letters": (of("snapshot", "code", "snp"), r"'snp' does not match"),
    "prefix of two folders": (of("snapshot", "prefix", "a/b"), r"'a/b' does not match"),
    "unknown sensitivity": (of("snapshot", "sensitivity", "secret"), "'secret' is not one of open, controlled"),
    "unknown reader": (of("snapshot", "readers", ["everyone"]), "'everyone' is no duty of access.yaml"),
    "no reader": (of("snapshot", "readers", []), r"\[\] should be non-empty"),
    "clinical data for researchers": (
        of("clinical_record", "readers", ["researcher"]),
        "a researcher reads what is controlled",
    ),
    "no extension": (of("raw_sequence", "extensions", []), r"\[\] should be non-empty"),
    "extension twice": (of("raw_sequence", "extensions", ["tar.gz", "tar.gz"]), "non-unique"),
    "extension with a dot": (of("raw_sequence", "extensions", [".tar"]), r"'\.tar' does not match"),
    "upper-case extension": (of("raw_sequence", "extensions", ["TAR"]), "'TAR' does not match"),
    "extension that seems to take in another": (
        of("raw_sequence", "extensions", ["gz", "tar.gz"]),
        "'gz' beside 'tar.gz'",
    ),
    "free names with an extension": (of("snapshot", "extensions", ["tar.gz"]), "with named_by: folders any will do"),
    "named files without extensions": (
        lambda d: d["classes"]["raw_sequence"].pop("extensions"),
        "goes with files that are named by the class",
    ),
    "a third way to name": (of("snapshot", "named_by", "people"), "'people' is not one of"),
    "snapshots that expire": (
        lambda d: d["classes"]["snapshot"]["lifecycle"].update(expire_days=400),
        "would take the copy of a file that still lies in critical",
    ),
    "misspelt field": (lambda d: d["classes"]["snapshot"].update(reader=[]), "'reader' was unexpected"),
    "missing field": (lambda d: d["classes"]["snapshot"].pop("lifecycle"), "'lifecycle' is a required property"),
    "class named unclassified": (
        lambda d: d["classes"].update(unclassified=d["classes"].pop("snapshot")),
        "unclassified",
    ),
    "IA too early": (lifecycle((29, "STANDARD_IA")), "STANDARD_IA after 29 days: S3 asks for at least 30"),
    "days not ascending": (lifecycle((90, "STANDARD_IA"), (60, "GLACIER")), "does not come after STANDARD_IA"),
    "same day twice": (lifecycle((90, "STANDARD_IA"), (90, "GLACIER")), "ascending order"),
    "too short in IA": (lifecycle((30, "STANDARD_IA"), (59, "GLACIER")), "only 29 days in STANDARD_IA"),
    "too short in Glacier": (lifecycle((30, "GLACIER"), (119, "DEEP_ARCHIVE")), "only 89 days in GLACIER"),
    "up the waterfall": (lifecycle((30, "GLACIER"), (200, "STANDARD_IA")), "S3 does not move objects that way"),
    "same class twice": (lifecycle((30, "GLACIER"), (200, "GLACIER")), "S3 does not move objects that way"),
    "expires before Glacier is paid": (lifecycle((30, "GLACIER"), expire=119), "after GLACIER not before day 120"),
    "expires before Deep Archive is paid": (lifecycle((30, "DEEP_ARCHIVE"), expire=209), "not before day 210"),
    "unknown storage class": (lifecycle((30, "COLD")), "'COLD' is not one of"),
    "no old versions": (lambda d: d["classes"]["snapshot"]["lifecycle"].update(noncurrent_days=0), "less than"),
    "eleven governed tags": (lambda d: d["governed_tags"].extend("abcdefg"), "is too long"),
    "a governed tag is missing": (lambda d: d["governed_tags"].remove("site"), "does not contain items"),
    "open is the default": (lambda d: d["unclassified"].update(sensitivity="open"), "must be 'restricted'"),
    "the default has a name of its own": (lambda d: d["unclassified"].update(data_class="other"), "'unclassified' was"),
}


@pytest.mark.parametrize(("change", "message"), BROKEN_CLASSES.values(), ids=list(BROKEN_CLASSES))
def test_a_mistake_in_the_data_classes_is_found(folder: Path, change: Change, message: str) -> None:
    problems = broken(folder, "data-classes", change)
    assert any(re.search(message, problem) for problem in problems), problems
    assert all(problem.startswith("data-classes.yaml: $") for problem in problems)


BROKEN_ACCESS: dict[str, tuple[Change, str]] = {
    "a level nobody knows": (lambda d: d["duties"]["operator"].update(sensitivity="public"), "is not one of open"),
    "a sensitivity without a place": (lambda d: d["places"].pop(0), "must be, in this order, open, controlled"),
    "anywhere and more": (lambda d: d["places"][0]["from"].append("platform"), "drop them or it"),
    "the most sensitive from anywhere": (lambda d: d["places"][2].update({"from": ["anywhere"]}), "named places only"),
    "a reader without a duty": (lambda d: d["duties"].pop("operator"), "'operator' is no duty of access.yaml"),
    "a duty below its class": (
        lambda d: d["duties"]["researcher"].update(sensitivity="open"),
        "raw_sequence is controlled, and a researcher reads what is open at most",
    ),
    "a session of a day": (lambda d: d["duties"]["custodian"].update(session_hours=24), "greater than the maximum"),
    "a scope nobody knows": (lambda d: d["duties"]["custodian"].update(sites="near"), "'near' is not one of"),
}


@pytest.mark.parametrize(("change", "message"), BROKEN_ACCESS.values(), ids=list(BROKEN_ACCESS))
def test_a_mistake_in_the_access_matrix_is_found(folder: Path, change: Change, message: str) -> None:
    problems = broken(folder, "access", change)
    assert any(message in problem for problem in problems), problems


def transfer(name: str, **fields: object) -> Change:
    return lambda d: d["transfers"][name].update(fields)


BROKEN_STORAGE: dict[str, tuple[Change, str]] = {
    "a transfer rarer than hourly": (transfer("snapshots", every_minutes=120), "120 is not one of"),
    "a transfer more often than the starter is called": (transfer("transfer", every_minutes=15), "15 is not one of"),
    "no snapshots": (lambda d: d["transfers"].pop("snapshots"), "'snapshots' is a required property"),
    "a transfer from nowhere": (transfer("snapshots", directory="important"), "'important' is none of the directories"),
    "a transfer of scratch": (transfer("snapshots", directory="scratch"), "scratch is harmless to lose"),
    "two transfers of one directory": (
        transfer("snapshots", directory="published"),
        "transfer and snapshots have the same directory 'published'",
    ),
    "two transfers to one place": (transfer("snapshots", lake_prefix=""), "have the same lake_prefix ''"),
    "a cleaned directory below a prefix": (
        lambda d: d["directories"]["critical"].update(cleaned=True),
        "the cleaner seeks a copy at its file's path",
    ),
    "free names in a class that asks for names": (
        transfer("snapshots", lake_prefix="raw-sequences"),
        "'raw-sequences' is no prefix of a class with named_by: folders; there are snapshots",
    ),
    "root owns it": (lambda d: d["posix"].update(uid=0), "less than the minimum"),
    "writable for everybody": (lambda d: d["directories"]["tools"].update(mode="0777"), "'0777' does not match"),
    "mode as a number": (lambda d: d["directories"]["tools"].update(mode=0o755), "is not of type 'string'"),
    "no published": (lambda d: d["directories"].pop("published"), "'published' is a required property"),
    "published is scratch": (
        lambda d: d["directories"]["published"].update(harmless_to_lose=True),
        "never harmless to lose",
    ),
    "an age where classes count": (
        lambda d: d["directories"]["published"].update(retention_days=7),
        "$.directories.published: retention_days goes with harmless_to_lose",
    ),
    "harmless without an age": (
        lambda d: d["directories"]["scratch"].pop("retention_days"),
        "$.directories.scratch: retention_days goes with harmless_to_lose",
    ),
    "an age nobody looks at": (
        lambda d: d["directories"]["scratch"].pop("cleaned"),
        "$.directories.scratch: has retention_days but is not cleaned",
    ),
    "leases among what is taken out": (lambda d: d.update(undo=d["leases"]), "is the name of the leases, too"),
    "leases that look like data": (lambda d: d.update(leases="leases"), "does not match"),
    "leases that are transferred": (lambda d: d["in_flight"].remove("*/.kosha*"), "lacks */.kosha*"),
    "two patterns in one": (lambda d: d.update(in_flight=["*.tmp|*.part"]), "does not match"),
    "star in the middle": (lambda d: d.update(in_flight=["a*b"]), "does not match"),
    "directory with a slash": (lambda d: d["directories"].update({"a/b": d["directories"]["tools"]}), "does not match"),
}


@pytest.mark.parametrize(("change", "message"), BROKEN_STORAGE.values(), ids=list(BROKEN_STORAGE))
def test_a_mistake_in_the_shared_storage_is_found(folder: Path, change: Change, message: str) -> None:
    problems = broken(folder, "shared-storage", change)
    assert any(message in problem for problem in problems), problems


BROKEN_RESIDENCY: dict[str, tuple[Change, str]] = {
    "a region outside India": (lambda d: d["regions"].update({"eu-west-1": "Dublin"}), "'eu-west-1' is not one of"),
    "another country": (lambda d: d.update(country="Ireland"), "'India' was expected"),
    "no region": (lambda d: d.update(regions={}), "non-empty"),
}


@pytest.mark.parametrize(("change", "message"), BROKEN_RESIDENCY.values(), ids=list(BROKEN_RESIDENCY))
def test_a_mistake_in_the_residency_is_found(folder: Path, change: Change, message: str) -> None:
    problems = broken(folder, "residency", change)
    assert any(message in problem for problem in problems), problems


BROKEN_DEIDENTIFICATION: dict[str, tuple[Change, str]] = {
    "a rule nobody knows": (lambda d: d["resources"]["Patient"].update(name="mask"), "'mask' is not one of"),
    "an id that is kept": (lambda d: d["resources"]["Patient"].update(id="keep"), "'pseudonym' was expected"),
    "an id that is dropped": (lambda d: d["resources"]["Patient"].pop("id"), "'id' is a required property"),
    "a field of HL7 by name": (lambda d: d["segments"]["PID"].update(sex="keep"), "'sex'"),
    "a rule of FHIR for HL7": (lambda d: d["segments"]["PID"].update({"3": "reference"}), "'reference' is not one of"),
}


@pytest.mark.parametrize(("change", "message"), BROKEN_DEIDENTIFICATION.values(), ids=list(BROKEN_DEIDENTIFICATION))
def test_a_mistake_in_the_deidentification_is_found(folder: Path, change: Change, message: str) -> None:
    problems = broken(folder, "deidentification", change)
    assert any(message in problem for problem in problems), problems


def rule(watched: str, name: str) -> Callable[[Document], Document]:
    return lambda d: d["filters"][watched]["rules"][name]


refused = rule("cluster-audit", "refused")
timed_out = rule("functions", "timed-out")
BROKEN_ALERTS: dict[str, tuple[Change, str]] = {
    "a third filter on a log group": (
        lambda d: d["filters"].update(more=d["filters"]["cluster-audit"]),
        "$.filters: 3 filters on control_plane; CloudWatch Logs allows 2",
    ),
    "terms for JSON": (lambda d: refused(d).update(terms=["ERROR"]), "has fields and no terms"),
    "no fields for JSON": (lambda d: refused(d).pop("fields"), "has fields and no terms"),
    "no terms for text": (lambda d: timed_out(d).pop("terms"), "a rule of a filter of kind text has terms"),
    "a quote in a term": (lambda d: timed_out(d).update(terms=['say "no"']), "does not match"),
    "a runbook that is not there": (
        lambda d: timed_out(d).update(runbook="docs/runbooks/none.md"),
        "$.filters.functions.rules.timed-out.runbook: docs/runbooks/none.md does not exist",
    ),
    "a severity nobody knows": (lambda d: timed_out(d).update(severity="fatal"), "'fatal' is not one of"),
    "a topic nobody has": (lambda d: timed_out(d).update(topic="pager"), "'pager' is not one of"),
    "no limit": (lambda d: timed_out(d).pop("limit"), "'limit' is a required property"),
    "no notice at all": (lambda d: timed_out(d)["limit"].update(notices=0), "less than the minimum"),
    "its own log group": (lambda d: d["filters"]["functions"].update(logs=["log_alerter"]), "is not one of"),
    "two hyphens, which part filter and group": (
        lambda d: d["filters"].update({"a--b": d["filters"]["nodes"]}),
        "does not match",
    ),
}


@pytest.mark.parametrize(("change", "message"), BROKEN_ALERTS.values(), ids=list(BROKEN_ALERTS))
def test_a_mistake_in_the_log_alerts_is_found(folder: Path, change: Change, message: str) -> None:
    problems = broken(folder, "log-alerts", change)
    assert any(message in problem for problem in problems), problems


def schedule(backup: str, expression: str) -> Change:
    return lambda d: d["backups"][backup].update(schedule=expression)


BROKEN_RECOVERY: dict[str, tuple[Change, str]] = {
    "a timezone that is none": (
        lambda d: d["business_hours"].update(timezone="Asia/Mumbai"),
        "'Asia/Mumbai' is no timezone",
    ),
    "a day that ends before it begins": (
        lambda d: d["business_hours"].update(begin="20:00", end="09:00"),
        "begin 20:00 is not before end 09:00",
    ),
    "25 o'clock": (lambda d: d["business_hours"].update(end="25:00"), "'25:00' does not match"),
    "a backup within business hours": (
        schedule("daily", "cron(30 19 * * ? *)"),
        "$.backups.daily.schedule: 19:30 lies within the business hours",
    ),
    "a backup when the day begins": (schedule("daily", "cron(0 9 * * ? *)"), "09:00 lies within"),
    "a second backup within business hours": (schedule("daily", "cron(30 12,20 * * ? *)"), "12:30 lies within"),
    "a daily backup on weekdays": (schedule("daily", "cron(30 20 ? * MON-FRI *)"), "must fall due every day"),
    "an hour that no day has": (schedule("daily", "cron(30 24 * * ? *)"), "'24' does not lie between 0 and 23"),
    "an hour by name": (schedule("daily", "cron(30 evening * * ? *)"), "'evening' is no number"),
    "a step of nothing": (schedule("critical", "cron(0/0 * * * ? *)"), "'0/0' is no number"),
    "a backup of what may not be lost every other hour": (
        schedule("critical", "cron(0 0/2 * * ? *)"),
        "$.backups.critical.schedule: 120 minutes without a backup, and the target snapshots allows 60 to be lost",
    ),
    "no backup at night": (schedule("critical", "cron(0 6-22 * * ? *)"), "480 minutes without a backup"),
    "a target the schedule cannot meet": (
        lambda d: d["targets"]["volumes"].update(rpo_minutes=720),
        "1440 minutes without a backup, and the target volumes allows 720",
    ),
    "kept for less than a week": (
        lambda d: d["backups"]["daily"].update(keep_days=6),
        "$.backups.daily.keep_days: the weekly restore test asks for 7 or more",
    ),
    "a final snapshot that goes with the backups": (
        lambda d: d["backups"]["daily"].update(keep_days=90),
        "$.final_snapshots.keep_days: is all that is left of a volume",
    ),
    "the wrong thing": (
        lambda d: d["backups"]["critical"].update(protects="volumes"),
        "the plan critical is made for shared_storage, not for volumes",
    ),
    "a third backup": (lambda d: d["backups"].update(monthly=d["backups"]["daily"]), "'monthly' was unexpected"),
}


@pytest.mark.parametrize(("change", "message"), BROKEN_RECOVERY.values(), ids=list(BROKEN_RECOVERY))
def test_a_mistake_in_the_recovery_is_found(folder: Path, change: Change, message: str) -> None:
    problems = broken(folder, "recovery", change)
    assert any(message in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("cron(30 20 * * ? *)", [1230]),
        ("cron(0 0/12 ? * * *)", [0, 720]),
        ("cron(0,30 1-2 * * ? *)", [60, 90, 120, 150]),
        ("cron(*/30 4 * * ? *)", [240, 270]),
    ],
)
def test_a_schedule_is_read_as_eventbridge_reads_it(expression: str, due: list[int]) -> None:
    assert due_minutes(expression) == due


BROKEN_THRESHOLDS: dict[str, tuple[Change, str]] = {
    "no runbook": (lambda d: d["alarms"]["nodes-disk"].update(runbook="docs/runbooks/nobody.md"), "does not exist"),
    "no limit": (lambda d: d["alarms"]["nodes-disk"].pop("above"), "is not valid under any of the given schemas"),
    "two limits": (lambda d: d["alarms"]["nodes-disk"].update(below=1), "is valid under each of"),
    "unknown suppressor": (
        lambda d: d["alarms"]["nodes-disk"].update(quiet_while="nothing"),
        "nothing is no other composite alarm",
    ),
    "silent and unheard": (lambda d: d["alarms"]["nodes-disk"].update(silent=True), "nobody would hear of it"),
    "member that is not there": (
        lambda d: d["composites"]["region-trouble"]["of"].append("nobody-knows"),
        "nobody-knows is neither an alarm of this file nor of a function",
    ),
    "looks back too far": (
        lambda d: d["alarms"]["nodes-disk"].update(periods=289),
        "looks back 1 days at most",
    ),
    "needs more than it looks at": (
        lambda d: d["alarms"]["nodes-disk"].update(of=2),
        "looks at 2 periods and needs 3 of them",
    ),
    "one name twice": (
        lambda d: d["composites"].update({"nodes-disk": d["composites"]["region-trouble"]}),
        "is the name of an alarm, too",
    ),
}


@pytest.mark.parametrize(("change", "message"), BROKEN_THRESHOLDS.values(), ids=list(BROKEN_THRESHOLDS))
def test_a_mistake_in_the_thresholds_is_found(folder: Path, change: Change, message: str) -> None:
    problems = broken(folder, "alarms", change)
    assert any(message in problem for problem in problems), problems


BROKEN_OBJECTIVES: dict[str, tuple[Change, str]] = {
    "another limit than the recovery's": (
        lambda d: d["slos"]["replication-lag"]["bad"].update(above=1200),
        "1200 s, and recovery.yaml allows the lake 900 s",
    ),
    "more than all": (
        lambda d: d["slos"]["tag-coverage"]["burn"]["slow"].update(rate=10),
        "errors cannot come 10 times as fast",
    ),
    "half a period": (
        lambda d: d["slos"]["transfer-lag"]["burn"]["fast"].update(short=45),
        "45 minutes are no periods of 1800 s",
    ),
    "windows turned round": (
        lambda d: d["slos"]["failed-samples"]["burn"]["fast"].update(long=5, short=60),
        "not longer than the short one",
    ),
    "events of two days": (
        lambda d: d["slos"]["failed-samples"]["burn"]["slow"].update(long=2880),
        "counted over a day at most",
    ),
    "looks back too far": (
        lambda d: d["slos"]["replication-lag"]["burn"]["slow"].update(long=2880),
        "looks back 1 days at most",
    ),
    "no such runbook": (
        lambda d: d["slos"]["tag-coverage"].update(runbook="docs/runbooks/nobody.md"),
        "does not exist",
    ),
    "quiet for nothing": (
        lambda d: d["slos"]["tag-coverage"].update(quiet_while="nothing"),
        "nothing is no composite of alarms.yaml",
    ),
}


@pytest.mark.parametrize(("change", "message"), BROKEN_OBJECTIVES.values(), ids=list(BROKEN_OBJECTIVES))
def test_a_mistake_in_the_objectives_is_found(folder: Path, change: Change, message: str) -> None:
    problems = broken(folder, "slos", change)
    assert any(message in problem for problem in problems), problems


def test_a_question_to_logs_nobody_keeps_is_found(folder: Path) -> None:
    problems = broken(folder, "log-queries", lambda d: d["queries"]["network/refused"].update(logs=["router"]))
    assert any("'router' is not one of" in problem for problem in problems), problems


def test_a_class_that_stands_twice_is_found_with_its_line(folder: Path) -> None:
    path = folder / "data-classes.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nversion: 1\n", encoding="utf-8")
    (problem,) = check(folder)
    assert "'version' stands here 2 times" in problem


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_missing_document_is_named(folder: Path, name: str) -> None:
    (folder / f"{name}.yaml").unlink()
    assert check(folder) == [f"{name}.yaml: cannot be read: No such file or directory"]


def test_text_that_is_not_yaml_is_named(folder: Path) -> None:
    (folder / "residency.yaml").write_text("{")
    (problem,) = check(folder)
    assert problem.startswith("residency.yaml: is not YAML")


def test_an_empty_document_is_a_mistake(folder: Path) -> None:
    (folder / "residency.yaml").write_text("")
    assert any("None is not of type 'object'" in problem for problem in check(folder))


def test_the_program_prints_every_problem_and_fails(folder: Path) -> None:
    broken(folder, "residency", lambda d: d.update(country="Ireland"))
    broken(folder, "data-classes", of("snapshot", "code", "rs"))
    done = subprocess.run(
        [sys.executable, "-m", "scripts.check_catalog", "--catalog", str(folder)],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "residency.yaml: $.country" in done.stderr
    assert "the same code 'rs'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_program_says_that_all_is_right() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.check_catalog"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.startswith("catalogue: ")) == (0, True)
