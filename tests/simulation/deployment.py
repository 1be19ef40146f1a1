"""Deploys the functions into the world: their real code, given the world's clients.

What a handler does beside its core is small and repeated here: parse the event, call, reply.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from datetime import timedelta
from functools import cache
from typing import Any

from common import catalogue, transfer_event
from common.clock import Clock
from common.lake import LakeTags
from common.modes import BadRequest, read_mode
from common.publisher import Publisher
from common.state import StateStore
from common.transfers import ENDED, Transfer
from scripts.paths import MODULES
from tests.simulation.world.compute import Function
from tests.simulation.world.cron import Schedule
from tests.simulation.world.datasync import ACCOUNT, REPORT_PREFIX, TASK_ARN
from tests.simulation.world.logs import Subscription
from tests.simulation.world.platform import LAKE, REPORTS, World
from tests.simulation.world.powertools import CountedMetrics, QuietLogger
from tests.transfers import setting as transfers_setting

AUTOMATION = MODULES / "automation"
TOPICS = {name: f"arn:aws:sns:ap-south-1:111122223333:kosha-test-{name}" for name in ("transfer", "data", "platform")}

HOURS = {
    "weekdays": ["mon", "tue", "wed", "thu", "fri"],
    "begin": "08:00",
    "end": "20:00",
    "timezone": "Asia/Kolkata",
    "start": True,
}
HOLIDAYS = ["01-26", "08-15", "10-02"]

# The world has the transfer of `published` alone.
TRANSFER = Transfer("transfer", TASK_ARN, "published", timedelta(minutes=30), REPORT_PREFIX, "")

ENVIRONMENT = {
    "ENVIRONMENT": "test",
    "TRANSFERS": transfers_setting(TRANSFER),
    "LAKE_BUCKET": LAKE,
    "REPORTS_BUCKET": REPORTS,
    "ACCOUNT_ID": ACCOUNT,
    "OBJECT_TAGGER_ARN": f"arn:aws:lambda:ap-south-1:{ACCOUNT}:function:kosha-test-object-tagger",
    "TAG_BACKFILL_ARN": f"arn:aws:lambda:ap-south-1:{ACCOUNT}:function:kosha-test-tag-backfill",
    # Started again in the morning, so that histories show it.
    "SCHEDULES": json.dumps({"office-hours": HOURS}),
    "HOLIDAYS": json.dumps(HOLIDAYS),
    # Small, so that small histories make jobs.
    "BATCH_GROUP_SIZE": "3",
    "BATCH_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/kosha-test-tag-backfill-batch",
    **{f"{name.upper()}_TOPIC_ARN": arn for name, arn in TOPICS.items()},
}


@cache
def setting(function: str, name: str) -> int:
    """A number of the function's module call.

    Raises:
        LookupError: Terraform does not say it.
    """
    text = (AUTOMATION / f"{function}.tf").read_text(encoding="utf-8")
    found = re.search(rf"^\s*{name}\s*=\s*(\d+)", text, re.MULTILINE)
    if found is None:
        raise LookupError(f"{AUTOMATION / function}.tf does not say {name}")
    return int(found[1])


@cache
def number_of(variable: str) -> int:
    """The default of a variable that is a number.

    Raises:
        LookupError: there is no such variable.
    """
    found = re.search(r"^\s*default\s*=\s*(\d+)", _block_of(variable), re.MULTILINE)
    if found is None:
        raise LookupError(f"{AUTOMATION}/variables.tf has no number {variable}")
    return int(found[1])


def _block_of(variable: str) -> str:
    text = (AUTOMATION / "variables.tf").read_text(encoding="utf-8")
    return text.partition(f'variable "{variable}" {{')[2].partition("\nvariable ")[0]


@cache
def schedule_of(variable: str) -> Schedule:
    """The default of a schedule variable.

    Raises:
        LookupError: there is no such variable.
    """
    block = _block_of(variable)
    expression = re.search(r'expression\s*=\s*"([^"]+)"', block)
    timezone = re.search(r'timezone\s*=\s*"([^"]+)"', block)
    if expression is None:
        raise LookupError(f"{AUTOMATION}/variables.tf has no schedule {variable}")
    return Schedule(expression[1], timezone[1] if timezone else "UTC")


class Deployment:
    """The functions of one world, with what they logged and counted."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.logs: dict[str, QuietLogger] = {}
        self.metrics: dict[str, CountedMetrics] = {}

    def tools(self, name: str) -> dict[str, Any]:
        """Publisher, logger and metrics of a function."""
        logger: Any = self.logs.setdefault(name, QuietLogger())
        metrics: Any = self.metrics.setdefault(name, CountedMetrics())
        sns: Any = self.world.sns
        return {"publisher": Publisher(sns, logger, metrics), "logger": logger, "metrics": metrics}

    def add(self, name: str, run: Callable[[Any, Clock], Any], package: str = "") -> None:
        """Deploy a function, with the timeout and the concurrency Terraform gives it (to its package)."""
        timeout = timedelta(seconds=setting(package or name, "timeout_seconds"))
        at_once = setting(package or name, "reserved_concurrency")
        self.world.functions.functions[name] = Function(name, run, timeout, at_once)

    def schedule(self, name: str, variable: str, payload: Any = None) -> None:
        """Call a function by the schedule that a variable of Terraform has as its default."""
        self.world.scheduler.add(name, schedule_of(variable), payload)

    def every(self, name: str, expression: str, payload: Any = None) -> None:
        """Call a function by a schedule that is no variable."""
        self.world.scheduler.add(name, Schedule(expression, "Asia/Kolkata"), payload)

    def on_transfer(self, name: str, states: frozenset[str]) -> None:
        """Call a function when an execution comes to one of the states."""
        self.world.events.rules.append((lambda event: event["detail"]["State"] in states, name))


def deploy(world: World, functions: Collection[str] | None = None) -> Deployment:
    """Deploy every function, or some by name."""
    deployment = Deployment(world)
    for each in FUNCTIONS:
        if functions is None or each.__name__ in functions:
            each(deployment)
    return deployment


def transfer_starter(deployment: Deployment) -> None:
    from transfer_starter.aws import Task
    from transfer_starter.config import Config
    from transfer_starter.starter import Starter

    datasync: Any = deployment.world.datasync
    config = Config.from_environment(ENVIRONMENT)
    starter = Starter(config, TRANSFER, Task(datasync, datasync, TASK_ARN), **deployment.tools("transfer_starter"))
    deployment.add("transfer_starter", lambda _, clock: starter.run(clock.now()))
    deployment.schedule("transfer_starter", "transfer_schedule")


def transfer_notifier(deployment: Deployment) -> None:
    from transfer_notifier.aws import Executions
    from transfer_notifier.config import Config
    from transfer_notifier.notifier import Notifier

    datasync: Any = deployment.world.datasync
    config = Config.from_environment(ENVIRONMENT)
    notifier = Notifier(config, Executions(datasync), **deployment.tools("transfer_notifier"))

    def run(event: Any, clock: Clock) -> Any:
        transfer = transfer_event.read(event, [TRANSFER])
        if isinstance(transfer, transfer_event.Refusal):
            return transfer
        return notifier.run(transfer, clock.now())

    deployment.add("transfer_notifier", run)
    deployment.on_transfer("transfer_notifier", ENDED)


def object_tagger(deployment: Deployment) -> None:
    from object_tagger.aws import Executions, Reports
    from object_tagger.config import Config
    from object_tagger.receipts import Receipts
    from object_tagger.tagger import Tagger

    s3: Any = deployment.world.s3
    datasync: Any = deployment.world.datasync
    tagger = Tagger(
        config=Config.from_environment(ENVIRONMENT),
        catalogue=catalogue.load(),
        lake=LakeTags(s3, LAKE),
        reports=Reports(s3, REPORTS),
        receipts=Receipts(StateStore(s3, REPORTS, "object_tagger")),
        executions=Executions(datasync),
        **deployment.tools("object_tagger"),
    )

    def run(event: Any, clock: Clock) -> Any:
        transfer = transfer_event.read(event, [TRANSFER])
        return transfer if isinstance(transfer, transfer_event.Refusal) else tagger.run(transfer, clock)

    deployment.add("object_tagger", run)
    deployment.on_transfer("object_tagger", ENDED)


def tag_backfill(deployment: Deployment) -> None:
    from common.reports import ReportStore
    from common.state import PREFIX
    from tag_backfill.aws import Jobs, Listing, Manifests
    from tag_backfill.backfiller import Backfiller
    from tag_backfill.config import Config
    from tag_backfill.domain import read_request

    name = "tag_backfill"
    s3: Any = deployment.world.s3
    s3control: Any = deployment.world.batch
    config = Config.from_environment(ENVIRONMENT)
    backfiller = Backfiller(
        config=config,
        catalogue=catalogue.load(),
        lake=LakeTags(s3, LAKE),
        listing=Listing(s3, LAKE),
        manifests=Manifests(s3, REPORTS, f"{PREFIX}/{name}", LAKE),
        jobs=Jobs(s3control, config.account_id, config.batch_role_arn, REPORTS),
        store=StateStore(s3, REPORTS, name),
        reports=ReportStore(s3, REPORTS, name),
        **deployment.tools(name),
    )

    def run(event: Any, clock: Clock) -> Any:
        try:
            request = read_request(event, "00000000")
        except BadRequest as error:
            return {"outcome": "refused", "problem": str(error)}
        return backfiller.run(request, clock)

    deployment.add(name, run)
    deployment.every(name, "rate(15 minutes)", payload={})


def transfer_reconciler(deployment: Deployment) -> None:
    from transfer_reconciler.aws import Executions, Functions, Receipts
    from transfer_reconciler.config import Config
    from transfer_reconciler.reconciler import Reconciler

    name = "transfer_reconciler"
    s3: Any = deployment.world.s3
    datasync: Any = deployment.world.datasync
    client: Any = deployment.world.lambda_client
    reconciler = Reconciler(
        config=Config.from_environment(ENVIRONMENT),
        transfer=TRANSFER,
        executions=Executions(datasync, TASK_ARN),
        receipts=Receipts(StateStore(s3, REPORTS, "object_tagger")),
        functions=Functions(client),
        store=StateStore(s3, REPORTS, name),
        tell_lag=lambda transfer, lag: None,
        **deployment.tools(name),
    )
    deployment.add(name, lambda _, clock: reconciler.run(clock))
    deployment.schedule(name, "reconciler_schedule")


def volume_reaper(deployment: Deployment) -> None:
    from volume_reaper.aws import Usage, Volumes
    from volume_reaper.config import Config
    from volume_reaper.reaper import Reaper

    name = "volume_reaper"
    ec2: Any = deployment.world.ec2
    cloudwatch: Any = deployment.world.cloudwatch
    kept = catalogue.read_document("recovery")["final_snapshots"]["keep_days"]
    config = Config.from_environment(ENVIRONMENT | {"SNAPSHOT_RETENTION_DAYS": str(kept)})
    reaper = Reaper(config, Volumes(ec2, ec2), Usage(cloudwatch), **deployment.tools(name))
    deployment.add(name, reaper.run)
    deployment.schedule(name, "volume_watch_schedule", payload={"mode": "watch"})
    deployment.schedule(name, "volume_reap_schedule", payload={"mode": "reap"})


def instance_scheduler(deployment: Deployment) -> None:
    from instance_scheduler.aws import Instances, Processors
    from instance_scheduler.config import Config
    from instance_scheduler.scheduler import Scheduler

    name = "instance_scheduler"
    ec2: Any = deployment.world.ec2
    cloudwatch: Any = deployment.world.cloudwatch
    s3: Any = deployment.world.s3
    scheduler = Scheduler(
        config=Config.from_environment(ENVIRONMENT),
        instances=Instances(ec2),
        processors=Processors(cloudwatch),
        store=StateStore(s3, REPORTS, name),
        **deployment.tools(name),
    )
    deployment.add(name, scheduler.run)
    deployment.schedule(name, "instance_look_schedule", payload={"schedule": "look"})


def scratch_cleaner(deployment: Deployment) -> None:
    """One function for each cleaned directory."""
    from common.reports import ReportStore
    from common.runs import Runs
    from scratch_cleaner.aws import Copies
    from scratch_cleaner.cleaner import Cleaner
    from scratch_cleaner.config import Config
    from scratch_cleaner.domain import MODES, Rules
    from tests.simulation.world.tree import SimulatedTree

    layout = catalogue.read_document("shared-storage")
    s3: Any = deployment.world.s3
    for directory in (name for name, each in layout["directories"].items() if each.get("cleaned")):
        name = f"scratch_cleaner_{directory}"
        place = str(deployment.world.files.directory(directory))
        config = Config.from_environment(
            ENVIRONMENT
            | {"DIRECTORY": directory, "MOUNT_PATH": place, "UNDO_DAYS": str(number_of("cleaning_undo_days"))}
        )
        cleaner = Cleaner(
            config=config,
            rules=Rules.from_documents(
                layout, catalogue.read_document("data-classes"), directory, needs_replica=config.needs_replica
            ),
            catalogue=catalogue.load(),
            tree=SimulatedTree(deployment.world.files, place, layout["leases"], layout["undo"]),
            copies=Copies(s3, LAKE),
            runs=Runs(StateStore(s3, REPORTS, f"scratch_cleaner/{directory}")),
            reports=ReportStore(s3, REPORTS, "scratch_cleaner"),
            **deployment.tools(name),
        )

        def run(event: Any, clock: Clock, cleaner: Cleaner = cleaner) -> Any:
            try:
                mode = read_mode(event, MODES)
            except BadRequest as error:
                return {"outcome": "refused", "problem": str(error)}
            return cleaner.run(mode, clock)

        deployment.add(name, run, package="scratch_cleaner")
        deployment.schedule(name, "cleaning_schedule", payload={"mode": "clean"})
        deployment.every(name, "rate(15 minutes)", payload={"mode": "continue"})


def tag_auditor(deployment: Deployment) -> None:
    from common.reports import ReportStore
    from common.runs import Runs
    from tag_auditor.auditor import Auditor
    from tag_auditor.aws import Listing
    from tag_auditor.config import Config
    from tag_auditor.domain import MODES

    name = "tag_auditor"
    s3: Any = deployment.world.s3
    store = StateStore(s3, REPORTS, name)
    auditor = Auditor(
        config=Config.from_environment(ENVIRONMENT | {"GRACE_MINUTES": str(number_of("audit_grace_minutes"))}),
        catalogue=catalogue.load(),
        listing=Listing(s3, LAKE),
        lake=LakeTags(s3, LAKE),
        store=store,
        runs=Runs(store),
        reports=ReportStore(s3, REPORTS, name),
        tell_class=lambda data_class, values: None,
        **deployment.tools(name),
    )

    def run(event: Any, clock: Clock) -> Any:
        try:
            mode = read_mode(event, MODES)
        except BadRequest as error:
            return {"outcome": "refused", "problem": str(error)}
        return auditor.run(mode, clock)

    deployment.add(name, run)
    deployment.schedule(name, "audit_schedule", payload={"mode": "audit"})
    deployment.every(name, "rate(15 minutes)", payload={"mode": "continue"})


def log_alerter(deployment: Deployment) -> None:
    from log_alerter.alerter import Alerter
    from log_alerter.aws import Memories
    from log_alerter.config import Config
    from log_alerter.domain import filters

    name = "log_alerter"
    s3: Any = deployment.world.s3
    alerter = Alerter(
        config=Config.from_environment(ENVIRONMENT),
        filters=filters(catalogue.read_document("log-alerts")),
        memories=Memories(StateStore(s3, REPORTS, name)),
        **deployment.tools(name),
    )
    deployment.add(name, alerter.run)
    deployment.schedule(name, "log_flush_schedule", payload={"schedule": "flush"})
    deployment.world.logs.subscriptions += [
        Subscription("cluster-audit", "/aws/eks/kosha-test-cluster/cluster", name),
        Subscription("functions", "/aws/lambda/kosha-test-object-tagger", name),
    ]


FUNCTIONS: tuple[Callable[[Deployment], None], ...] = (
    transfer_starter,
    transfer_notifier,
    object_tagger,
    tag_backfill,
    transfer_reconciler,
    volume_reaper,
    instance_scheduler,
    scratch_cleaner,
    tag_auditor,
    log_alerter,
)
