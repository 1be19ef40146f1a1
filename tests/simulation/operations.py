"""What can happen: to files, in the lake, with transfers, and what goes wrong. One table for chance and for Hypothesis.

An operation is a name and whole numbers. Whatever it needs to choose (which file, which object) it chooses by such a
number among what is there, so any list of operations is a valid history, and so is any part of one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.simulation.world.compute import EventFault, ScheduleFault, Slowness
from tests.simulation.world.datasync import TransferFault
from tests.simulation.world.faults import CallFault, CallPoint

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation
    from tests.simulation.world.files import File
    from tests.simulation.world.s3 import Version

type Arguments = Mapping[str, int]
type Apply = Callable[[Simulation, Arguments], str]


@dataclass(frozen=True)
class Operation:
    """At a minute of the history something happens."""

    minute: int
    name: str
    arguments: Arguments

    def to_json(self) -> dict[str, Any]:
        return {"minute": self.minute, "name": self.name, "arguments": dict(self.arguments)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Operation:
        return cls(document["minute"], document["name"], dict(document["arguments"]))


@dataclass(frozen=True)
class Spec:
    """One kind of operation: how often, its numbers (each from 0 to below the limit), what it does, on which lane."""

    lane: str
    weight: float
    limits: Mapping[str, int]
    apply: Apply


SPECS: dict[str, Spec] = {}


def operation(lane: str, weight: float, **limits: int) -> Callable[[Apply], Apply]:
    """Enter a function into the table; its name is the operation's."""

    def enter(apply: Apply) -> Apply:
        SPECS[apply.__name__] = Spec(lane, weight, limits, apply)
        return apply

    return enter


# Users and their files ------------------------------------------------------------------------------------------------

PROJECTS = ("lambda-phage", "tb-2026", "p")
SITES = ("hyd-01", "del-02")
BAD_NAMES = (
    "{prefix}/{project}/final version {n}.fastq.gz",
    "{prefix}/{project}/rs+{n}%2B.fastq.gz",
    "{prefix}/{project}/नमूना-{n}.bam",
    "{prefix}/{project}/quo\"te'{n}.vcf",
    "{prefix}/stray-{n}.txt",
    "unknown-folder/{project}/rs_{project}_hyd-01_S{n}.fastq.gz",
    "{prefix}/{project}/zz_{project}_hyd-01_S{n}.bam",
    "{prefix}/other-project/rs_{project}_hyd-01_S{n}.fastq.gz",
)


def file_path(simulation: Simulation, numbers: Arguments) -> str:
    """A well-made name."""
    data_class = simulation.classes[numbers["kind"] % len(simulation.classes)]
    project, site = PROJECTS[numbers["n"] % len(PROJECTS)], SITES[numbers["n"] % len(SITES)]
    if data_class.is_named_by_folders:
        return f"{data_class.prefix}/{project}/{site}/Notes {numbers['n']:04d}.RData"
    extension = sorted(data_class.extensions)[numbers["n"] % len(data_class.extensions)]
    return f"{data_class.prefix}/{project}/{data_class.code}_{project}_{site}_S{numbers['n']:04d}.{extension}"


@operation("files", 4, kind=8, n=400, size=3000)
def write_file(simulation: Simulation, numbers: Arguments) -> str:
    """A finished file, or one written anew."""
    path = file_path(simulation, numbers)
    file = simulation.world.files.write("published", path, simulation.content(numbers["size"]))
    simulation.invariants.file_finished(file)
    return path


@operation("files", 1.5, kind=8, n=300, size=500, count=7)
def run_publishes_its_results(simulation: Simulation, numbers: Arguments) -> str:
    """Many files at once, as the end of a pipeline's run leaves them."""
    for each in range(numbers["count"] + 2):
        write_file(simulation, {"kind": numbers["kind"] + each, "n": numbers["n"] + each, "size": numbers["size"]})
    return f"{numbers['count'] + 2} files"


@operation("files", 0.6, kind=8, n=400, shape=len(BAD_NAMES))
def write_badly_named_file(simulation: Simulation, numbers: Arguments) -> str:
    prefix = simulation.classes[numbers["kind"] % len(simulation.classes)].prefix
    path = BAD_NAMES[numbers["shape"] % len(BAD_NAMES)].format(prefix=prefix, project=PROJECTS[0], n=numbers["n"])
    file = simulation.world.files.write("published", path, simulation.content(50))
    simulation.invariants.file_finished(file)
    return path


@operation("files", 1, kind=8, n=400)
def begin_file(simulation: Simulation, numbers: Arguments) -> str:
    """A program writes straight to the final name; a transfer may copy the first half."""
    path = file_path(simulation, numbers)
    simulation.world.files.write("published", path, simulation.content(100), is_finished=False)
    return path


@operation("files", 1.5, pick=1000, finish=2)
def grow_file(simulation: Simulation, numbers: Arguments) -> str:
    unfinished = [each for each in published(simulation, finished=False) if not each.path.endswith(".part")]
    file = simulation.pick(unfinished, numbers["pick"])
    if file is None:
        return ""
    simulation.world.files.grow(file, simulation.content(100), is_finished=bool(numbers["finish"]))
    if file.is_finished:
        simulation.invariants.file_finished(file)
    return file.path


@operation("files", 0.6, kind=8, n=400)
def write_in_flight_file(simulation: Simulation, numbers: Arguments) -> str:
    """A careful program writes beside the final name; excluded from transfers until it is renamed."""
    path = file_path(simulation, numbers) + ".part"
    simulation.world.files.write("published", path, simulation.content(100), is_finished=False)
    return path


@operation("files", 0.8, pick=1000)
def rename_in_flight_file(simulation: Simulation, numbers: Arguments) -> str:
    files = simulation.world.files
    parts = [each for each in files.ledger.values() if each.path.endswith(".part")]
    file = simulation.pick(parts, numbers["pick"])
    if file is None:
        return ""
    content = file.content
    files.delete(file)
    finished = files.write("published", file.path.removesuffix(".part"), content)
    simulation.invariants.file_finished(finished)
    return finished.path


def published(simulation: Simulation, finished: bool = True) -> list[File]:
    return [
        each
        for each in simulation.world.files.ledger.values()
        if each.directory == "published" and each.is_finished == finished
    ]


@operation("files", 2, pick=1000, size=3000)
def rewrite_file(simulation: Simulation, numbers: Arguments) -> str:
    """Every other time one of the newest files: a mistake is seen soon."""
    files = published(simulation)
    if numbers["pick"] % 2:
        files = sorted(files, key=lambda each: each.written_at)[-8:]
    file = simulation.pick(files, numbers["pick"] // 2)
    if file is None:
        return ""
    written = simulation.world.files.write("published", file.path, simulation.content(numbers["size"]))
    simulation.invariants.file_finished(written)
    return file.path


@operation("files", 1, kind=8, n=400)
def write_file_and_correct_it(simulation: Simulation, numbers: Arguments) -> str:
    """A mistake is found in the next half hour, when the first version may be in the lake and not yet tagged."""
    path = write_file(simulation, {**numbers, "size": 100})
    first = simulation.world.files.ledger["published", path]

    def correct() -> None:
        if simulation.world.files.ledger.get(("published", path)) is first:
            write_file(simulation, {**numbers, "size": 120})

    simulation.world.timeline.after(timedelta(minutes=33), correct)
    return path


@operation("files", 0.15, pick=1000)
def rewrite_file_in_secret(simulation: Simulation, numbers: Arguments) -> str:
    """Other bytes of the same size with the old time: no transfer notices, so the lake never gets them."""
    file = simulation.pick(published(simulation), numbers["pick"])
    if file is None or not simulation.world.files.has(file):
        return ""
    changed = simulation.world.files.rewrite_in_secret(file, simulation.content(len(file.content), exact=True))
    simulation.invariants.looks_the_same.add((file.path, changed.content))
    simulation.invariants.file_finished(changed)
    return file.path


@operation("files", 1, pick=1000)
def delete_file(simulation: Simulation, numbers: Arguments) -> str:
    file = simulation.pick(published(simulation), numbers["pick"])
    if file is None:
        return ""
    simulation.world.files.delete(file)
    return file.path


# The lake, touched by others ------------------------------------------------------------------------------------------


def objects(simulation: Simulation) -> list[Version]:
    found = (versions[-1] for versions in simulation.world.lake.versions.values())
    return [each for each in found if not each.is_marker]


def some_object(simulation: Simulation, number: int) -> Version | None:
    """Every other time one of the newest: those that functions are working on."""
    found = objects(simulation)
    if number % 2:
        found = sorted(found, key=lambda each: each.number)[-6:]
    return simulation.pick(found, number // 2)


@operation("lake", 2, pick=5000, count=9, first=20)
def add_foreign_tags(simulation: Simulation, numbers: Arguments) -> str:
    """Somebody adds tags of their own, at times so many that ours do not fit."""
    version = some_object(simulation, numbers["pick"])
    if version is None:
        return ""
    added = {f"their-{numbers['first'] + each}": f"value {each}" for each in range(numbers["count"] + 1)}
    tags = version.tags | added
    if len(tags) > 10:
        return ""
    simulation.world.store.set_tags(simulation.world.lake, version, tags)
    foreign = [each for each in tags if each not in simulation.invariants.governed]
    if len(foreign) > 6:
        simulation.invariants.for_people.add(version.version_id)
    return version.key


@operation("lake", 0.3, kind=8, n=400)
def upload_directly(simulation: Simulation, numbers: Arguments) -> str:
    """Somebody with the right to puts an object into the lake: no transfer, no event, no tags."""
    path = file_path(simulation, numbers)
    body = simulation.content(200)
    simulation.world.store.put(simulation.world.lake, path, body, {}, {})
    return path


@operation("lake", 0.08, kind=8, n=300)
def upload_many_directly(simulation: Simulation, numbers: Arguments) -> str:
    """Old data is brought in by hand: many objects of one class, project and site."""
    for each in range(6):
        upload_directly(simulation, {"kind": numbers["kind"], "n": numbers["n"] + 12 * each})
    return file_path(simulation, numbers)


@operation("lake", 0.2, pick=5000)
def delete_object(simulation: Simulation, numbers: Arguments) -> str:
    version = some_object(simulation, numbers["pick"])
    if version is None:
        return ""
    simulation.world.store.mark_deleted(simulation.world.lake, version.key)
    return version.key


@operation("lake", 0.15, pick=5000)
def mark_as_clinical(simulation: Simulation, numbers: Arguments) -> str:
    """A custodian marks an object as more sensitive than its name says."""
    version = some_object(simulation, numbers["pick"])
    if version is None or len({*version.tags, "data_class", "sensitivity"}) > 10:
        return ""
    tags = version.tags | {"data_class": "clinical_record", "sensitivity": "restricted"}
    simulation.world.store.set_tags(simulation.world.lake, version, tags)
    simulation.invariants.for_people.add(version.version_id)
    simulation.invariants.untagged.pop((version.key, version.version_id), None)
    return version.key


# Transfers, events, schedules -----------------------------------------------------------------------------------------

TRANSFER_FAULTS = ("fail_early", "fail_late", "leave_out", "corrupt", "slow")
REPORTS = ("", "", "", "late", "cut", "missing")


@operation("faults", 2.5, kind=5, amount=4, report=6)
def transfer_goes_wrong(simulation: Simulation, numbers: Arguments) -> str:
    kind = TRANSFER_FAULTS[numbers["kind"] % 5]
    amount = numbers["amount"] + 1 if kind != "slow" else [10, 40, 120, 500][numbers["amount"] % 4]
    report = REPORTS[numbers["report"] % 6]
    simulation.world.task.next_faults.append(TransferFault(kind, amount, report))
    return f"{kind} {amount} {report}"


@operation("faults", 0.5, report=3)
def report_goes_wrong(simulation: Simulation, numbers: Arguments) -> str:
    report = REPORTS[3 + numbers["report"] % 3]
    simulation.world.task.next_faults.append(TransferFault("report", 1, report))
    return report


@operation("faults", 2.5, kind=3, minutes=90)
def event_goes_wrong(simulation: Simulation, numbers: Arguments) -> str:
    fault = EventFault(("lost", "doubled", "late")[numbers["kind"] % 3], numbers["minutes"])
    simulation.world.events.next_faults.append(fault)
    return f"{fault.kind} {fault.minutes}"


@operation("faults", 1, kind=3, function=20, minutes=90)
def schedule_goes_wrong(simulation: Simulation, numbers: Arguments) -> str:
    function = simulation.function(numbers["function"])
    fault = ScheduleFault(function, ("missed", "doubled", "late")[numbers["kind"] % 3], numbers["minutes"])
    simulation.world.scheduler.next_faults.append(fault)
    return f"{function} {fault.kind} {fault.minutes}"


@operation("operations", 0.1)
def transfer_by_hand(simulation: Simulation, numbers: Arguments) -> str:
    del numbers
    current = simulation.world.task.current
    if (current is not None and not current.is_over) or simulation.world.faults.is_down("ap-south-1"):
        return ""
    return simulation.world.task.start("somebody").id


@operation("faults", 0.2)
def task_hides_its_execution(simulation: Simulation, numbers: Arguments) -> str:
    del numbers
    simulation.world.task.hide_current = not simulation.world.task.hide_current
    return str(simulation.world.task.hide_current)


# Calls ----------------------------------------------------------------------------------------------------------------

CALL_FAULTS = ("throttle", "internal", "unreachable", "lost_answer", "denied")
SERVICES = ("s3", "datasync", "sns", "lambda", "ec2", "cloudwatch")


@operation("faults", 2, kind=5, service=6, function=20, skip=30, times=12)
def calls_fail(simulation: Simulation, numbers: Arguments) -> str:
    fault = CallFault(
        kind=CALL_FAULTS[numbers["kind"] % 5],
        service=SERVICES[numbers["service"] % 6],
        function=simulation.function(numbers["function"]) if numbers["function"] % 2 else "",
        skip=numbers["skip"],
        times=numbers["times"] + 1,
    )
    simulation.world.faults.arm(fault)
    return f"{fault.kind} {fault.service} {fault.function} x{fault.times}"


@operation("faults", 1.2, function=20, after=40, effect=2)
def function_is_killed(simulation: Simulation, numbers: Arguments) -> str:
    function = simulation.function(numbers["function"])
    point = CallPoint(function, numbers["after"] + 1, effect_happens=bool(numbers["effect"]))
    simulation.world.faults.arm(point)
    return f"{function} at call {point.after}"


@operation("faults", 0.6, function=20, seconds=60)
def function_has_little_time(simulation: Simulation, numbers: Arguments) -> str:
    function = simulation.function(numbers["function"])
    simulation.world.functions.slowness.append(Slowness(function, 30.0 + numbers["seconds"] / 10))
    return function


MEANWHILE = ("rewrite_file", "delete_file", "add_foreign_tags", "delete_object", "transfer_by_hand", "call_again",
             "write_file", "mark_as_clinical", "run_uses_its_files", "write_temporary_file")  # fmt: skip


@operation("faults", 1.5, function=20, after=30, what=10, pick=1000)
def meanwhile(simulation: Simulation, numbers: Arguments) -> str:
    """Between two calls of a function somebody else acts."""
    function = simulation.function(numbers["function"])
    what = MEANWHILE[numbers["what"] % len(MEANWHILE)]

    def act() -> None:
        if what == "call_again":
            simulation.world.functions.call(function, None)
            return
        spec = SPECS[what]
        spec.apply(simulation, {name: numbers["pick"] % limit for name, limit in spec.limits.items()})

    simulation.world.faults.arm(CallPoint(function, numbers["after"] + 1, act))
    return f"{what} at call {numbers['after'] + 1} of {function}"


# Regions, replication, clocks -----------------------------------------------------------------------------------------


@operation("faults", 0.15, region=2, hours=10)
def region_goes_down(simulation: Simulation, numbers: Arguments) -> str:
    region = ("ap-south-1", "ap-south-2")[numbers["region"] % 2]
    until = simulation.world.timeline.now + timedelta(hours=numbers["hours"] + 1)
    simulation.world.faults.take_down(region, until)
    return f"{region} {numbers['hours'] + 1} h"


@operation("faults", 0.3, minutes=240)
def replication_is_slow(simulation: Simulation, numbers: Arguments) -> str:
    simulation.world.replication.extra_delay = timedelta(minutes=numbers["minutes"])
    return f"{numbers['minutes']} min"


@operation("faults", 0.2, times=3)
def replication_fails(simulation: Simulation, numbers: Arguments) -> str:
    simulation.world.replication.fail_next = numbers["times"] + 1
    return f"x{numbers['times'] + 1}"


@operation("faults", 0.2, seconds=9)
def clocks_differ(simulation: Simulation, numbers: Arguments) -> str:
    simulation.world.functions.skew = timedelta(seconds=numbers["seconds"] - 4)
    return f"{numbers['seconds'] - 4} s"


# People ---------------------------------------------------------------------------------------------------------------


@operation("operations", 0.3)
def dead_letters_are_replayed(simulation: Simulation, numbers: Arguments) -> str:
    del numbers
    simulation.invariants.replayed(simulation.world.functions.dead_letters)
    return str(simulation.world.functions.replay_dead_letters())


@operation("operations", 0.25, versions=2, days=4, batch=3)
def backfill_is_ordered(simulation: Simulation, numbers: Arguments) -> str:
    """``make backfill``: of everything, or of what is younger than some days."""
    now = simulation.world.timeline.now
    run = f"ordered-{now:%Y%m%dT%H%M%S}"
    event: dict[str, Any] = {"mode": "apply", "run": run, "versions": numbers["versions"] == 1}
    if numbers["batch"] == 0:
        event["method"] = "batch"
    if numbers["days"]:
        event["modified_since"] = (now - timedelta(days=numbers["days"])).isoformat()
    simulation.world.functions.call("tag_backfill", event)
    return run


@operation("operations", 0.1)
def faults_stop(simulation: Simulation, numbers: Arguments) -> str:
    """Everything works again and people have done what notices ask of them."""
    del numbers
    simulation.stop_faults()
    return ""


# Volumes and instances ------------------------------------------------------------------------------------------------

CLAIM = {"kubernetes.io/created-for/pvc/name": "cache", "kubernetes.io/created-for/pvc/namespace": "pipelines"}
PROTECTED = {"kosha:protect": "true"}
SCHEDULED = {"kosha:schedule": "office-hours"}
OWNER_INSTANCE = "kosha:owner-instance"
# Stopped by hand just after a call of ours that failed, so that the mark of that call may claim it.
UNCLEAR = "unclear"
UNTIL = ("kosha:busy-until", "kosha:run-until")
MANAGED = {"aws:autoscaling:groupName": "workers"}


@operation("machines", 0.6, shape=6, attached=2)
def make_volume(simulation: Simulation, numbers: Arguments) -> str:
    """A volume, of a claim or protected at times, attached or left over."""
    machines = simulation.world.machines
    tags = {0: CLAIM, 1: PROTECTED}.get(numbers["shape"], {"Owner": "someone"} if numbers["shape"] == 2 else {})
    instance = simulation.pick(sorted(machines.instances), numbers["shape"]) if numbers["attached"] else None
    return machines.make_volume(tags, instance).id


@operation("machines", 0.5, pick=100)
def detach_volume(simulation: Simulation, numbers: Arguments) -> str:
    machines = simulation.world.machines
    volume = simulation.pick([each for each in machines.volumes.values() if each.instance], numbers["pick"])
    if volume is None:
        return ""
    machines.detach(volume)
    return volume.id


@operation("machines", 0.3, pick=100)
def attach_volume(simulation: Simulation, numbers: Arguments) -> str:
    machines = simulation.world.machines
    volume = simulation.pick([each for each in machines.volumes.values() if not each.instance], numbers["pick"])
    if volume is None:
        return ""
    instances = sorted(each.id for each in machines.instances.values() if each.state != "terminated")
    machines.attach(volume, simulation.pick(instances, numbers["pick"]) or "i-elsewhere")
    return volume.id


@operation("machines", 0.4, pick=100)
def attach_volume_for_two_days(simulation: Simulation, numbers: Arguments) -> str:
    """Used again and left again: its month begins anew."""
    machines = simulation.world.machines
    volume = simulation.pick([each for each in machines.volumes.values() if not each.instance], numbers["pick"])
    if volume is None:
        return ""
    used = volume
    machines.attach(used, "i-elsewhere")

    def leave() -> None:
        if used.instance == "i-elsewhere":
            machines.detach(used)

    simulation.world.timeline.after(timedelta(hours=48), leave)
    return volume.id


@operation("machines", 0.2, pick=100, what=2)
def claim_or_protect_volume(simulation: Simulation, numbers: Arguments) -> str:
    volume = simulation.pick(list(simulation.world.machines.volumes.values()), numbers["pick"])
    if volume is None:
        return ""
    volume.tags = volume.tags | (CLAIM if numbers["what"] else PROTECTED)
    return volume.id


@operation("machines", 0.3, pick=100)
def set_volume_aside(simulation: Simulation, numbers: Arguments) -> str:
    """A disk is kept for an instance that does not run, and not attached to it."""
    machines = simulation.world.machines
    stopped = [each.id for each in machines.instances.values() if each.state == "stopped"]
    owner = simulation.pick(stopped, numbers["pick"])
    return machines.make_volume({OWNER_INSTANCE: owner}, None).id if owner is not None else ""


@operation("machines", 0.3, shape=6)
def make_instance(simulation: Simulation, numbers: Arguments) -> str:
    instance = simulation.world.machines.make_instance(simulation.instance_tags(numbers["shape"]))
    instance.is_spot = numbers["shape"] == 4
    return instance.id


@operation("machines", 0.4, pick=50, hours=30, what=2)
def instance_is_leased_or_kept_running(simulation: Simulation, numbers: Arguments) -> str:
    """By a run that says how long it works, or by somebody who wants to go on."""
    instance = simulation.pick(list(simulation.world.machines.instances.values()), numbers["pick"])
    if instance is None:
        return ""
    until = simulation.world.timeline.now + timedelta(hours=numbers["hours"])
    instance.tags = instance.tags | {UNTIL[numbers["what"]]: until.isoformat(timespec="seconds")}
    instance.touch(until)
    return f"{instance.id} until {until:%d %H:%M}"


@operation("machines", 0.1, pick=50)
def instance_cannot_be_stopped(simulation: Simulation, numbers: Arguments) -> str:
    """Somebody sets or takes off its stop protection."""
    instance = simulation.pick(list(simulation.world.machines.instances.values()), numbers["pick"])
    if instance is None:
        return ""
    instance.cannot_stop = not instance.cannot_stop
    instance.touch(simulation.world.timeline.now)
    return f"{instance.id} {instance.cannot_stop}"


@operation("machines", 0.4, pick=50, busy=2)
def instance_works(simulation: Simulation, numbers: Arguments) -> str:
    instance = simulation.pick(list(simulation.world.machines.instances.values()), numbers["pick"])
    if instance is None:
        return ""
    instance.busy = bool(numbers["busy"]) and instance.state == "running"
    instance.touch(simulation.world.timeline.now)
    return f"{instance.id} {instance.busy}"


@operation("machines", 0.3, pick=50)
def user_starts_or_stops_instance(simulation: Simulation, numbers: Arguments) -> str:
    machines = simulation.world.machines
    instance = simulation.pick([each for each in machines.instances.values() if each.state != "terminated"],
                               numbers["pick"])  # fmt: skip
    if instance is None:
        return ""
    instance.state = "stopped" if instance.state == "running" else "running"
    instance.busy = False
    instance.changed_at = simulation.world.timeline.now
    lately = simulation.world.timeline.now - simulation.world.faults.last_strike
    instance.stopped_by = UNCLEAR if lately < timedelta(minutes=6) else ""
    instance.touch(simulation.world.timeline.now)
    if instance.state == "running":
        instance.launched_at = simulation.world.timeline.now
    return f"{instance.id} {instance.state}"


@operation("machines", 0.15, pick=50)
def instance_is_terminated(simulation: Simulation, numbers: Arguments) -> str:
    """Its volumes stay behind."""
    machines = simulation.world.machines
    instance = simulation.pick([each for each in machines.instances.values() if each.state != "terminated"],
                               numbers["pick"])  # fmt: skip
    if instance is None:
        return ""
    instance.state = "terminated"
    instance.busy = False
    for volume in machines.volumes.values():
        if volume.instance == instance.id:
            machines.detach(volume)
    return instance.id


@operation("faults", 0.2, times=3)
def snapshots_fail(simulation: Simulation, numbers: Arguments) -> str:
    simulation.world.machines.fail_snapshots = numbers["times"] + 1
    return f"x{numbers['times'] + 1}"


@operation("faults", 0.2, hours=40)
def snapshots_are_slow(simulation: Simulation, numbers: Arguments) -> str:
    simulation.world.machines.slow_snapshots = timedelta(hours=numbers["hours"])
    return f"{numbers['hours']} h"


# Log lines ------------------------------------------------------------------------------------------------------------

AUDITED = ("storage-deleted", "anonymous-access", "api-server-failing", "refused")
OF_FUNCTIONS = ("timed-out", "init-failed")


def log(simulation: Simulation, numbers: Arguments, at_once: bool = False) -> str:
    """Write lines of a rule, about somebody or something; ``at_once`` has them delivered now, not in a second."""
    subscriptions = simulation.world.logs.subscriptions
    if not subscriptions:
        return ""
    rule = (*AUDITED, *OF_FUNCTIONS)[numbers["rule"] % 6]
    watched = "cluster-audit" if rule in AUDITED else "functions"
    line: str = simulation.log_rules[watched]["rules"][rule]["example"]
    mark = "abcdefghi"[numbers["who"] % 9]
    for name in ("anand", "ravi", "lab-7", "default", "system:kube-scheduler", "list", "object_tagger.handler"):
        line = line.replace(name, f"{name}-{mark}")
    if rule == "timed-out":
        line = f"{line} {mark}"
    count = (1, 2, 3, 20, 150)[numbers["count"] % 5]
    (subscription,) = (each for each in subscriptions if each.filter == watched)
    simulation.invariants.lines_logged(watched, rule, subscription.log_group, line, count)
    simulation.world.logs.write(subscription, "stream-1", [line] * count, at_once)
    return f"{rule} x{count}"


@operation("logs", 0.8, rule=6, who=9, count=5)
def lines_are_logged(simulation: Simulation, numbers: Arguments) -> str:
    """The cluster or a function logs what people are to hear of; at times many lines at once."""
    return log(simulation, numbers)


@operation("logs", 0.2, rule=6)
def many_kinds_of_lines_are_logged(simulation: Simulation, numbers: Arguments) -> str:
    """More kinds of one rule than its limit has notices."""
    for who in range(9):
        log(simulation, {"rule": numbers["rule"], "who": who, "count": 0})
    return log(simulation, {"rule": numbers["rule"], "who": 0, "count": 1})


@operation("logs", 0.4, rule=6, who=9, count=5, after=3)
def two_deliveries_come_at_once(simulation: Simulation, numbers: Arguments) -> str:
    """One comes while another is dealt with: both read, then both write."""
    if not simulation.world.logs.subscriptions:
        return ""
    second = dict(numbers, who=numbers["who"] + 1)

    def come() -> None:
        log(simulation, second, at_once=True)

    simulation.world.faults.arm(CallPoint("log_alerter", numbers["after"] + 1, come))
    return log(simulation, numbers)


@operation("faults", 0.6, times=3)
def log_deliveries_are_doubled(simulation: Simulation, numbers: Arguments) -> str:
    simulation.world.logs.double_next = numbers["times"] + 1
    return f"x{numbers['times'] + 1}"


# Temporary files ------------------------------------------------------------------------------------------------------


@operation("files", 1.2, directory=3, n=200)
def write_temporary_file(simulation: Simulation, numbers: Arguments) -> str:
    directory = ("scratch", "intermediate", "active")[numbers["directory"] % 3]
    path = f"run-{numbers['n'] % 12}/step-{numbers['n'] % 4}/{numbers['n']:03d}.bam"
    simulation.world.files.write(directory, path, simulation.content(60))
    return f"{directory}/{path}"


@operation("files", 0.5, directory=2, n=200, days=60)
def unpack_archive(simulation: Simulation, numbers: Arguments) -> str:
    """A file that is new here and keeps its old time."""
    directory = ("scratch", "intermediate")[numbers["directory"] % 2]
    path = f"run-{numbers['n'] % 12}/unpacked/{numbers['n']:03d}.fa"
    simulation.world.files.write_old(directory, path, simulation.content(40), timedelta(days=numbers["days"] + 5))
    return f"{directory}/{path}"


@operation("files", 0.5, directory=2, kind=8, n=400)
def leave_result_in_scratch(simulation: Simulation, numbers: Arguments) -> str:
    """A file that is to be kept, by its name, where everything else is harmless to lose; published, too, at times."""
    directory = ("scratch", "intermediate")[numbers["directory"] % 2]
    path = file_path(simulation, numbers)
    content = simulation.content(80)
    simulation.world.files.write(directory, path, content)
    if numbers["n"] % 3:
        simulation.invariants.file_finished(simulation.world.files.write("published", path, content))
    return f"{directory}/{path}"


@operation("files", 0.5, directory=2, run=12, hours=240, dies=4)
def run_uses_its_files(simulation: Simulation, numbers: Arguments) -> str:
    """A run holds a lease, which it renews every hour, on files that may be old; some runs die and never release it."""
    directory, path = ("scratch", "intermediate")[numbers["directory"] % 2], f"run-{numbers['run']}"
    files, timeline = simulation.world.files, simulation.world.timeline
    if any(
        not lease.is_over for (where, leased), lease in files.leases.items() if (where, leased) == (directory, path)
    ):
        return ""
    until = timeline.now + timedelta(hours=numbers["hours"] + 1)

    def renew() -> None:
        if timeline.now < until:
            files.lease(directory, path)
            timeline.after(timedelta(hours=1), renew)
        elif numbers["dies"]:
            files.release(directory, path)

    renew()
    return f"{directory}/{path} {numbers['hours'] + 1} h"


@operation("operations", 0.1, directory=3, dry=3)
def cleaning_is_ordered(simulation: Simulation, numbers: Arguments) -> str:
    """By a person, at any time; or only to see what would go."""
    name = f"scratch_cleaner_{('scratch', 'intermediate', 'published')[numbers['directory'] % 3]}"
    mode = "clean" if numbers["dry"] else "dry_run"
    if name in simulation.world.functions.functions:
        simulation.world.functions.call(name, {"mode": mode})
    return f"{name} {mode}"
