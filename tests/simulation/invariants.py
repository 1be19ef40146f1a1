"""What must always hold. Watchers look at every change as it happens; ``check`` raises what they found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from common import catalogue
from common.classification import Classification, NotAFile, classify
from common.notices import SCHEMA
from log_alerter import delivery
from log_alerter.domain import Line, Rule, filters
from scripts.paths import REPOSITORY
from tests.simulation.deployment import HOLIDAYS, number_of
from tests.simulation.operations import CLAIM, MANAGED, OWNER_INSTANCE, PROTECTED, SCHEDULED, UNCLEAR, UNTIL
from tests.simulation.world.compute import DeadLetter, Outcome
from tests.simulation.world.datasync import Execution
from tests.simulation.world.ec2 import MARK, Deleted, Instance, Snapshot, Volume
from tests.simulation.world.faults import Invocation
from tests.simulation.world.files import DIRECTORIES, File
from tests.simulation.world.platform import World
from tests.simulation.world.s3 import Change, Version
from tests.simulation.world.sns import LIMIT_BYTES, Delivered

# From the fault's end: the transfer of the slot under way, and the next one, each with its half hour and its minutes.
ARRIVES_WITHIN = timedelta(minutes=75)
# Two cycles, each a transfer and a look of the reconciler.
TAGGED_WITHIN = timedelta(hours=2, minutes=30)
# The reconciler calls the tagger three times, half an hour apart.
GIVES_UP_AFTER = timedelta(minutes=100)
# What no event and no report tells of is found by the daily audit, and tagged by the backfill people order then.
FOUND_WITHIN = timedelta(hours=49)
RUN_ENDS_WITHIN = timedelta(hours=24)
# A volume is deleted a month after it was left.
WINDOW = timedelta(days=30)
# A final snapshot has a retention of its own.
SNAPSHOT_WINDOW = timedelta(days=90)
# The auditor's grace for new objects, and something for clocks.
SETTLED = timedelta(minutes=number_of("audit_grace_minutes") + 5)
# A lease that is not renewed for so long was left by a dead run.
LEASE = timedelta(hours=24)
# A week of retention, one until the next cleaning, a day for that to end; one more, for a file that came back.
FREED_WITHIN = timedelta(days=23)
# Beside the window of a rule: two looks of the flush, and Lambda's tries (docs/adr/0017).
TOLD_WITHIN = timedelta(minutes=30)
# Two clocks of functions may differ by so much.
CLOCKS_DIFFER = timedelta(seconds=10)
# What somebody has started outside of its hours runs on for so long.
OVERRIDE = timedelta(hours=number_of("instance_override_hours"))
# The window of use, a quarter of an hour, and three tries.
STOPS_WITHIN = timedelta(minutes=60)
INDIA = timezone(timedelta(hours=5, minutes=30))
# docs/adr/0011: a version of a transfer that began so lately is tagged without its tags being read.
WRITTEN_UNSEEN = timedelta(hours=1)


@dataclass(frozen=True)
class Violation:
    """A promise that was broken."""

    invariant: str
    at: datetime
    detail: str


class Violated(AssertionError):
    """The history breaks a promise."""

    def __init__(self, violation: Violation) -> None:
        super().__init__(f"{violation.invariant} at {violation.at:%Y-%m-%d %H:%M:%S} UTC: {violation.detail}")
        self.violation = violation


def _in_hours(moment: datetime) -> bool:
    """Whether test instances may run: office hours in India, but for holidays."""
    local = moment.astimezone(INDIA)
    return local.weekday() < 5 and 8 <= local.hour < 20 and f"{local:%m-%d}" not in HOLIDAYS


class Invariants:
    """Every promise, with the bookkeeping that makes looking cheap."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.catalogue = catalogue.load()
        self.found: list[Violation] = []
        self.governed = set(self.catalogue.governed_tags)
        document = catalogue.read_document("data-classes")
        self.readable = {name for name, each in document["classes"].items() if "researcher" in each["readers"]}
        # Versions of the lake without governed tags -> when they came.
        self.untagged: dict[tuple[str, str], Version] = {}
        # Versions whose tags only a person can mend: ten tags of others, a more sensitive mark.
        self.for_people: set[str] = set()
        # Finished files that have not been seen in the lake yet.
        self.to_arrive: dict[str, File] = {}
        # Bytes DataSync takes for the same: only the cleaner's checksum tells them apart.
        self.looks_the_same: set[tuple[str, bytes]] = set()
        # Versions a function has tagged before: from then on it must look before it writes.
        self.tagged_once: set[str] = set()
        # Copies that failed DataSync's verification: left without tags on purpose.
        self.unverified: set[str] = set()
        # Versions that a whole task report tells of.
        self.reported: set[str] = set()
        # Versions whose tags have changed -> when last.
        self.retagged: dict[str, datetime] = {}
        layout = catalogue.read_document("shared-storage")["directories"]
        # Directories that are harmless to lose -> for how many days a file stays.
        self.directory_days = {
            name: each["retention_days"] for name, each in layout.items() if "retention_days" in each
        }
        stored = {name: each["shared_storage"] for name, each in document["classes"].items()}
        self.class_days = {name: each["retention_days"] for name, each in stored.items()}
        self.harmless = {name for name, each in stored.items() if each["harmless_to_lose"]}
        self.replayed_at = world.timeline.start
        self.races = 0
        # What is not deployed promises nothing.
        self.deployed: frozenset[str] = frozenset()
        self.slots: dict[datetime, Execution] = {}
        self._aims: dict[str, Mapping[str, str] | None] = {}
        # Log lines: fingerprint -> how many were written; and how many people were told of.
        self.log_filters = filters(catalogue.read_document("log-alerts"))
        self.logged: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self.maybe_twice: Counter[str] = Counter()
        # Critical ones that nobody was told of: fingerprint -> its rule, and since when.
        self.untold: dict[str, tuple[Rule, datetime]] = {}
        self._notices: dict[str, tuple[str, datetime]] = {}
        world.store.watchers.append(self._object_changed)
        world.mailbox.watchers.append(self._notice)
        world.functions.watchers.append(self._ended)
        world.task.watchers.append(self._transferred)
        world.machines.watchers.append(self._machine_changed)

    def _given_up(self, execution: str) -> None:
        """The reconciler has told people that what this execution brought is theirs to tag."""
        found = self.world.task.by_arn.get(execution)
        if found is None or found.ended_at is None:
            return
        written = [each.version for each in found.copies if each.version is not None]
        quiet = self.world.timeline.now - max(found.ended_at, self.world.faults.stopped_at)
        if quiet > GIVES_UP_AFTER and any(each.version_id in self.reported for each in written):
            self.violate("nothing is given up while everything works", f"{found.id}, {quiet} after the last fault")
        self.reported.difference_update(each.version_id for each in written)

    def violate(self, invariant: str, detail: str) -> None:
        """Note a broken promise."""
        self.found.append(Violation(invariant, self.world.timeline.now, detail))

    def check(self) -> None:
        """Look at what needs looking at, and raise what was found.

        Raises:
            Violated: a promise is broken.
        """
        self.look()
        if self.found:
            raise Violated(self.found[0])

    def look(self) -> None:
        """Look for what is overdue."""
        self._overdue()
        self._arrivals()
        self._instances()
        self._untold()

    def check_settled(self) -> None:
        """What holds only when nothing has gone wrong for long."""
        if not self.world.replication.pending:
            for key in self.world.replication.differences():
                self.violate("the replica equals the source", repr(key))
        cleaners = (f"scratch_cleaner/{directory}" for directory in DIRECTORIES)
        for function in ("tag_backfill", "tag_auditor", *cleaners):
            run = self._open_run(function)
            if run is not None:
                self.violate("every run comes to its end", f"{function}: {run}")
        self._every_line_told()
        self.check()

    def _open_run(self, function: str) -> str | None:
        """A run that is still open (common/runs.py) and should be over long ago."""
        current = self.world.reports.current(f"automation-state/{function}/run.json")
        document = json.loads(current.body)["open"] if current is not None else None
        if document is None:
            return None
        opened = datetime.fromisoformat(document["opened_at"])
        since = max(opened, self.world.faults.stopped_at)
        return str(document) if self.world.timeline.now - since > RUN_ENDS_WITHIN else None

    # Objects ----------------------------------------------------------------------------------------------------------

    def aim(self, key: str) -> Mapping[str, str] | None:
        """The governed tags a key asks for; None for what is not a file."""
        if key not in self._aims:
            verdict = classify(key, self.catalogue)
            if isinstance(verdict, NotAFile):
                self._aims[key] = None
            elif isinstance(verdict, Classification):
                self._aims[key] = verdict.tags
            else:
                self._aims[key] = dict(self.catalogue.unclassified)
        return self._aims[key]

    def _object_changed(self, change: Change) -> None:
        world = self.world
        if change.bucket not in (world.lake.name, world.replica.name):
            return
        version, invocation = change.version, change.invocation
        where = f"{version.key!r} {version.version_id} in {change.bucket}"
        if change.kind in ("new", "tags"):
            self._check_readable(version, where)
        if invocation is not None:
            if change.bucket == world.replica.name:
                self.violate("only replication writes the replica", f"{invocation.function}: {where}")
            if change.kind in ("deleted", "marker", "new"):
                self.violate(
                    "functions never write or delete data in the lake", f"{invocation.function}: {change.kind} {where}"
                )
            if change.kind == "tags":
                self._check_tagging(change, where)
        if change.kind == "tags":
            self.retagged[version.version_id] = world.timeline.now
        if change.bucket != world.lake.name:
            return
        name = (version.key, version.version_id)
        if change.kind == "deleted":
            self.untagged.pop(name, None)
        elif not version.is_marker:
            aim = self.aim(version.key)
            governed = {key: value for key, value in version.tags.items() if key in self.governed}
            if aim is None or governed == aim or version.version_id in self.for_people:
                self.untagged.pop(name, None)
            else:
                self.untagged[name] = version

    def _check_readable(self, version: Version, where: str) -> None:
        data_class = version.tags.get("data_class")
        if data_class not in self.readable:
            return
        aim = self.aim(version.key)
        governed = {key: value for key, value in version.tags.items() if key in self.governed}
        if governed != aim:
            self.violate("nothing is readable without its right tags", f"{where} has {governed}, its name says {aim}")

    def _check_tagging(self, change: Change, where: str) -> None:
        version, invocation = change.version, change.invocation
        assert invocation is not None
        aim = self.aim(version.key)
        governed = {key: value for key, value in version.tags.items() if key in self.governed}
        if governed != aim:
            self.violate("functions tag what the name says", f"{invocation.function}: {where}: {governed} != {aim}")
        known = self._known_to(change)
        if self._rank_before(change.before) > self._rank(version.tags):
            if known is None or self._rank_before(known) < self._rank_before(change.before):
                self.races += 1
            else:
                self.violate("a mark is never made less sensitive", f"{invocation.function}: {where}: {change.before}")
        for name, value in change.before.items():
            if name in self.governed or version.tags.get(name) == value:
                continue
            if known is None or known.get(name) != value:
                self.races += 1
                continue
            self.violate("others' tags are kept", f"{invocation.function}: {where} lost {name}={value}")
        self.tagged_once.add(version.version_id)

    def _known_to(self, change: Change) -> Mapping[str, str] | None:
        """The tags that the function could know of; None where it need not look (docs/adr/0011).

        What is set between its read and its write cannot be known. Nor what is set on a version that is tagged for the
        first time, minutes after it came: that one is written without being read.
        """
        assert change.invocation is not None
        seen = change.invocation.seen.get(f"tags {change.bucket} {change.version.version_id}")
        if isinstance(seen, Mapping):
            return seen
        age = self.world.timeline.now - change.version.modified
        is_first = change.version.version_id not in self.tagged_once and age < WRITTEN_UNSEEN
        return None if is_first else change.before

    def _rank_before(self, tags: Mapping[str, str]) -> int:
        """The mark of an unclassified file says "not known yet": a class may replace it."""
        return -1 if tags.get("data_class") == self.catalogue.unclassified["data_class"] else self._rank(tags)

    def _rank(self, tags: Mapping[str, str]) -> int:
        sensitivity = tags.get("sensitivity", "")
        return self.catalogue.sensitivities.index(sensitivity) if sensitivity in self.catalogue.sensitivities else -1

    def _transferred(self, execution: Execution) -> None:
        whole = execution.report != "ERROR" and not any(each.report == "cut" for each in execution.faults)
        for copy in execution.copies:
            if copy.version is None:
                continue
            if copy.mismatch:
                self.unverified.add(copy.version.version_id)
            if whole:
                self.reported.add(copy.version.version_id)

    def tag_deadline(self, version: Version) -> timedelta | None:
        """How long after the last fault a version may be without its tags; None where only people can help."""
        if version.version_id in self.for_people or version.version_id in self.unverified:
            return None
        if version.version_id in self.reported:
            return TAGGED_WITHIN if "transfer_reconciler" in self.deployed else None
        if self.world.lake.current(version.key) is not version:
            return None  # no report tells of it, and nobody reads it: not even people look for it
        return FOUND_WITHIN if "tag_auditor" in self.deployed else None

    def _overdue(self) -> None:
        if not self.untagged:
            return
        now, quiet = self.world.timeline.now, self.world.faults.stopped_at
        for version in self.untagged.values():
            limit = self.tag_deadline(version)
            if limit is None:
                continue
            if now > max(version.modified, quiet) + limit:
                self.violate(
                    "everything is tagged within two cycles",
                    f"{version.key!r} {version.version_id} came {version.modified:%d %H:%M}, faults ended "
                    f"{quiet:%d %H:%M}, its tags are {version.tags}",
                )

    def _audited(self, details: Mapping[str, Any]) -> None:
        """An audit has told what it found: is it so? What changed lately is left out."""
        if details["findings"]["count"] > details["findings"]["shown"] or details["result"]["unread"]:
            return
        state = self.world.reports.current("automation-state/tag_auditor/run.json")
        assert state is not None
        runs = [each for each in json.loads(state.body).values() if each and each["id"] == details["run"]]
        opened = datetime.fromisoformat(runs[0]["opened_at"])
        told = {each["key"]: each["finding"] for each in details["findings"]["items"]}
        reported = {line["key"]: line["finding"] for line in self._report_lines(details["result"]["reports"])}
        if reported != told:
            self.violate("the audit's report says what its notice says", f"{reported} != {told}")
        files = 0
        for key in self.world.lake.versions:
            version, aim = self.world.lake.current(key), self.aim(key)
            if version is None or version.is_marker or aim is None:
                continue
            files += 1
            if max(version.modified, self.retagged.get(version.version_id, version.modified)) + SETTLED > opened:
                continue
            governed = {name: value for name, value in version.tags.items() if name in self.governed}
            if (governed != aim and not self._is_held(governed, aim)) != (key in told):
                self.violate("the audit tells what is so", f"{key!r} has {governed}, told: {key in told}")
        if self._lake_changed_at() < opened.replace(microsecond=0):
            self._audit_counted(details["result"], told, files)

    def _audit_counted(self, result: Mapping[str, Any], told: Mapping[str, str], files: int) -> None:
        """Nothing has changed since the audit began, so every number must be right."""
        hidden = sum(each in ("untagged", "no_room", "illegal") for each in told.values())
        numbers = {
            "files": (result["audited"] + result["fresh"] + result["vanished"], files),
            "files by class": (sum(sum(each.values()) for each in result["classes"].values()), result["audited"]),
            "right": (
                result["verdicts"].get("right", 0) + result["verdicts"].get("held", 0),
                result["audited"] - len(told),
            ),
            "covered": (
                round(result["coverage_percent"] * result["audited"] / 100),
                result["audited"] - hidden,
            ),
        }
        for name, (said, true) in numbers.items():
            if said != true:
                self.violate("the audit counts what there is", f"{name}: said {said}, true {true}: {result}")

    def _report_lines(self, addresses: Iterable[str]) -> Iterator[dict[str, Any]]:
        for address in addresses:
            found = self.world.reports.current(address.removeprefix(f"s3://{self.world.reports.name}/"))
            if found is not None:
                yield from map(json.loads, found.body.splitlines())

    def _lake_changed_at(self) -> datetime:
        versions = self.world.lake.all_versions()
        return max(
            (max(each.modified, self.retagged.get(each.version_id, each.modified)) for each in versions),
            default=self.world.timeline.now,
        )

    def _is_held(self, governed: Mapping[str, str], aim: Mapping[str, str]) -> bool:
        """Whether a person has marked the object as a class more sensitive than the one its name says."""
        name = governed.get("data_class", "")
        sensitivity = self.catalogue.sensitivity_of(name)
        kept = {each: aim[each] for each in ("project", "site") if each in governed and each in aim}
        mark = kept | {"data_class": name, "sensitivity": sensitivity}
        return sensitivity is not None and self._rank(governed) > self._rank(aim) and governed == mark

    # Log lines --------------------------------------------------------------------------------------------------------

    def lines_logged(self, watched: str, rule: str, log_group: str, message: str, count: int) -> None:
        """Lines were written that a rule takes."""
        now = self.world.timeline.now
        found = self.log_filters[watched].rules[rule]
        fingerprint = found.fingerprint(Line("", now, message, log_group, ""))
        self.logged[fingerprint] += count
        if found.severity == "critical":
            self.untold.setdefault(fingerprint, (found, now))

    def replayed(self, letters: Sequence[DeadLetter]) -> None:
        """Dead letters are replayed: after six hours lines that were counted may be counted again (docs/adr/0017)."""
        self.replayed_at = self.world.timeline.now
        for letter in letters:
            found = delivery.read(letter.payload) if letter.function == "log_alerter" else None
            if isinstance(found, delivery.Delivery):
                (name,) = found.filters
                for line in found.lines:
                    rule = self.log_filters[name].rule_for(line)
                    if rule is None:
                        continue
                    fingerprint = rule.fingerprint(line)
                    self.maybe_twice[fingerprint] += 1
                    if fingerprint in self.untold:  # its time begins anew
                        self.untold[fingerprint] = (rule, self.world.timeline.now)

    def _waits_for_a_replay(self) -> bool:
        return any(each.function == "log_alerter" for each in self.world.functions.dead_letters)

    def _every_line_told(self) -> None:
        if self._waits_for_a_replay() or "log_alerter" not in self.deployed:
            return
        for fingerprint, lines in self.logged.items():
            if self.told[fingerprint] < lines:
                self.violate(
                    "every log line is told in the end", f"{fingerprint}: told {self.told[fingerprint]} of {lines}"
                )

    def _untold(self) -> None:
        now, quiet = self.world.timeline.now, self.world.faults.stopped_at
        if not self.untold or self._waits_for_a_replay():
            return
        for fingerprint, (rule, since) in self.untold.items():
            if now > max(since, quiet, self.replayed_at) + rule.window + TOLD_WITHIN:
                self.violate(
                    "people hear of every critical line within its window",
                    f"{rule.name} {fingerprint}, written {since:%d %H:%M}, faults ended {quiet:%d %H:%M}",
                )

    def _told_of_lines(self, document: Mapping[str, Any]) -> None:
        details = document["details"]
        key, name = details["dedupe_key"], details["rule"]
        if key in self._notices:
            return  # the same notice again, which receivers can tell
        at = datetime.fromisoformat(document["occurred_at"])
        self._notices[key] = (name, at)
        watched, _, rule_name = name.partition("/")
        rule = self.log_filters[watched].rules[rule_name]
        since = at - rule.window + CLOCKS_DIFFER
        sent = sum(other == name and since < moment <= at for other, moment in self._notices.values())
        if sent > rule.limit:
            self.violate("no rule sends more notices than its limit", f"{name}: {sent} since {since:%d %H:%M}")
        for group in details["groups"]["items"]:
            fingerprint = group["fingerprint"]
            self.told[fingerprint] += group["count"]
            self.untold.pop(fingerprint, None)
            if self.told[fingerprint] > self.logged[fingerprint] + self.maybe_twice[fingerprint]:
                self.violate(
                    "no log line is counted twice",
                    f"{name} {fingerprint}: told {self.told[fingerprint]} of {self.logged[fingerprint]}",
                )

    # Files ------------------------------------------------------------------------------------------------------------

    def file_finished(self, file: File) -> None:
        """A user has finished a file under published/."""
        if file.directory == "published":
            self.to_arrive[file.path] = file

    def is_in_lake(self, path: str, content: bytes) -> bool:
        """Whether some version of the object holds these bytes."""
        return any(
            each.body == content and not each.is_marker for each in reversed(self.world.lake.versions.get(path, []))
        )

    def _arrivals(self) -> None:
        if "transfer_starter" not in self.deployed:
            return
        now, quiet = self.world.timeline.now, self.world.faults.stopped_at
        for path, file in list(self.to_arrive.items()):
            if (
                self.world.files.ledger.get((file.directory, path)) is not file
                or not file.is_finished
                or self.is_in_lake(path, file.content)
                or (path, file.content) in self.looks_the_same
            ):
                del self.to_arrive[path]
            elif self._is_taken_for_the_same(file):
                continue
            else:
                present = self.world.lake.current(path)
                # What others do to the object asks for a transfer anew.
                touched_at = present.modified if present is not None else file.written_at
                if now > max(file.written_at, touched_at, quiet) + ARRIVES_WITHIN:
                    written = f"written {file.written_at:%d %H:%M}, faults ended {quiet:%d %H:%M}"
                    self.violate("every finished file arrives in the lake", f"{path!r}, {written}")

    def _is_taken_for_the_same(self, file: File) -> bool:
        """Whether the lake has other bytes of the same size and time: a copy that was spoilt on its way."""
        present = self.world.lake.current(file.path)
        return present is not None and not present.is_marker and len(present.body) == len(file.content)

    def _cleaned(self, outcome: Outcome, invocation: Invocation) -> None:
        """A cleaner has worked: is every file still there, or gone by right?"""
        files, now = self.world.files, self.world.timeline.now
        directory = outcome.function.removeprefix("scratch_cleaner_")
        for (where, path), file in list(files.ledger.items()):
            if files.has(file):
                continue
            del files.ledger[where, path]
            if where != directory:
                self.violate("a cleaner stays in its directory", f"{outcome.function} removed {where}/{path!r}")
            else:
                self._file_gone(file, invocation)
                files.removed.append((file, now))
        files.removed = [
            (file, at) for file, at in files.removed if now - at < timedelta(days=number_of("cleaning_undo_days"))
        ]
        for file, at in files.removed:
            if file.directory == directory and not files.is_aside(file):
                self.violate(
                    "what was removed can be brought back", f"{directory}/{file.path!r}, removed {at:%d %H:%M}"
                )
        if isinstance(outcome.result, dict) and outcome.result.get("outcome") == "finished":
            self._is_clean(directory, outcome.result)

    def _file_gone(self, file: File, invocation: Invocation) -> None:
        assert invocation.began is not None
        now, where = self.world.timeline.now, f"{invocation.function} removed {file.path!r}"
        limit = self._stays_for(file)
        if limit is None:
            self.violate("what has no class, or is kept for good, stays", where)
        elif now - file.changed_at < limit:
            self.violate("nothing is deleted in its window", f"{where}, changed {file.changed_at:%Y-%m-%d %H:%M}")
        if any(
            not each.is_over and each.renewed_at < invocation.began and now - each.renewed_at < LEASE
            for each in self.world.files.leases_of(file)
        ):
            self.violate("no file in use is removed", where)
        verdict = classify(file.path, self.catalogue)
        if not isinstance(verdict, Classification) or (
            file.directory != "published" and verdict.data_class in self.harmless
        ):
            return
        copies = [each for each in self.world.lake.versions.get(file.path, []) if each.body == file.content]
        if not copies:
            self.violate("no file that is to be kept is lost", f"{where}, whose bytes are not in the lake")
        elif not any(each.body == file.content for each in self.world.replica.versions.get(file.path, [])):
            self.violate("no file goes before its copy is replicated", where)
        elif not any(
            verdict.tags.items() <= each.tags.items()
            or self.retagged.get(each.version_id, self.world.timeline.start) >= invocation.began
            for each in copies
        ):
            self.violate("no file goes before its copy is tagged", where)

    def _stays_for(self, file: File) -> timedelta | None:
        """For how long after its last change a file stays; None: for good."""
        days = self.directory_days.get(file.directory)
        verdict = classify(file.path, self.catalogue)
        if isinstance(verdict, Classification):
            of_class = self.class_days[verdict.data_class]
            if days is None or verdict.data_class not in self.harmless:
                return None if of_class is None else timedelta(days=max(of_class, days or 0))
        return None if days is None else timedelta(days=days)

    def _is_clean(self, directory: str, result: Mapping[str, Any]) -> None:
        """After a cleaning nothing old is left that nobody needs."""
        if result["run"].startswith("dry-run") or directory not in self.directory_days:
            return
        now = self.world.timeline.now
        for file in self.world.files.ledger.values():
            if file.directory != directory or isinstance(classify(file.path, self.catalogue), Classification):
                continue
            # A lease may have brought it back in the week before, which counts as a change.
            leased = any(now - each.renewed_at < FREED_WITHIN + LEASE for each in self.world.files.leases_of(file))
            if now - file.changed_at > FREED_WITHIN and not leased:
                self.violate(
                    "what is old and harmless goes", f"{directory}/{file.path!r} of {file.changed_at:%d %H:%M}"
                )

    # Volumes, snapshots, instances ------------------------------------------------------------------------------------

    def _machine_changed(self, change: Deleted) -> None:
        if change.invocation is None:
            return
        who, thing, now = change.invocation.function, change.thing, self.world.timeline.now
        if isinstance(thing, Volume) and change.what == "volume deleted":
            owner = self.world.machines.instances.get(thing.tags.get(OWNER_INSTANCE, thing.instance or ""))
            if owner is not None and owner.state != "terminated":
                self.violate("no volume of an instance that exists is deleted", f"{who}: {thing.id} of {owner.id}")
            if CLAIM.keys() & thing.tags.keys() or PROTECTED.items() <= thing.tags.items():
                self.violate(
                    "no volume of a claim, and no protected one, is deleted", f"{who}: {thing.id} {thing.tags}"
                )
            if thing.detached_at is None or now - thing.detached_at < WINDOW:
                self.violate(
                    "nothing is deleted in its window", f"{who}: {thing.id}, unattached since {thing.detached_at}"
                )
            if not any(
                each.volume == thing.id and each.state == "completed" and each.holds == thing.written
                for each in self.world.machines.snapshots.values()
            ):
                self.violate("a volume goes only after its last snapshot is complete", f"{who}: {thing.id}")
        if isinstance(thing, Snapshot) and change.what == "snapshot deleted":
            self._snapshot_deleted(who, thing)
        if isinstance(thing, Instance) and change.what == "instance started":
            self._instance_started(who, thing)
        if isinstance(thing, Instance) and change.what == "instance stopped":
            self._instance_stopped(who, thing)
            if thing.busy:
                self.violate("no busy instance is stopped", f"{who}: {thing.id}")
            if PROTECTED.items() <= thing.tags.items() or not SCHEDULED.items() <= thing.tags.items():
                self.violate("no protected or unscheduled instance is stopped", f"{who}: {thing.id} {thing.tags}")

    def _instance_stopped(self, who: str, instance: Instance) -> None:
        now = self.world.timeline.now
        if MANAGED.keys() & instance.tags.keys() or instance.is_spot:
            self.violate("no instance that others manage is stopped", f"{who}: {instance.id} {instance.tags}")
        if _in_hours(now - CLOCKS_DIFFER) and _in_hours(now + CLOCKS_DIFFER):
            self.violate("no instance is stopped in its hours", f"{who}: {instance.id}")
        if any(
            datetime.fromisoformat(instance.tags[tag]) > now + CLOCKS_DIFFER for tag in UNTIL if tag in instance.tags
        ):
            self.violate("what says how long it is needed runs so long", f"{who}: {instance.id} {instance.tags}")
        if not _in_hours(instance.launched_at) and instance.launched_at + OVERRIDE > now + CLOCKS_DIFFER:
            self.violate("what was started by hand outside of its hours runs on", f"{who}: {instance.id}")

    def _instance_started(self, who: str, instance: Instance) -> None:
        now = self.world.timeline.now
        if instance.stopped_by not in (who, UNCLEAR):
            self.violate("a function starts only what it has stopped", f"{who}: {instance.id}")
        if not SCHEDULED.items() <= instance.tags.items() or PROTECTED.items() <= instance.tags.items():
            self.violate("no protected or unscheduled instance is started", f"{who}: {instance.id} {instance.tags}")
        if not _in_hours(now - CLOCKS_DIFFER) and not _in_hours(now + CLOCKS_DIFFER):
            self.violate("no instance is started outside of its hours", f"{who}: {instance.id}")

    def _instances(self) -> None:
        """Every instance that nobody has touched for long is in the state that should hold now."""
        now = self.world.timeline.now
        before = now - STOPS_WITHIN
        if "instance_scheduler" not in self.deployed or self.world.faults.stopped_at > before:
            return
        hours = {_in_hours(now), _in_hours(before)}
        for instance in self.world.machines.instances.values():
            if instance.touched_at is None or instance.touched_at > before or instance.cannot_stop or instance.busy:
                continue
            if not SCHEDULED.items() <= instance.tags.items() or PROTECTED.items() <= instance.tags.items():
                continue
            if MANAGED.keys() & instance.tags.keys() or instance.is_spot:
                continue
            started_lately = instance.launched_at + OVERRIDE > before
            if instance.state == "running" and hours == {False} and not started_lately:
                self.violate("what is idle stands still outside of its hours", f"{instance.id} {instance.tags}")
            if instance.state == "stopped" and hours == {True} and instance.stopped_by == "instance_scheduler":
                self.violate("what a function stopped runs in its hours", f"{instance.id} {instance.tags}")

    def _snapshot_deleted(self, who: str, snapshot: Snapshot) -> None:
        if snapshot.by != who:
            owner = snapshot.by or "people"
            self.violate("functions delete their own snapshots only", f"{who}: {snapshot.id} of {owner}")
        if self.world.timeline.now - snapshot.started_at < SNAPSHOT_WINDOW:
            self.violate("nothing is deleted in its window", f"{who}: {snapshot.id} of {snapshot.started_at}")
        volume = self.world.machines.volumes.get(snapshot.volume)
        if volume is not None and volume.instance is None and MARK in volume.tags:
            self.violate("the last snapshot stays while its volume does", f"{who}: {snapshot.id}")

    # Transfers, notices -----------------------------------------------------------------------------------------------

    def _ended(self, outcome: Outcome) -> None:
        invocation = outcome.invocation
        if invocation is None:
            return
        if "asked anyway" in invocation.seen:
            self.violate("at most one transfer runs", f"{outcome.function} saw one under way and asked for another")
        if outcome.function.startswith("scratch_cleaner_") and outcome.result != {"outcome": "idle"}:
            self._cleaned(outcome, invocation)
        if outcome.problem and not isinstance(outcome.result, Exception) and outcome.problem != "killed":
            self.violate("functions fail with an exception", outcome.problem)

    def _notice(self, notice: Delivered) -> None:
        document: dict[str, Any] = notice.document
        if str(document.get("kind", "")).startswith("logs."):
            self._told_of_lines(document)
        if document.get("kind") == "transfer.not_tagged":
            self._given_up(document["details"]["execution"])
        if document.get("kind") == "data.audit_finished":
            self._audited(document["details"])
        problems = []
        if document.get("schema") != SCHEMA:
            problems.append("its schema")
        if document.get("severity") not in ("info", "warning", "critical"):
            problems.append("its severity")
        if str(document.get("kind", "")).count(".") != 1:
            problems.append("its kind")
        if not document.get("details", {}).get("dedupe_key"):
            problems.append("its dedupe_key")
        if not (REPOSITORY / str(document.get("runbook", ""))).is_file():
            problems.append(f"its runbook {document.get('runbook')}")
        if notice.size > LIMIT_BYTES:
            problems.append("its size")
        if problems:
            self.violate("notices are valid", f"{notice.subject}: wrong: {', '.join(problems)}")
