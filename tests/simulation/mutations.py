"""Known bugs, put into the functions' real code one at a time. Each must break a promise."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.simulation import history


@dataclass(frozen=True)
class Scene:
    """Histories in which a bug can show: their length, their operations, the functions that are deployed."""

    months: float = 0.5
    lanes: Collection[str] | None = None
    functions: Collection[str] | None = None

    def told(self, seed: int) -> history.Told:
        """One of them."""
        return history.run(*history.make(seed, self.months, self.lanes), functions=self.functions)


SKEW = timedelta(hours=1)
EVERYTHING = Scene()
# A volume's month is long, so half a year of it, and nothing else.
MACHINES = Scene(months=4, lanes=("machines",), functions=("volume_reaper",))
# Replays and tags of others are rare among everything else.
TAGGING = Scene(
    months=1,
    lanes=("files", "lake", "operations"),
    functions=("transfer_starter", "object_tagger", "transfer_reconciler", "tag_backfill"),
)
# Test instances for three weeks, and their volumes for months.
INSTANCES = Scene(months=0.7, lanes=("machines",), functions=("instance_scheduler",))
PAIR = Scene(months=2.5, lanes=("machines",), functions=("instance_scheduler", "volume_reaper"))
# Files stay for a week and are removed on Sundays.
CLEANING = Scene(
    months=1.2,
    lanes=("files", "lake", "operations"),
    functions=("transfer_starter", "object_tagger", "transfer_reconciler", "tag_backfill", "scratch_cleaner"),
)
# Lines, deliveries and the alerter; a week shows what there is.
LOGS = Scene(months=0.3, lanes=("logs",), functions=("log_alerter",))


@dataclass(frozen=True)
class Bug:
    """A bug and where it shows. ``first``: the seed to begin with, one that is known to show it."""

    apply: Callable[[pytest.MonkeyPatch], None]
    scene: Scene
    first: int = 100


BUGS: dict[str, Bug] = {}


def bug(
    scene: Scene, first: int = 100
) -> Callable[[Callable[[pytest.MonkeyPatch], None]], Callable[[pytest.MonkeyPatch], None]]:
    """Enter a bug; the function's name is the bug's."""

    def enter(apply: Callable[[pytest.MonkeyPatch], None]) -> Callable[[pytest.MonkeyPatch], None]:
        BUGS[apply.__name__] = Bug(apply, scene, first)
        return apply

    return enter


# Tagging --------------------------------------------------------------------------------------------------------------


@bug(EVERYTHING)
def tagger_overwrites_the_tags_of_others(patch: pytest.MonkeyPatch) -> None:
    from common import tags

    def overwrite(present: Any, wanted: Any, catalogue: Any) -> tags.Decision:
        del catalogue
        return tags.Keep() if dict(present) == dict(wanted) else tags.Write(wanted)

    patch.setattr(tags, "merge", overwrite)


@bug(EVERYTHING)
def tagger_lowers_what_a_custodian_has_marked(patch: pytest.MonkeyPatch) -> None:
    from common import tags

    patch.setattr(tags, "_rank_present", lambda present, catalogue: -1)


@bug(EVERYTHING, first=105)
def tagger_tags_the_current_version_instead_of_the_reported_one(patch: pytest.MonkeyPatch) -> None:
    from object_tagger import tagger
    from object_tagger.domain import aim_of as real

    def aim_at_current(entry: Any, unverified: Any, catalogue: Any) -> Any:
        return real(dataclasses.replace(entry, version_id=None), unverified, catalogue)

    patch.setattr(tagger, "aim_of", aim_at_current)


@bug(EVERYTHING)
def tagger_guesses_the_class_of_a_bad_name_from_its_folder(patch: pytest.MonkeyPatch) -> None:
    from common import tagging
    from common.classification import Classification, Unclassified
    from common.classification import classify as real

    def guess(key: str, catalogue: Any) -> Any:
        verdict = real(key, catalogue)
        found = next((each for each in catalogue.classes.values() if key.startswith(f"{each.prefix}/")), None)
        if not isinstance(verdict, Unclassified) or found is None:
            return verdict
        return Classification(found.name, found.sensitivity, "p", "s", "S1", "", "bam")

    patch.setattr(tagging, "classify", guess)


@bug(TAGGING, first=101)
def tagger_takes_every_call_for_the_first(patch: pytest.MonkeyPatch) -> None:
    """It writes without reading; on a replay that costs the tags others have added since."""
    from object_tagger import receipts, tagger

    def begin(self: Any, execution_id: str, now: Any) -> bool:
        del self, execution_id, now
        return True

    patch.setattr(receipts.Receipts, "begin", begin)
    patch.setattr(tagger, "is_fresh", lambda started_at, now: True)


@bug(EVERYTHING)
def tagger_ignores_transfers_that_failed(patch: pytest.MonkeyPatch) -> None:
    from object_tagger.tagger import Tagger

    real = Tagger.run

    def run(self: Any, event: Any, clock: Any) -> Any:
        return real(self, event, clock) if event.state == "SUCCESS" else {}

    patch.setattr(Tagger, "run", run)


# The audit ------------------------------------------------------------------------------------------------------------


@bug(EVERYTHING, first=102)
def auditor_takes_any_tags_for_right(patch: pytest.MonkeyPatch) -> None:
    from tag_auditor import auditor, domain

    real = domain.judge

    def lenient(*arguments: Any) -> domain.Judgement:
        found = real(*arguments)
        return dataclasses.replace(found, verdict=domain.Verdict.RIGHT) if found.present else found

    patch.setattr(auditor, "judge", lenient)


@bug(EVERYTHING)
def auditor_looks_at_the_first_page_only(patch: pytest.MonkeyPatch) -> None:
    from tag_auditor.aws import Listing

    real = Listing.pages
    patch.setattr(Listing, "pages", lambda self, after: [next(real(self, after))])


@bug(EVERYTHING)
def auditor_calls_everything_fresh(patch: pytest.MonkeyPatch) -> None:
    from tag_auditor import auditor, domain

    real = domain.judge

    def patient(aim: Any, present: Any, modified: Any, now: Any, grace: Any, catalogue: Any) -> domain.Judgement:
        return real(aim, present, modified, now, timedelta(days=365), catalogue)

    patch.setattr(auditor, "judge", patient)


@bug(EVERYTHING)
def auditor_loses_its_report(patch: pytest.MonkeyPatch) -> None:
    from common.slices import Slice
    from tag_auditor import auditor

    class Forgetful(Slice[Any]):
        def write_report(self) -> None:
            return

    patch.setattr(auditor, "Slice", Forgetful)


@bug(EVERYTHING)
def auditor_leaves_the_unclassified_out(patch: pytest.MonkeyPatch) -> None:
    from tag_auditor import auditor
    from tag_auditor.domain import aim_of as real

    def known(entry: Any, catalogue: Any) -> Any:
        aim = real(entry, catalogue)
        return None if aim is None or aim.unclassified else aim

    patch.setattr(auditor, "aim_of", known)


# The transfer ---------------------------------------------------------------------------------------------------------


@bug(EVERYTHING)
def starter_starts_although_one_is_under_way(patch: pytest.MonkeyPatch) -> None:
    from transfer_starter import domain, starter

    real = domain.decide

    def eager(task: Any, now: Any, every: Any, stuck_after: Any) -> domain.Decision:
        ended = dataclasses.replace(
            task, status="AVAILABLE", executions=tuple(each for each in task.executions if not each.is_under_way)
        )
        return real(ended, now, every, stuck_after)

    patch.setattr(starter, "decide", eager)


@bug(EVERYTHING)
def starter_waits_for_people_after_a_failed_transfer(patch: pytest.MonkeyPatch) -> None:
    from transfer_starter import domain, starter

    real = domain.decide

    def timid(task: Any, now: Any, every: Any, stuck_after: Any) -> domain.Decision:
        decision = real(task, now, every, stuck_after)
        if isinstance(decision, domain.Start) and decision.failed_before is not None:
            return domain.Refuse("the last transfer failed")
        return decision

    patch.setattr(starter, "decide", timid)


@bug(EVERYTHING)
def reconciler_never_calls_again(patch: pytest.MonkeyPatch) -> None:
    from transfer_reconciler import domain, reconciler

    patch.setattr(reconciler, "action_for", lambda execution, receipt, attempts, now: domain.Wait())


# Volumes --------------------------------------------------------------------------------------------------------------


@bug(MACHINES)
def reaper_forgets_that_a_volume_was_attached_again(patch: pytest.MonkeyPatch) -> None:
    from volume_reaper import domain, reaper
    from volume_reaper.aws import Usage

    real = domain.decide

    def forgetful(*arguments: Any, **more: Any) -> list[domain.Action]:
        return [each for each in real(*arguments, **more) if not isinstance(each, domain.Unmark)]

    patch.setattr(reaper, "decide", forgetful)
    patch.setattr(Usage, "was_attached", lambda self, volume_id, since, until: False)


@bug(MACHINES)
def reaper_misses_use_between_its_looks(patch: pytest.MonkeyPatch) -> None:
    from volume_reaper.aws import Usage

    patch.setattr(Usage, "was_attached", lambda self, volume_id, since, until: False)


@bug(MACHINES)
def reaper_deletes_before_the_snapshot_is_complete(patch: pytest.MonkeyPatch) -> None:
    from volume_reaper.aws import Volumes

    real = Volumes.final_snapshots

    def hasty(self: Volumes) -> Any:
        return [dataclasses.replace(each, state="completed") for each in real(self)]

    patch.setattr(Volumes, "final_snapshots", hasty)


@bug(MACHINES)
def reaper_ignores_claims_and_protection(patch: pytest.MonkeyPatch) -> None:
    from volume_reaper import domain

    patch.setattr(domain, "spared", lambda volume, instances: "")


@bug(MACHINES)
def reaper_counts_the_window_in_hours(patch: pytest.MonkeyPatch) -> None:
    from volume_reaper import domain, reaper

    real = domain.decide

    def impatient(volumes: Any, instances: Any, snapshots: Any, now: Any, window: Any, *, reap: bool) -> Any:
        del window
        return real(volumes, instances, snapshots, now, timedelta(hours=30), reap=reap)

    patch.setattr(reaper, "decide", impatient)


@bug(MACHINES)
def reaper_deletes_snapshots_with_their_volume(patch: pytest.MonkeyPatch) -> None:
    from volume_reaper import reaper
    from volume_reaper.domain import snapshot_tags as real

    def short(volume: Any, delete_after: Any) -> dict[str, str]:
        tags = real(volume, delete_after)
        return {name: "2026-01-01T00:00:00+00:00" if "delete-after" in name else value for name, value in tags.items()}

    patch.setattr(reaper, "snapshot_tags", short)


# The shared storage ---------------------------------------------------------------------------------------------------


@bug(CLEANING)
def cleaner_skips_the_verification(patch: pytest.MonkeyPatch) -> None:
    from scratch_cleaner import cleaner

    patch.setattr(cleaner, "doubt_of_copy", lambda copy, facts, checksum, tags, rules: None)


@bug(CLEANING)
def cleaner_takes_the_same_size_for_the_same_bytes(patch: pytest.MonkeyPatch) -> None:
    from scratch_cleaner import cleaner, domain

    real = domain.doubt_of_copy

    def trusting(copy: Any, facts: Any, checksum: str, tags: Any, rules: Any) -> Any:
        return real(copy, facts, copy.checksum if copy else checksum, tags, rules)

    patch.setattr(cleaner, "doubt_of_copy", trusting)


@bug(CLEANING, first=128)
def cleaner_does_not_wait_for_the_replica(patch: pytest.MonkeyPatch) -> None:
    from scratch_cleaner.domain import Rules

    real = Rules.from_documents

    def hasty(*arguments: Any, **more: Any) -> Any:
        return real(*arguments, **(more | {"needs_replica": False}))

    patch.setattr(Rules, "from_documents", hasty)


@bug(CLEANING)
def cleaner_looks_at_the_time_of_writing_only(patch: pytest.MonkeyPatch) -> None:
    from scratch_cleaner.domain import Facts

    patch.setattr(Facts, "changed_at", property(lambda self: self.mtime))


@bug(CLEANING)
def cleaner_ignores_leases(patch: pytest.MonkeyPatch) -> None:
    from scratch_cleaner import cleaner

    patch.setattr(cleaner, "is_leased", lambda path, leases, now: False)


@bug(CLEANING)
def cleaner_takes_every_file_in_scratch_for_harmless(patch: pytest.MonkeyPatch) -> None:
    from scratch_cleaner import cleaner, domain

    def careless(path: str, facts: Any, rules: Any, catalogue: Any, now: Any) -> Any:
        if rules.retention is not None and facts.is_file:
            return domain._by_age(facts, rules.retention, now)
        return domain.decide(path, facts, rules, catalogue, now)

    patch.setattr(cleaner, "decide", careless)


@bug(CLEANING)
def cleaner_counts_the_time_to_undo_from_the_last_writing(patch: pytest.MonkeyPatch) -> None:
    """So that what it has just moved aside is gone in the next run."""
    from scratch_cleaner.cleaner import Cleaner
    from scratch_cleaner.tree import Tree

    real = Tree.aside

    def old(self: Tree, run: str) -> Any:
        for each in real(self, run):
            yield dataclasses.replace(each, facts=dataclasses.replace(each.facts, ctime=each.facts.mtime + SKEW))

    patch.setattr(Tree, "aside", old)
    patch.setattr(Cleaner, "_may_be_over", lambda self, run, now: True)


@bug(CLEANING)
def cleaner_stops_after_its_first_slice(patch: pytest.MonkeyPatch) -> None:
    """What is behind the first checkpoint is never looked at."""
    from scratch_cleaner.tree import Tree

    real = Tree.walk

    def lazy(self: Tree, after: str) -> Any:
        for number, entry in enumerate(real(self, after)):
            if number >= 5:
                return
            yield entry

    patch.setattr(Tree, "walk", lazy)


# Log lines ------------------------------------------------------------------------------------------------------------


@bug(LOGS, first=101)
def alerter_counts_every_delivery(patch: pytest.MonkeyPatch) -> None:
    """It forgets the ids of the lines it has counted."""
    from log_alerter.memory import Memory

    real = Memory.count

    def count(self: Memory, rule: Any, lines: Any, now: Any) -> int:
        self.seen.clear()
        return real(self, rule, lines, now)

    patch.setattr(Memory, "count", count)


@bug(LOGS, first=102)
def alerter_overwrites_what_another_wrote(patch: pytest.MonkeyPatch) -> None:
    """Lines and the times of notices are lost."""
    from common import state

    real = state.StateStore.write

    def write(self: Any, name: str, document: Any, etag: Any) -> str:
        del etag
        return real(self, name, document, self.read(name).etag)

    patch.setattr(state.StateStore, "write", write)


@bug(LOGS, first=106)
def alerter_forgets_a_notice_sns_did_not_take(patch: pytest.MonkeyPatch) -> None:
    from log_alerter.memory import Memory

    real = Memory.settle

    def settle(self: Memory, sent: set[str], failed: set[str]) -> bool:
        return real(self, sent | failed, set())

    patch.setattr(Memory, "settle", settle)


@bug(LOGS)
def alerter_knows_no_limit(patch: pytest.MonkeyPatch) -> None:
    from log_alerter.memory import Memory, RuleMemory

    real = Memory.write_down

    def write_down(self: Memory, rule: Any, now: Any) -> bool:
        self.rules.get(rule.name, RuleMemory()).notices.clear()
        return real(self, rule, now)

    patch.setattr(Memory, "write_down", write_down)


# Instances ------------------------------------------------------------------------------------------------------------


@bug(INSTANCES)
def scheduler_does_not_look_whether_an_instance_works(patch: pytest.MonkeyPatch) -> None:
    from instance_scheduler.aws import Processors

    patch.setattr(Processors, "highest_use", lambda self, ids, since, until: dict.fromkeys(ids, 0.0))


@bug(INSTANCES)
def scheduler_forgets_leases_and_overrides(patch: pytest.MonkeyPatch) -> None:
    from instance_scheduler import domain

    patch.setattr(domain, "BUSY_UNTIL", "kosha:lease")
    patch.setattr(domain, "RUN_UNTIL", "kosha:override")


@bug(INSTANCES)
def scheduler_stops_what_was_just_started_by_hand(patch: pytest.MonkeyPatch) -> None:
    from instance_scheduler import config

    patch.setattr(config, "DEFAULT_OVERRIDE_HOURS", 0.1)


@bug(INSTANCES)
def scheduler_takes_utc_for_local_time(patch: pytest.MonkeyPatch) -> None:
    from zoneinfo import ZoneInfo

    from instance_scheduler import hours

    patch.setattr(hours, "_timezone", lambda name, text: ZoneInfo("UTC"))


@bug(INSTANCES)
def scheduler_touches_what_others_manage(patch: pytest.MonkeyPatch) -> None:
    from instance_scheduler import domain

    patch.setattr(domain, "never_touched", lambda instance: None)


@bug(INSTANCES, first=101)
def scheduler_starts_what_others_have_stopped(patch: pytest.MonkeyPatch) -> None:
    from instance_scheduler import domain, scheduler

    real = domain.decide

    def forgetful(*arguments: Any) -> list[domain.Action]:
        return [each for each in real(*arguments) if not isinstance(each, domain.Unmark)]

    patch.setattr(scheduler, "decide", forgetful)
    patch.setattr(domain, "is_ours", lambda instance: True)


@bug(INSTANCES)
def scheduler_lets_one_instance_keep_all_others_running(patch: pytest.MonkeyPatch) -> None:
    from instance_scheduler import scheduler

    patch.setattr(scheduler, "is_transient", lambda error: True)


@bug(PAIR, first=103)
def reaper_takes_a_stopped_instance_for_gone(patch: pytest.MonkeyPatch) -> None:
    from volume_reaper.aws import Volumes
    from volume_reaper.domain import Instances

    real = Volumes.instances

    def running(self: Any) -> Instances:
        found = real(self)
        pages = self._ec2.get_paginator("describe_instances").paginate()
        states = {
            each["InstanceId"]: each["State"]["Name"]
            for page in pages
            for group in page["Reservations"]
            for each in group["Instances"]
        }
        return Instances({each for each in found.ids if states[each] == "running"}, found.volume_ids)

    patch.setattr(Volumes, "instances", running)
