"""Check the catalogue: ``python -m scripts.check_catalog [--catalog FOLDER]`` (part of ``make lint``).

Each ``<name>.yaml`` is checked against ``<name>.schema.json``; then come the rules a schema cannot state. All problems
are printed, each with its file and its place in it.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import yaml
from jsonschema import Draft202012Validator
from rich.console import Console

from scripts.paths import CATALOG, REPOSITORY
from scripts.talk import UserError, run_program

DOCUMENTS = (
    "data-classes",
    "access",
    "shared-storage",
    "residency",
    "log-alerts",
    "log-queries",
    "deidentification",
    "recovery",
    "alarms",
    "slos",
    "prices",
    "workload",
)
TAG_LIMIT = 10
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
SUBSCRIPTIONS_LIMIT = 2

# S3 moves objects down this list only, and for these two it asks for days before the move and between two moves
# (https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html).
WATERFALL = ("STANDARD_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
DAYS_IN_STANDARD = {"STANDARD_IA": 30}
# Days billed at least, so an earlier move or expiry costs more than it saves
# (https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html).
DAYS_BILLED = {"STANDARD_IA": 30, "GLACIER_IR": 90, "GLACIER": 90, "DEEP_ARCHIVE": 180}

# Until an object can be read, by the standard retrieval; others at once
# (https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html).
MINUTES_TO_READ = {"GLACIER": 5 * 60, "DEEP_ARCHIVE": 12 * 60}

MINUTES_OF_A_DAY = 24 * 60
# A backup -> what it protects, and the target that rests on how often it is made.
BACKUPS = {"daily": ("volumes", "volumes"), "critical": ("shared_storage", "snapshots")}
# The weekly restore test takes a recovery point of the last week (modules/backup).
DAYS_KEPT = 7

console = Console(stderr=True)


class UniqueKeys(yaml.CSafeLoader):
    """Reads YAML (by libyaml, ten times as fast) and refuses a mapping that names a key twice; plain PyYAML keeps the
    last and says nothing."""


def _unique_mapping(loader: UniqueKeys, node: yaml.MappingNode) -> dict[Any, Any]:
    counted = Counter(loader.construct_object(key, deep=True) for key, _ in node.value)
    for key, count in counted.items():
        if count > 1:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} stands here {count} times", node.start_mark
            )
    return loader.construct_mapping(node, deep=True)


UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)


def main() -> int:
    """Print every problem; 0 if there is none."""
    parser = argparse.ArgumentParser(description="Check the catalogue against its schemas and rules.")
    parser.add_argument("--catalog", type=Path, default=CATALOG, help="the folder to check (default: catalog/)")
    folder: Path = parser.parse_args().catalog
    problems = check(folder)
    if problems:
        raise UserError("the catalogue has mistakes:\n" + "\n".join(f"  {problem}" for problem in problems))
    console.print(f"catalogue: {', '.join(f'{name}.yaml' for name in DOCUMENTS)} are right")
    return 0


def check(folder: Path, schemas: Path = CATALOG) -> list[str]:
    """Every problem of the documents in ``folder``, one line each."""
    problems = []
    right: dict[str, Mapping[str, Any]] = {}
    for name in DOCUMENTS:
        path = folder / f"{name}.yaml"
        try:
            document = yaml.load(path.read_text(encoding="utf-8"), Loader=UniqueKeys)  # noqa: S506 (a SafeLoader)
        except OSError as error:
            problems.append(f"{path.name}: cannot be read: {error.strerror}")
            continue
        except yaml.YAMLError as error:
            problems.append(f"{path.name}: is not YAML: {' '.join(str(error).split())}")
            continue
        schema = json.loads((schemas / f"{name}.schema.json").read_text(encoding="utf-8"))
        found = [*violations(document, schema)]
        if not found and name in RULES:
            found = [*RULES[name](document)]
        problems += [f"{path.name}: {problem}" for problem in found]
        if not found:
            right[name] = document
    if {"data-classes", "shared-storage"} <= right.keys():
        problems += transfer_rules(right["shared-storage"], right["data-classes"])
    if {"data-classes", "workload"} <= right.keys():
        problems += [*workload_class_rules(right["workload"], right["data-classes"])]
    if {"data-classes", "recovery"} <= right.keys():
        problems += replica_rules(right["data-classes"], right["recovery"])
    if {"data-classes", "access"} <= right.keys():
        problems += access_rules(right["access"], right["data-classes"])
    problems += across(right)
    return problems


def violations(document: object, schema: Mapping[str, Any]) -> Iterator[str]:
    """What the schema finds wrong, with the place."""
    for error in sorted(Draft202012Validator(schema).iter_errors(document), key=lambda each: each.json_path):
        hint = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
        yield f"{error.json_path}: {error.message}" + (f" ({hint})" if hint else "")


def data_class_rules(document: Mapping[str, Any]) -> Iterator[str]:
    """The rules of data-classes.yaml."""
    classes: Mapping[str, Mapping[str, Any]] = document["classes"]
    sensitivities = list(document["sensitivities"])
    for element in ("code", "prefix"):
        for value, names in _shared((each[element], name) for name, each in classes.items()):
            yield f"$.classes: {' and '.join(names)} have the same {element} {value!r}: give each its own"
    if len(document["governed_tags"]) > TAG_LIMIT:
        yield f"$.governed_tags: S3 allows {TAG_LIMIT} tags on an object"
    if document["unclassified"]["sensitivity"] != sensitivities[-1]:
        yield f"$.unclassified.sensitivity: must be {sensitivities[-1]!r}, the last and most sensitive one"
    for name, each in classes.items():
        place = f"$.classes.{name}"
        if each["sensitivity"] not in sensitivities:
            yield f"{place}.sensitivity: {each['sensitivity']!r} is not one of {', '.join(sensitivities)}"
        if (each.get("named_by") == "folders") == ("extensions" in each):
            yield f"{place}.extensions: goes with files that are named by the class; with named_by: folders any will do"
        yield from (f"{place}.extensions: {problem}" for problem in extension_rules(each.get("extensions", [])))
        lifecycle = each["lifecycle"]
        yield from (f"{place}.lifecycle: {problem}" for problem in lifecycle_rules(lifecycle))
        if "replica_transitions" in lifecycle:
            replica = {**lifecycle, "transitions": lifecycle["replica_transitions"]}
            yield from (f"{place}.lifecycle: of the replica: {problem}" for problem in lifecycle_rules(replica))


def transfer_rules(layout: Mapping[str, Any], classes: Mapping[str, Any]) -> Iterator[str]:
    """What goes below a prefix is named by people, so the class of the prefix must not ask for names; and it must not
    expire there while it lies here."""
    free = {each["prefix"]: name for name, each in classes["classes"].items() if each.get("named_by") == "folders"}
    for name, each in layout["transfers"].items():
        prefix, directory = each["lake_prefix"], each["directory"]
        if not prefix:
            continue
        if prefix not in free:
            yield (
                f"shared-storage.yaml: $.transfers.{name}.lake_prefix: {prefix!r} is no prefix of a class"
                f" with named_by: folders; there are {', '.join(sorted(free)) or 'none'}"
            )
        elif classes["classes"][free[prefix]]["lifecycle"]["expire_days"] is not None:
            yield (
                f"data-classes.yaml: $.classes.{free[prefix]}.lifecycle.expire_days: would take the copy of a file that"
                f" still lies in {directory}: give null"
            )


def access_rules(access: Mapping[str, Any], classes: Mapping[str, Any]) -> Iterator[str]:
    """The rules of access.yaml, and of what data-classes.yaml says of it: each problem with its document."""
    levels = list(classes["sensitivities"])
    if [each["sensitivity"] for each in access["places"]] != levels:
        yield f"access.yaml: $.places: must be, in this order, {', '.join(levels)}"
        return
    for number, each in enumerate(access["places"]):
        if "anywhere" in each["from"] and len(each["from"]) > 1:
            yield f"access.yaml: $.places[{number}].from: anywhere takes in all other places; drop them or it"
    if "anywhere" in access["places"][-1]["from"]:
        yield f"access.yaml: $.places[{len(levels) - 1}].from: what is most sensitive is read from named places only"
    for name, duty in access["duties"].items():
        if duty["sensitivity"] not in levels:
            yield f"access.yaml: $.duties.{name}.sensitivity: {duty['sensitivity']!r} is not one of {', '.join(levels)}"
            return
    for name, each in classes["classes"].items():
        place = f"data-classes.yaml: $.classes.{name}.readers"
        for reader in each["readers"]:
            duty = access["duties"].get(reader)
            if duty is None:
                yield f"{place}: {reader!r} is no duty of access.yaml; there are {', '.join(access['duties'])}"
            elif levels.index(each["sensitivity"]) > levels.index(duty["sensitivity"]):
                yield (
                    f"{place}: {name} is {each['sensitivity']}, and a {reader} reads what is {duty['sensitivity']}"
                    " at most: take the reader out, or raise the duty's sensitivity in access.yaml"
                )


def replica_rules(classes: Mapping[str, Any], recovery: Mapping[str, Any]) -> Iterator[str]:
    """When the primary region is gone people work with the replica: it is read within the lake's RTO, and what the lake
    itself keeps where reading takes longer, no later than the lake gave it at that age."""
    rto = recovery["targets"]["lake"]["rto_minutes"]
    for name, each in classes["classes"].items():
        lifecycle = each["lifecycle"]
        for move in lifecycle.get("replica_transitions", []):
            wait = MINUTES_TO_READ.get(move["storage_class"], 0)
            moved = [other for other in lifecycle["transitions"] if other["days"] <= move["days"]]
            if wait > max([rto, *(MINUTES_TO_READ.get(other["storage_class"], 0) for other in moved)]):
                yield (
                    f"data-classes.yaml: $.classes.{name}.lifecycle.replica_transitions: what is in"
                    f" {move['storage_class']} is read after {wait // 60} hours, but the lake gives what is"
                    f" {move['days']} days old sooner, and the replica must within {rto} minutes (recovery.yaml,"
                    " targets.lake): let the replica go there with the lake, or not at all"
                )


def extension_rules(extensions: list[str]) -> Iterator[str]:
    """An extension is everything behind the first dot, so a longer one may end like a shorter one of the same class
    only if it extends it at the end (``vcf.gz`` and ``vcf.gz.tbi``): ``gz`` beside ``vcf.gz`` reads as "any gz file",
    which it is not."""
    for short in extensions:
        for long in extensions:
            if long.endswith(f".{short}"):
                yield f"{short!r} beside {long!r}: {short!r} does not take in the files that end in {long!r}; drop one"


def lifecycle_rules(lifecycle: Mapping[str, Any]) -> Iterator[str]:
    """What S3 refuses, and what would be billed for longer than it is kept."""
    transitions: list[Mapping[str, Any]] = lifecycle["transitions"]
    for each in transitions:
        least = DAYS_IN_STANDARD.get(each["storage_class"], 0)
        if each["days"] < least:
            yield f"{each['storage_class']} after {each['days']} days: S3 asks for at least {least}"
        # Whoever overwrites an object on the day it was moved leaves it there for noncurrent_days.
        billed = DAYS_BILLED.get(each["storage_class"], 0)
        if lifecycle["noncurrent_days"] < billed:
            yield (
                f"noncurrent_days {lifecycle['noncurrent_days']}: a version in {each['storage_class']} is billed for"
                f" {billed} days, so give as many"
            )
    for before, after in pairwise(transitions):
        first, second = before["storage_class"], after["storage_class"]
        if WATERFALL.index(second) <= WATERFALL.index(first):
            yield f"{second} after {first}: S3 does not move objects that way"
        stay = after["days"] - before["days"]
        if stay <= 0:
            yield f"{second} after {after['days']} days does not come after {first}: put the days in ascending order"
        elif stay < DAYS_BILLED.get(first, 0):
            yield f"only {stay} days in {first}, of which {DAYS_BILLED[first]} are billed: move to {second} later"
    expire = lifecycle["expire_days"]
    if expire is not None and transitions:
        last = transitions[-1]
        least = last["days"] + max(DAYS_BILLED.get(last["storage_class"], 0), 1)
        if expire < least:
            yield f"expires after {expire} days: after {last['storage_class']} not before day {least}"


def shared_storage_rules(document: Mapping[str, Any]) -> Iterator[str]:
    """The rules of shared-storage.yaml."""
    if document["directories"]["published"].get("harmless_to_lose"):
        yield "$.directories.published: holds the only copy until the transfer has run, so it is never harmless to lose"
    for name, each in document["directories"].items():
        place = f"$.directories.{name}"
        aged = "retention_days" in each
        if each.get("harmless_to_lose", False) != aged:
            yield f"{place}: retention_days goes with harmless_to_lose; elsewhere the class of a file says it"
        if aged and not each.get("cleaned"):
            yield f"{place}: has retention_days but is not cleaned, so nothing would ever go: say cleaned: true"
    for element in ("directory", "lake_prefix"):
        for value, names in _shared((each[element], name) for name, each in document["transfers"].items()):
            yield f"$.transfers: {' and '.join(names)} have the same {element} {value!r}: two would write the same keys"
    for name, each in document["transfers"].items():
        directory = document["directories"].get(each["directory"])
        if directory is None:
            yield f"$.transfers.{name}.directory: {each['directory']!r} is none of the directories"
        elif directory.get("harmless_to_lose"):
            yield f"$.transfers.{name}.directory: {each['directory']} is harmless to lose, so why keep copies?"
        elif directory.get("cleaned") and each["lake_prefix"]:
            yield f"$.transfers.{name}: the cleaner seeks a copy at its file's path, so {each['directory']} has none"
    if document["leases"] == document["undo"]:
        yield "$.undo: is the name of the leases, too: give each its own"
    if "*/.kosha*" not in document["in_flight"]:
        yield "$.in_flight: lacks */.kosha*, so the transfer would copy leases and files that are taken out"


def log_alert_rules(document: Mapping[str, Any]) -> Iterator[str]:
    """The rules of log-alerts.yaml."""
    filters: Mapping[str, Mapping[str, Any]] = document["filters"]
    on_group = Counter(group for each in filters.values() for group in each["logs"])
    for group, count in on_group.items():
        if count > SUBSCRIPTIONS_LIMIT:
            yield f"$.filters: {count} filters on {group}; CloudWatch Logs allows {SUBSCRIPTIONS_LIMIT}: join some"
    for name, each in filters.items():
        for rule_name, rule in each["rules"].items():
            place = f"$.filters.{name}.rules.{rule_name}"
            if each["kind"] == "json" and ("fields" not in rule or "terms" in rule):
                yield f"{place}: a rule of a filter of kind json has fields and no terms"
            if each["kind"] == "text" and "terms" not in rule:
                yield f"{place}: a rule of a filter of kind text has terms"
            if not (REPOSITORY / rule["runbook"]).is_file():
                yield f"{place}.runbook: {rule['runbook']} does not exist"


def recovery_rules(document: Mapping[str, Any]) -> Iterator[str]:
    """The rules of recovery.yaml."""
    hours = document["business_hours"]
    if hours["timezone"] not in available_timezones():
        yield f"$.business_hours.timezone: {hours['timezone']!r} is no timezone; give a name such as Asia/Kolkata"
    begin, end = map(_minute_of_day, (hours["begin"], hours["end"]))
    if begin >= end:
        yield f"$.business_hours: begin {hours['begin']} is not before end {hours['end']}: give hours of one day"
    final = document["final_snapshots"]["keep_days"]
    for name, backup in document["backups"].items():
        place = f"$.backups.{name}"
        protects, target = BACKUPS[name]
        if backup["protects"] != protects:
            yield f"{place}.protects: the plan {name} is made for {protects}, not for {backup['protects']}"
        if backup["keep_days"] < DAYS_KEPT:
            yield f"{place}.keep_days: the weekly restore test asks for {DAYS_KEPT} or more"
        if name == "daily" and final <= backup["keep_days"]:
            yield (
                f"$.final_snapshots.keep_days: is all that is left of a volume when its backups of"
                f" {backup['keep_days']} days are gone: keep it longer"
            )
        try:
            due = due_minutes(backup["schedule"])
        except ValueError as error:
            yield f"{place}.schedule: {backup['schedule']}: {error}"
            continue
        if name == "daily" and (busy := [minute for minute in due if begin <= minute < end]):
            yield f"{place}.schedule: {_time(busy[0])} lies within the business hours, when volumes are written to"
        gap = max(after - before for before, after in pairwise([*due, due[0] + MINUTES_OF_A_DAY]))
        rpo = document["targets"][target]["rpo_minutes"]
        if gap > rpo:
            yield f"{place}.schedule: {gap} minutes without a backup, and the target {target} allows {rpo} to be lost"


def price_rules(document: Mapping[str, Any]) -> Iterator[str]:
    """The rules of prices.yaml."""
    seen = Counter((line["id"], line["region"]) for line in document["prices"])
    yield from (f"$.prices: {price} of {region} stands there {n} times" for (price, region), n in seen.items() if n > 1)
    for line in document["prices"]:
        place = f"$.prices: {line['id']} of {line['region']}"
        if line["source"] not in document["sources"]:
            yield f"{place}: {line['source']!r} is none of $.sources"
        tiers = [tier["from"] for tier in line.get("tiers", [{"from": 0}])]
        if tiers[0] != 0 or any(before >= after for before, after in pairwise(tiers)):
            yield f"{place}.tiers: begin at {tiers[0]}, or do not go up: begin at 0, in ascending order"
        storage_class = line["id"].removeprefix("s3.storage.")
        if line["id"] != storage_class and (days := DAYS_BILLED.get(storage_class, 0)) != line.get("minimum_days", 0):
            yield f"{place}.minimum_days: S3 bills {days} days of {storage_class} at least"
    for region in document["regions"].values():
        for storage_class in WATERFALL:
            for kind in ("storage", "transition", "retrieval"):
                if (f"s3.{kind}.{storage_class}", region) not in seen:
                    yield f"$.prices: s3.{kind}.{storage_class} of {region} is missing: a data class may be moved there"


def workload_rules(document: Mapping[str, Any]) -> Iterator[str]:
    """The rules of workload.yaml."""
    for name, scenario in document["scenarios"].items():
        if scenario["toolchain"] not in document["toolchains"]:
            yield f"$.scenarios.{name}.toolchain: {scenario['toolchain']!r} is none of $.toolchains"
    if document["compared_with"] not in document["scenarios"]:
        yield f"$.compared_with: {document['compared_with']!r} is none of $.scenarios"


def workload_class_rules(workload: Mapping[str, Any], classes: Mapping[str, Any]) -> Iterator[str]:
    """What comes into the lake belongs to a data class, whose lifecycle it is priced with."""
    known = classes["classes"]
    places = [(f"$.toolchains.{name}.files", each["files"]) for name, each in workload["toolchains"].items()]
    for place, named in [*places, ("$.others", workload["others"])]:
        for name in named.keys() - known.keys():
            yield f"workload.yaml: {place}: {name!r} is no data class; there are {', '.join(known)}"


def due_minutes(schedule: str) -> list[int]:
    """The minutes of the day at which a cron expression of EventBridge falls due, in order.

    Raises :class:`ValueError` for one that is none, or that does not fall due every day.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
    """
    minute, hour, *days = schedule.removeprefix("cron(").removesuffix(")").split()
    if days not in (["*", "*", "?", "*"], ["?", "*", "*", "*"]):
        raise ValueError("must fall due every day: end it in * * ? *")
    return sorted(at * 60 + past for at in _numbers(hour, 24) for past in _numbers(minute, 60))


def _numbers(field: str, end: int) -> set[int]:
    """The numbers below ``end`` that a field of a cron expression means: ``*``, ``5``, ``9-17``, ``0/15``, ``1,2``."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        try:
            low = 0 if first == "*" else int(first)
            high = int(last) if last else end - 1 if first == "*" or step else low
            numbers = set(range(low, high + 1, int(step) if step else 1))
        except ValueError as error:
            raise ValueError(f"{part!r} is no number, range or step") from error
        if not numbers or max(numbers) >= end:
            raise ValueError(f"{part!r} does not lie between 0 and {end - 1}")
        found |= numbers
    return found


def _minute_of_day(time: str) -> int:
    hour, minute = time.split(":")
    return int(hour) * 60 + int(minute)


def _time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def alarm_rules(document: Mapping[str, Any]) -> Iterator[str]:
    """The rules of alarms.yaml."""
    alarms, composites = document["alarms"], document["composites"]
    functions = {name.replace("_", "-") for name in document["functions"]["heartbeat_hours"]}
    for name in sorted(alarms.keys() & composites.keys()):
        yield f"$.composites.{name}: is the name of an alarm, too"
    heard = {part for each in composites.values() for part in each["of"]}
    for kind, entries in (("alarms", alarms), ("composites", composites)):
        for name, each in entries.items():
            place = f"$.{kind}.{name}"
            if not (REPOSITORY / each["runbook"]).is_file():
                yield f"{place}.runbook: {each['runbook']} does not exist"
            if (quiet := each.get("quiet_while")) and (quiet not in composites or quiet == name):
                yield f"{place}.quiet_while: {quiet} is no other composite alarm"
            if each.get("silent") and name not in heard:
                yield f"{place}.silent: no composite alarm is made of it, so nobody would hear of it"
    for name, each in alarms.items():
        yield from (f"$.alarms.{name}.{problem}" for problem in _evaluation(each))
    for name, each in composites.items():
        for part in each["of"]:
            if part not in alarms and not any(part.startswith(f"{function}-") for function in functions):
                yield f"$.composites.{name}.of: {part} is neither an alarm of this file nor of a function"


def _evaluation(alarm: Mapping[str, Any]) -> Iterator[str]:
    looked_at = alarm.get("of", alarm["periods"])
    if looked_at < alarm["periods"]:
        yield f"of: looks at {looked_at} periods and needs {alarm['periods']} of them"
    yield from (f"periods: {problem}" for problem in _look_back(alarm["period"], looked_at))


def _look_back(period: int, number: int) -> Iterator[str]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html"""
    days = 7 if period >= 3600 else 1
    if period * number > days * 86400:
        yield f"{number} periods of {period} s; an alarm with such periods looks back {days} days at most"


def slo_rules(document: Mapping[str, Any]) -> Iterator[str]:
    """The rules of slos.yaml."""
    for name, each in document["slos"].items():
        place = f"$.slos.{name}"
        if not (REPOSITORY / each["runbook"]).is_file():
            yield f"{place}.runbook: {each['runbook']} does not exist"
        budget = (100 - each["objective"]) / 100
        for speed, window in each["burn"].items():
            if window["long"] <= window["short"]:
                yield f"{place}.burn.{speed}: the long window is not longer than the short one"
            if budget * window["rate"] >= 1:
                yield f"{place}.burn.{speed}: errors cannot come {window['rate']} times as fast as {budget:.1%} allow"
            for kind in ("long", "short"):
                seconds = window[kind] * 60
                if each["counts"] == "events":
                    if seconds > 86400:
                        yield f"{place}.burn.{speed}.{kind}: events are counted over a day at most"
                elif seconds % each["period"]:
                    yield f"{place}.burn.{speed}.{kind}: {window[kind]} minutes are no periods of {each['period']} s"
                else:
                    for problem in _look_back(each["period"], seconds // each["period"]):
                        yield f"{place}.burn.{speed}.{kind}: {problem}"


def across(documents: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What one document says of another."""
    if "slos" in documents and "alarms" in documents:
        composites = documents["alarms"]["composites"]
        for name, each in documents["slos"]["slos"].items():
            if each.get("quiet_while", next(iter(composites))) not in composites:
                yield f"slos.yaml: $.slos.{name}.quiet_while: {each['quiet_while']} is no composite of alarms.yaml"
    if "slos" in documents and "recovery" in documents:
        promised = documents["slos"]["slos"]["replication-lag"]["bad"]["above"]
        target = documents["recovery"]["targets"]["lake"]["rpo_minutes"] * 60
        if promised != target:
            yield f"slos.yaml: $.slos.replication-lag.bad: {promised} s, and recovery.yaml allows the lake {target} s"


def _shared(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    by_value: dict[str, list[str]] = {}
    for value, name in pairs:
        by_value.setdefault(value, []).append(name)
    return ((value, names) for value, names in by_value.items() if len(names) > 1)


RULES: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "data-classes": data_class_rules,
    "shared-storage": shared_storage_rules,
    "log-alerts": log_alert_rules,
    "recovery": recovery_rules,
    "alarms": alarm_rules,
    "slos": slo_rules,
    "prices": price_rules,
    "workload": workload_rules,
}

if __name__ == "__main__":
    run_program(main)
