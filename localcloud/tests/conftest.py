"""One local cloud for the whole test run, on a port of its own beside the user's."""

from __future__ import annotations

import io
import json
import os
import random
import socket
import subprocess
import sys
import textwrap
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

PROJECT = Path(__file__).parents[2]
sys.path.insert(0, str(PROJECT / "localcloud" / "src"))

from kosha_localcloud.client import Client  # noqa: E402 the path above makes it importable

PRIMARY, RECOVERY = "ap-south-1", "ap-south-2"


def server_python() -> str:
    """The interpreter of the environment that has LocalStack."""
    python = Path(os.environ.get("KOSHA_LOCALCLOUD_PYTHON") or PROJECT / ".venvs" / "localcloud" / "bin" / "python")
    if not python.exists():
        raise FileNotFoundError(
            f"{python} is missing: UV_PROJECT_ENVIRONMENT=.venvs/localcloud uv sync --only-group localcloud"
        )
    return str(python)


def free_port() -> int:
    """A port that nobody uses, below those the kernel gives to outgoing connections: it stays free."""
    while True:
        port = random.randrange(20000, 30000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def wait_for[Found](look: Callable[[], Found], seconds: float = 300) -> Found:
    """Look again and again until something is there; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"nothing there after {seconds} s"
        time.sleep(0.05)
    return found


@dataclass(frozen=True)
class Cloud:
    """A running local cloud."""

    directory: Path
    port: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def control(self) -> Client:
        return Client(self.endpoint)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the local cloud as a user does."""
        return subprocess.run(
            [
                server_python(),
                "-m",
                "kosha_localcloud",
                "--port",
                str(self.port),
                "--directory",
                str(self.directory),
                *arguments,
            ],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def client(self, service: str, region: str = PRIMARY, **settings: Any) -> Any:
        make: Any = boto3.client  # the type stubs want the name of the service written out
        return make(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, **settings),
        )

    def client_of(self, key: Mapping[str, str], service: str, region: str = PRIMARY) -> Any:
        """With an access key as IAM or STS gives it."""
        make: Any = boto3.client
        return make(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            aws_session_token=key.get("SessionToken"),
            config=Config(retries={"total_max_attempts": 1}),
        )

    def clock(self) -> datetime:
        """The time of the local cloud."""
        return datetime.fromisoformat(self.control.get("clock")["now"])

    def advance(self, seconds: float) -> Any:
        return self.control.post("clock/advance", {"seconds": seconds})


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    running = Cloud(tmp_path_factory.mktemp("localcloud") / "instance", free_port())
    started = running.run("start")
    assert started.returncode == 0, started.stderr
    yield running
    stopped = running.run("stop")
    assert stopped.returncode == 0, stopped.stderr


@pytest.fixture(autouse=True)
def _no_faults_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "cloud" in request.fixturenames:
        request.getfixturevalue("cloud").control.delete("faults")


def zipped(source: str, more: Mapping[str, bytes] | None = None) -> bytes:
    """A function zip with `source` as handler.py."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in {"handler.py": textwrap.dedent(source).encode(), **(more or {})}.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def role(cloud: Cloud) -> str:
    """Of a function or a schedule that may do anything."""
    return make_role(cloud, "*", ["lambda.amazonaws.com", "scheduler.amazonaws.com"])


def make_role(cloud: Cloud, actions: str | list[str], services: str | list[str], resource: str = "*") -> str:
    """A role that these services may take on; its ARN."""
    name, version, iam = f"role-{uuid.uuid4().hex[:8]}", {"Version": "2012-10-17"}, cloud.client("iam")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": services}}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(version | {"Statement": trust}))
    allowed = {"Effect": "Allow", "Action": actions, "Resource": resource}
    iam.put_role_policy(
        RoleName=name, PolicyName="allowed", PolicyDocument=json.dumps(version | {"Statement": allowed})
    )
    return str(made["Role"]["Arn"])


@pytest.fixture
def make_function(cloud: Cloud, role: str) -> Iterator[Callable[..., str]]:
    """Make a function from source; gives its ARN."""
    made: list[tuple[str, str]] = []

    def make(source: str, region: str = PRIMARY, files: Mapping[str, bytes] | None = None, **settings: Any) -> str:
        name = f"function-{uuid.uuid4().hex[:8]}"
        functions = cloud.client("lambda", region)
        arn: str = functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="handler.handle",
            Role=role,
            Code={"ZipFile": zipped(source, files)},
            Architectures=["arm64"],
            **settings,
        )["FunctionArn"]
        functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        made.append((region, name))
        return arn

    yield make
    for region, name in made:
        cloud.client("lambda", region).delete_function(FunctionName=name)


@pytest.fixture
def make_queue(cloud: Cloud) -> Iterator[Callable[[], tuple[str, str]]]:
    """Make an SQS queue; gives its URL and ARN."""
    made: list[str] = []
    queues = cloud.client("sqs")

    def make() -> tuple[str, str]:
        url = queues.create_queue(QueueName=f"queue-{uuid.uuid4().hex[:8]}")["QueueUrl"]
        made.append(url)
        arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return url, arn

    yield make
    for url in made:
        queues.delete_queue(QueueUrl=url)


def messages(cloud: Cloud, url: str, region: str = PRIMARY) -> list[dict[str, Any]]:
    """Take every message that waits in the queue."""
    queues = cloud.client("sqs", region)
    taken: list[dict[str, Any]] = []
    while found := queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
        "Messages"
    ):
        for message in found:
            queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        taken += found
    return taken
