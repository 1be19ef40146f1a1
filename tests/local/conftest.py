"""One platform on one local cloud for this folder, applied once; the files run in the order of their numbers.

The local cloud has its own port and working directory, so a developer's own is left alone. Clients of the services that
pytest-localstack knows come from its sessions; those of the others (EFS, DataSync, EKS) from the local cloud itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_localstack.constants import SERVICE_PORTS
from pytest_localstack.session import RunningSession

from scripts.handoff import read_handoff
from scripts.infrastructure import commands
from scripts.infrastructure.environments import ROOTS, Environment, load_environment
from scripts.localcloud import LocalCloud, own_local_cloud
from tests.patience import PATIENCE, wait_for

CHECKED_SERVICES = ("events", "iam", "lambda", "logs", "s3", "sns", "sqs", "ssm", "sts")


@dataclass(frozen=True)
class Platform:
    """The applied platform: where it runs and what its roots published."""

    cloud: LocalCloud
    environment: Environment
    handoffs: dict[str, dict[str, Any]]
    sessions: dict[str, RunningSession]

    @property
    def storage(self) -> dict[str, Any]:
        return self.handoffs["20-storage"]

    @property
    def transfer_task(self) -> str:
        """ARN of the task that copies `published`."""
        arn: str = self.storage["transfers"]["transfer"]["task_arn"]
        return arn

    @property
    def shared_storage(self) -> Path:
        return self.cloud.shared_storage(self.storage["file_system_id"])

    def client(self, service: str, recovery: bool = False) -> Any:
        """A boto3 client in the primary or the recovery region."""
        region = self.environment.recovery_region if recovery else self.environment.region
        if service in CHECKED_SERVICES:
            return self.sessions[region].boto3.client(service)
        return self.cloud.client(service, region)

    def publish(self, key: str, content: bytes, directory: str = "published") -> str:
        """Lay a finished file on the shared storage, as a pipeline does: write aside, then rename."""
        path = self.shared_storage / directory / key
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(path.name + ".part")
        aside.write_bytes(content)
        aside.rename(path)
        return key

    def tags(self, key: str, recovery: bool = False) -> dict[str, str] | None:
        """The object's tags, or None if there is no such object."""
        bucket = self.storage["replica_bucket" if recovery else "lake_bucket"]
        client = self.client("s3", recovery)
        try:
            return {tag["Key"]: tag["Value"] for tag in client.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]}
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "MethodNotAllowed"):
                return None
            raise

    def now(self) -> datetime:
        """The time of the local cloud."""
        return datetime.fromisoformat(self.cloud.control("GET", "clock")["now"])

    def until(self, schedule: str) -> timedelta:
        """How long until the schedule of that name (without the prefix) calls next."""
        name = f"{self.environment.prefix}-{schedule}"
        (entry,) = [each for each in self.cloud.control("GET", "schedules") if name in str(each)]
        return datetime.fromisoformat(entry["next"]) - self.now()

    @contextmanager
    def only_schedules(self, ending: str) -> Iterator[None]:
        """Let every other schedule rest: in a day of the platform's clock they would call hundreds of times."""
        with self.cloud.resting_but(f"*{ending}"):
            yield

    def notices(self, kind: str) -> list[dict[str, Any]]:
        """Notices of ``kind`` as received by subscribers."""
        mails = self.cloud.control("GET", "mailbox")
        bodies = (json.loads(mail["message"]) for mail in mails if "kosha.notice" in mail["message"])
        return [body for body in bodies if body["kind"] == kind]


@pytest.fixture(scope="session")
def empty_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with own_local_cloud(tmp_path_factory.mktemp("localcloud")) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def platform(empty_cloud: LocalCloud) -> Iterator[Platform]:
    environment = load_environment("local")
    sessions = {
        region: RunningSession(
            "127.0.0.1", services=dict.fromkeys(CHECKED_SERVICES, empty_cloud.port), region_name=region
        )
        for region in (environment.region, environment.recovery_region)
    }
    assert set(CHECKED_SERVICES) <= set(SERVICE_PORTS)
    for session in sessions.values():
        session.start(timeout=PATIENCE)
    assert commands.apply(environment, None) == 0
    yield Platform(empty_cloud, environment, {root: read_handoff(environment, root) for root in ROOTS}, sessions)
    for session in sessions.values():
        session.stop()


def send(platform: Platform, kind: str, detail: dict[str, Any], *resources: str, recovery: bool) -> None:
    """Send an event as AWS does: of AWS Backup, or of an alarm."""
    source = "aws.cloudwatch" if kind.startswith("CloudWatch") else "aws.backup"
    entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail), "Resources": list(resources)}
    assert platform.client("events", recovery).put_events(Entries=[entry])["FailedEntryCount"] == 0


def wait_until_told(platform: Platform, *words: str) -> list[str]:
    """The notices on the topic ``platform`` with these words in them, once there are some."""

    def found() -> list[str]:
        mails = platform.cloud.control("GET", "mailbox")
        told = [mail["message"] for mail in mails if mail["topic_arn"].endswith("-platform")]
        return [message for message in told if all(word in message for word in words)]

    messages: list[str] = wait_for(f"a notice with {words}", found)
    return messages
