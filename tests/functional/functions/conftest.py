"""Handlers on moto, in this process: every topic with a mailbox, the buckets, and the functions imported afresh."""

from __future__ import annotations

import importlib
import json
import ssl
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSRequest
from botocore.client import BaseClient
from cryptography.hazmat.primitives.asymmetric import rsa
from kosha_access.actions import actions_of
from moto import mock_aws
from moto.core.base_backend import BaseBackend
from moto.core.models import botocore_stubber
from moto.datasync.models import DataSyncBackend
from moto.datasync.responses import DataSyncResponse
from moto.sns.models import Subscription, sns_backends
from moto.sqs.models import sqs_backends

from common.clients import USER_AGENT
from common.clock import Clock
from common.http import Reader
from common.lake import OneByOne
from common.s3_calls import ListObjects, ListVersions, ReadTags, WriteTags
from common.signing import Signer
from tests.transfers import TASK, TRANSFER, setting

Load = Callable[[str], ModuleType]
Notices = Callable[[str], list[dict[str, Any]]]
Metrics = Callable[[], dict[str, float]]
"""What the fixtures ``load``, ``notices`` and ``metrics`` are."""

EVENTS = Path(__file__).parents[2] / "events"
REGION: Final = "ap-south-1"
ACCOUNT: Final = "123456789012"
"""The one moto acts in."""
EXECUTION = f"{TASK}/execution/exec-0123456789abcdef0"
LAKE, REPORTS = "kosha-test-lake-ap-south-1", "kosha-test-reports-ap-south-1"


# Function -> the IAM actions its calls needed, over every test of this folder (test_actions_called.py).
CALLED: dict[str, set[str]] = defaultdict(set)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks at the calls of every test comes last."""
    items.sort(key=lambda item: item.path.name == "test_actions_called.py")


@pytest.fixture(autouse=True, scope="session")
def _one_reading_of_what_never_changes() -> Iterator[None]:
    """Each test has sessions and a cloud of its own. What is the same in all of them is made once: service models,
    trusted certificates, moto's table of addresses, the key with which its SNS signs."""
    tables: dict[type, Any] = {}
    real: Any = BaseBackend.urls
    key = cache(partial(rsa.generate_private_key, public_exponent=65537, key_size=2048))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        patch.setattr(Subscription, "private_key", lambda _: key())
        patch.setattr(
            BaseBackend,
            "urls",
            property(lambda self: tables.get(type(self)) or tables.setdefault(type(self), real.fget(self))),
        )
        yield


@pytest.fixture(autouse=True)
def _record_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The functions' clients carry the function's name in their user agent; a test's own clients do not."""
    real = BaseClient._make_api_call  # type: ignore[attr-defined]

    def recorded(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        program, _, function = (client.meta.config.user_agent_extra or "").partition("/")
        if program == USER_AGENT:
            CALLED[function].update(actions_of(client.meta.service_model.service_name, operation, parameters))
        return real(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)


class MotoWire(OneByOne):
    """Takes the place of ``common.wire.Wire``: what it would send goes to moto, in this process, call by call. What it
    does with connections is shown in tests/unit/functions/test_wire.py."""

    def __init__(self, signer: Signer, *_: object) -> None:
        super().__init__(workers=1)
        self._signer = signer
        self._reader = Reader()

    def _make(self, call: Any) -> Any:
        head, _, body = call.request(self._signer).partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, target, _ = first.split(" ")
        headers = dict(line.split(": " if ": " in line else ":", 1) for line in lines)
        endpoint = self._signer.endpoint
        function = headers["User-Agent"].rpartition(f"{USER_AGENT}/")[2].split(" ")[0]
        CALLED[function].update(actions_of("s3", *_OPERATIONS[type(call)](call)))
        request = AWSRequest(method, f"{endpoint.scheme}://{endpoint.host}{target}", headers, body).prepare()
        answer = botocore_stubber("before-send.s3", request)
        assert answer is not None
        lines = [f"{name}: {value}" for name, value in answer.headers.items() if name.lower() != "content-length"]
        head = "\r\n".join([f"HTTP/1.1 {answer.status_code} X", *lines, f"Content-Length: {len(answer.content)}"])
        whole = self._reader.feed(f"{head}\r\n\r\n".encode() + answer.content)
        return call.read(whole)


_OPERATIONS: dict[type, Callable[[Any], tuple[str, dict[str, Any]]]] = {
    ReadTags: lambda call: ("GetObjectTagging", {"VersionId": call.version_id} if call.version_id else {}),
    WriteTags: lambda call: ("PutObjectTagging", {"VersionId": call.version_id}),
    ListObjects: lambda call: ("ListObjectsV2", {}),
    ListVersions: lambda call: ("ListObjectVersions", {}),
}


@dataclass
class Context:
    """The part of Lambda's context that the functions use."""

    function_name: str = "kosha-test-function"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:ap-south-1:111122223333:function:kosha-test-function"
    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"
    remaining_ms: list[int] = field(default_factory=lambda: [300_000])

    def get_remaining_time_in_millis(self) -> int:
        """The first number of ``remaining_ms``; it is used up unless it is the last."""
        return self.remaining_ms.pop(0) if len(self.remaining_ms) > 1 else self.remaining_ms[0]


class StandingTime:
    """A clock that stands at ``now``, and whose Lambda has ``seconds`` left at each look; the last number stays."""

    def __init__(self, now: datetime, *seconds: float) -> None:
        self.now = now
        self.seconds = list(seconds) or [900.0]
        self.waited: list[float] = []

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, self._remaining, self.waited.append)

    def _remaining(self) -> float:
        return self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]


def event(name: str) -> dict[str, Any]:
    """An event sample of tests/events."""
    loaded: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return loaded


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "POWERTOOLS_METRICS_NAMESPACE": "Kosha",
        "POWERTOOLS_SERVICE_NAME": "test",
        "ENVIRONMENT": "test",
        "TRANSFERS": setting(TRANSFER),
        "LAKE_BUCKET": LAKE,
        "REPORTS_BUCKET": REPORTS,
        "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr("common.fast_lake.Wire", MotoWire)
    with mock_aws():
        # By moto's own objects: as fifteen calls of clients this was a quarter of a test's time.
        sns, sqs = sns_backends[ACCOUNT][REGION], sqs_backends[ACCOUNT][REGION]
        for topic in ("transfer", "data", "platform"):
            arn = sns.create_topic(f"kosha-test-{topic}").arn
            monkeypatch.setenv(f"{topic.upper()}_TOPIC_ARN", arn)
            sns.subscribe(arn, sqs.create_queue(topic).queue_arn, "sqs")
        yield


@pytest.fixture
def s3(aws: None) -> Any:
    """A client, with the lake, which has versions, and the bucket of reports."""
    client = boto3.client("s3")
    for bucket in (LAKE, REPORTS):
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    client.put_bucket_versioning(Bucket=LAKE, VersioningConfiguration={"Status": "Enabled"})
    return client


def _list_task_executions(response: DataSyncResponse) -> str:
    backend: DataSyncBackend = response.datasync_backend
    task = json.loads(response.body)["TaskArn"]
    found = [each for each in backend.task_executions.values() if each.task_arn == task]
    return json.dumps({"TaskExecutions": [{"TaskExecutionArn": each.arn, "Status": each.status} for each in found]})


@pytest.fixture(autouse=True)
def _complete_moto(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto 5.2 has no ListTaskExecutions."""
    monkeypatch.setattr(DataSyncResponse, "list_task_executions", _list_task_executions, raising=False)


@pytest.fixture
def datasync_says(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What DescribeTaskExecution answers; moto knows neither counts nor task reports. ``__type`` makes it an error."""
    answer: dict[str, Any] = {"Status": "SUCCESS", "FilesTransferred": 1, "ReportResult": {"Status": "SUCCESS"}}

    def describe(response: DataSyncResponse) -> Any:
        arn = json.loads(response.body)["TaskExecutionArn"]
        if "__type" in answer:
            return json.dumps({"__type": answer["__type"], "message": "m"}), {"status": 400}
        return json.dumps({"TaskExecutionArn": arn} | answer)

    monkeypatch.setattr(DataSyncResponse, "describe_task_execution", describe)
    return answer


@pytest.fixture
def notices(aws: None) -> Notices:
    """The notices that have come to a topic since the last look."""

    def read(topic: str) -> list[dict[str, Any]]:
        sqs = boto3.client("sqs")
        url = sqs.get_queue_url(QueueName=topic)["QueueUrl"]
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                found.append(json.loads(json.loads(message["Body"])["Message"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return read


@pytest.fixture
def load(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Import a function's handler as a cold start does: with the environment of this test."""
    loaded: list[str] = []

    def cold_start(function: str) -> ModuleType:
        name = f"{function}.handler"
        sys.modules.pop(name, None)
        loaded.append(name)
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", function)
        return importlib.import_module(name)

    yield cold_start
    for name in loaded:
        sys.modules.pop(name, None)


@pytest.fixture
def metrics(capsys: pytest.CaptureFixture[str]) -> Metrics:
    """The metrics that were written since the last look (Embedded Metric Format on stdout)."""

    def read() -> dict[str, float]:
        found: dict[str, float] = {}
        for line in capsys.readouterr().out.splitlines():
            document = json.loads(line) if line.startswith("{") else {}
            for directive in document.get("_aws", {}).get("CloudWatchMetrics", []):
                assert directive["Namespace"] == "Kosha"
                for metric in directive["Metrics"]:
                    found[metric["Name"]] = sum(document[metric["Name"]])
        return found

    return read
