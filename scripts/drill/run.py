"""One drill: a day, the loss, the way over by the runbook, the work in the recovery region, the way back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from botocore.exceptions import ClientError

from scripts.demo.__main__ import run_pipeline
from scripts.drill import people
from scripts.drill.day import BEGINS, PROJECTS, SITE, Day
from scripts.drill.ledger import Outcome, Write, outcome
from scripts.drill.local import LocalSite
from scripts.drill.site import DIRECTORIES, Contents, Site, files, versions
from scripts.example_data import lay_out
from scripts.infrastructure import commands
from scripts.infrastructure.environments import RECOVERY, ROOTS
from scripts.object_tags import tags_of
from scripts.paths import CATALOG, REPOSITORY
from scripts.prove.matrix import Matrix, Object, Session
from scripts.recovery.runbook import Step, read_steps
from scripts.recovery.targets import read_targets
from scripts.talk import UserError, make_console

RUNBOOKS = REPOSITORY / "docs" / "runbooks"
HALF_AN_HOUR = timedelta(minutes=30)
DATA_MOVERS = ("*transfer*", "*tag*", "*backup*", "*recovery points", "replication *")
"""What works during the day; the other schedules would call some hundred times and move nothing."""
REPLICATIONS = ("replication *",)
"""What works on the way back, when nothing new is written any more."""
APPLIED = ("60-protection", RECOVERY)
"""The roots that the runbooks apply."""
READ_PAIRS = 500
"""Pairs of reads of the sample that goes through the pipeline in the recovery region: enough to call variants."""

NOTE = f"{DIRECTORIES['shared_storage']}/{PROJECTS[0]}/{SITE}/written-in-recovery.txt"

console = make_console()


@dataclass(frozen=True)
class Done:
    """A step of a runbook that was run: from when until when (platform time), and the seconds it took here."""

    page: str
    step: Step
    began: datetime
    ended: datetime
    seconds: float


@dataclass
class Drill:
    """What a drill finds out."""

    day: Day
    began: datetime
    stopped: datetime | None = None
    returned: datetime | None = None
    writes: list[Write] = field(default_factory=list)
    steps: list[Done] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    by_copy: dict[str, timedelta] = field(default_factory=dict)
    checks: list[tuple[str, bool, str]] = field(default_factory=list)
    ended: datetime | None = None

    def check(self, what: str, is_right: bool, detail: str = "") -> None:
        """Note something looked at."""
        self.checks.append((what, is_right, detail))
        colour, word = ("green", "yes") if is_right else ("red", "NO")
        console.print(f"  [{colour}]{word}[/] {what}{f': {detail}' if detail else ''}", highlight=False)

    @property
    def problems(self) -> list[str]:
        """What breaks a promise; the drill fails if there is any."""
        targets = read_targets()
        found = [f"{what}: {detail or 'not so'}" for what, is_right, detail in self.checks if not is_right]
        for each in self.outcomes:
            if not each.is_within(targets[each.target]):
                target = targets[each.target]
                found.append(
                    f"{each.target}: RPO {each.rpo} of {target.rpo}, RTO {each.rto} of {target.rto}, "
                    f"{len(each.broken_promises)} lost that had been acknowledged as copied"
                )
        return found


def run(site: Site, day: Day, planned: Sequence[str] = ROOTS) -> Drill:
    """Do the whole drill. Raises :class:`UserError` where a step of a runbook fails.

    Args:
        planned: the roots of which a plan, at the end, must show no change.
    """
    day = site.fit(day)
    drill = Drill(day, _begin(site))
    site.set_lags(day.lake_lag, day.storage_lag)
    console.rule(f"[bold]Seed {day.seed}: a busy day, {len(day.deeds)} writes", align="left")
    with site.resting_but(*DATA_MOVERS):
        for deed in day.deeds:
            site.advance_to(drill.began + deed.after)
            drill.writes.append(site.do(deed))
        site.advance_to(drill.began + day.lost_after)
    drill.writes += site.acknowledged()
    site.lose_region()
    drill.stopped = site.now()
    console.rule(f"[bold]{site.region} is lost at {drill.stopped:%H:%M} UTC", align="left")
    try:
        _follow(site, drill, "region-failover.md")
        _count(site, drill)
        _work_in_recovery(site, drill)
    finally:
        site.return_region()
    drill.returned = site.now()
    console.rule(f"[bold]{site.region} is back", align="left")
    with site.resting_but(*REPLICATIONS):
        _follow(site, drill, "region-failback.md")
    _compare(site, drill, planned)
    drill.ended = site.now()
    return drill


def _begin(site: Site) -> datetime:
    """Let time pass until the next begin of a day, and give that moment."""
    hours = yaml.safe_load((CATALOG / "recovery.yaml").read_text(encoding="utf-8"))["business_hours"]
    here = site.now().astimezone(ZoneInfo(hours["timezone"]))
    hour, minute = map(int, BEGINS.split(":"))
    begin = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if begin < here:
        begin += timedelta(days=1)
    site.await_begin(begin)
    return site.now()


def _follow(site: Site, drill: Drill, page: str) -> None:
    """Run the steps of a page; each lasts as long as the page says it does on AWS."""
    variables = {"ENV": site.standby.environment.name, "WAITING": site.stage}
    for step in read_steps(RUNBOOKS / page):
        began = site.now()
        ends = began + timedelta(minutes=step.minutes)
        console.print(f"[bold]{step.number}. {step.title}[/]  {step.command}", highlight=False)
        seconds = site.run_command(step.command, variables, until=ends)
        drill.steps.append(Done(page, step, began, site.now(), seconds))


def _count(site: Site, drill: Drill) -> None:
    """Hold what was written against what is there."""
    assert drill.stopped is not None
    found, copies = site.found(drill.stopped), site.copies_of_snapshots()
    # Of `critical` there are three copies, and the target is for the best of them; the page tells each alone, too.
    found["snapshots"] = union(copies.values())
    usable = {target: done.ended - drill.stopped for done in drill.steps for target in done.step.gives_back}
    for target, there in found.items():
        writes = [each for each in drill.writes if each.target == target]
        drill.outcomes.append(outcome(target, writes, there, drill.stopped, usable[target]))
    critical = [each for each in drill.writes if each.target == "snapshots"]
    for copy, there in copies.items():
        drill.by_copy[copy] = outcome("snapshots", critical, there, drill.stopped, timedelta()).rpo
    for each in drill.outcomes:
        console.print(
            f"  {each.target}: {each.writes} writes, {len(each.lost)} lost, RPO {each.rpo}, RTO {each.rto}",
            highlight=False,
        )


def union(copies: Iterable[Contents]) -> Contents:
    """What is there in any of the copies."""
    there: Contents = defaultdict(set)
    for copy in copies:
        for name, contents in copy.items():
            there[name] |= contents
    return there


def _work_in_recovery(site: Site, drill: Drill) -> None:
    """Work in the recovery region: people read what they may, a sample goes through the pipeline, files are written."""
    assert drill.stopped is not None
    if isinstance(site, LocalSite):
        _people_read(site, drill)
    else:
        console.print("  Nobody signs in for the drill: have people read now, as the runbook's Verify says")
    restored = dict(site.restored_volumes(drill.stopped))
    drill.check("every volume is restored", set(site.volumes) <= restored.keys(), f"{len(restored)} volumes")
    samples = lay_out(site.recovery_storage, pairs=READ_PAIRS, first_number=drill.day.seed)
    run_pipeline(site.recovery_storage, samples)
    site.write_file(site.recovery_storage, NOTE, note(drill.day))
    before = {each["Key"] for each in versions(site.standby.client("s3"), site.standby.storage["replica_bucket"])}
    site.advance_to(site.now() + HALF_AN_HOUR)
    tagged = _published_objects(site, before)
    drill.check("a sample went through the pipeline into the lake", bool(tagged), f"{len(tagged)} objects")
    untagged = [key for key, tags in tagged.items() if "data_class" not in tags]
    drill.check("what it made is tagged", not untagged, ", ".join(untagged[:3]))


def _published_objects(site: Site, before: set[str]) -> dict[str, dict[str, str]]:
    """Objects the transfer of the recovery region brought, with their tags."""
    s3, bucket = site.standby.client("s3"), site.standby.storage["replica_bucket"]
    return {each["Key"]: tags_of(s3, bucket, each["Key"]) for each in versions(s3, bucket) if each["Key"] not in before}


def _people_read(site: LocalSite, drill: Drill) -> None:
    """Somebody of one project and site reads an object of each class in each duty, from each place."""
    matrix, storage = Matrix(), site.standby.storage
    prefix = site.standby.environment.prefix
    vpc = site.standby.handoff(RECOVERY)["vpc_id"]
    own = {"project": PROJECTS[0], "site": SITE}
    objects = _objects_of_each_class(site.standby.client("s3"), storage["replica_bucket"])
    allowed, wrong = 0, []
    with people.somebody(site.standby.client("iam"), own) as person:
        for duty, place in product(matrix.duties, ("platform", "institution")):
            key = people.take_duty(site.cloud.endpoint, site.recovery_region, person, f"{prefix}-{duty}", own)
            s3 = people.client(
                site.cloud.endpoint, "s3", site.recovery_region, key, vpc if place == "platform" else None
            )
            for each in objects:
                may = matrix.may_read(Session(duty, own), each, place)
                allowed += may
                if may != _can_read(s3, storage["replica_bucket"], each.key):
                    wrong.append(f"{duty} from {place} {'may' if may else 'may not'} read {each.key}")
    asked = 2 * len(matrix.duties) * len(objects)
    drill.check(
        "people read in the recovery region what the matrix says, and no more",
        not wrong and allowed > 0,
        "; ".join(wrong[:3]) or f"{allowed} of {asked} readings allowed, the others refused",
    )


def _objects_of_each_class(s3: Any, bucket: str) -> list[Object]:
    """One object of each class and project that is there, with its tags."""
    chosen: dict[tuple[str, str], Object] = {}
    for each in versions(s3, bucket):
        tags = tags_of(s3, bucket, each["Key"])
        if "data_class" in tags:
            chosen.setdefault((tags["data_class"], tags.get("project", "")), Object(each["Key"], tags))
    return list(chosen.values())


def _can_read(s3: Any, bucket: str, key: str) -> bool:
    try:
        s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise UserError(f"{bucket}/{key} can neither be read nor is it refused: {error}") from error
        return False
    return True


def _compare(site: Site, drill: Drill, planned: Sequence[str]) -> None:
    """After the way back both sides are the same, with what was written in the recovery region; plans are empty."""
    for directory in DIRECTORIES.values():
        primary, recovery = files(site.primary_storage / directory), files(site.recovery_storage / directory)
        differing = sorted(name for name in primary.keys() | recovery.keys() if primary.get(name) != recovery.get(name))
        drill.check(
            f"{directory} is the same on both sides", not differing, ", ".join(differing[:3]) or f"{len(primary)} files"
        )
    path = site.primary_storage / NOTE
    drill.check(
        "what was written in the recovery region came back", path.is_file() and path.read_bytes() == note(drill.day)
    )
    for root in planned:
        stage = site.stage if root == RECOVERY else None
        changes = commands.plan(site.standby.environment, root, detailed=True, stage=stage)
        drill.check(f"nothing is left to change in {root}", changes == 0)


def note(day: Day) -> bytes:
    """What somebody writes while the platform works in the recovery region."""
    return f"written in the drill of seed {day.seed}\n".encode()
