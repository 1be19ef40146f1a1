"""Everything of the world, put together as Terraform puts it together."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common import catalogue, parallel
from tests.simulation.world.batch import BatchOperations
from tests.simulation.world.cloudwatch import CloudWatch
from tests.simulation.world.compute import EventBridge, Lambda, LambdaClient, Scheduler
from tests.simulation.world.datasync import DataSync, Execution, Task
from tests.simulation.world.ec2 import Ec2, Machines
from tests.simulation.world.faults import Faults
from tests.simulation.world.files import SharedFiles
from tests.simulation.world.logs import Logs
from tests.simulation.world.replication import Replication
from tests.simulation.world.s3 import S3, Store
from tests.simulation.world.sns import Mailbox, Sns
from tests.simulation.world.timeline import Timeline

PRIMARY, RECOVERY = "ap-south-1", "ap-south-2"
LAKE, REPLICA = f"kosha-test-lake-{PRIMARY}", f"kosha-test-lake-{RECOVERY}"
REPORTS = f"kosha-test-reports-{PRIMARY}"


class World:
    """One institution's AWS account and its shared storage below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.timeline = Timeline()
        self.faults = Faults(self.timeline)
        self.store = Store(self.timeline, self.faults)
        self.lake = self.store.create(LAKE, PRIMARY)
        self.replica = self.store.create(REPLICA, RECOVERY)
        self.reports = self.store.create(REPORTS, PRIMARY)
        self.replication = Replication(self.store, self.lake, self.replica)
        self.files = SharedFiles(folder, self.timeline)
        self.mailbox = Mailbox()
        self.functions = Lambda(self.timeline, self.faults)
        self.events = EventBridge(self.timeline, self.faults, self.functions)
        self.scheduler = Scheduler(self.timeline, self.faults, self.functions)
        in_flight = list(catalogue.read_document("shared-storage")["in_flight"])
        self.task = Task(
            self.timeline,
            self.faults,
            self.files,
            self.store,
            self.lake,
            self.reports,
            in_flight,
            self._transfer_ended,
        )
        self.s3 = S3(self.store)
        self.batch = BatchOperations(self.store, self.faults)
        self.datasync = DataSync(self.task, self.faults)
        self.machines = Machines(self.timeline, self.faults)
        self.ec2 = Ec2(self.machines)
        self.cloudwatch = CloudWatch(self.machines)
        self.sns = Sns(self.timeline, self.faults, self.mailbox)
        self.lambda_client = LambdaClient(self.functions, self.faults)
        self.logs = Logs(self.timeline, self.faults, self.functions)

    def _transfer_ended(self, execution: Execution) -> None:
        self.events.send(
            {
                "version": "0",
                "id": f"event-{execution.id}",
                "detail-type": "DataSync Task Execution State Change",
                "source": "aws.datasync",
                "account": "111122223333",
                "time": f"{self.timeline.now:%Y-%m-%dT%H:%M:%SZ}",
                "region": PRIMARY,
                "resources": [execution.arn],
                "detail": {"State": execution.status},
            },
            matters=bool(execution.copies),
        )


class _AtOnce:
    """A thread pool without threads: work is done when it is handed in, so that a history always runs the same way."""

    def __init__(self, max_workers: int) -> None:
        del max_workers

    def submit(self, work: Any, item: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work(item))
        except Exception as error:  # a kill is a BaseException and goes through
            future.set_exception(error)
        return future

    def shutdown(self, cancel_futures: bool = False) -> None:
        del cancel_futures


@contextmanager
def without_threads() -> Iterator[None]:
    """Let ``common.parallel`` work without threads."""
    module: Any = parallel
    real = module.ThreadPoolExecutor
    module.ThreadPoolExecutor = _AtOnce
    try:
        yield
    finally:
        module.ThreadPoolExecutor = real
