"""A cluster on loopback that knows Jobs; each pod is a process of this machine with the environment of the Job.

What it does as the real one: schema of Jobs (strict), 409 for a name in use, deletion in the foreground,
backoffLimit 0, podFailurePolicy for disrupted pods, conditions and reasons. What it does not: scheduling, images,
mounts, security contexts, limits of memory.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import kubernetes_validate
import yaml

from tests.functional.loopback import serving

NAMESPACE = "research"
VERSION = "1.35"
_ONE = re.compile(rf"/apis/batch/v1/namespaces/{NAMESPACE}/jobs/([^/]+)")
_JOBS, _PODS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", f"/api/v1/namespaces/{NAMESPACE}/pods"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Pod:
    """A process, and what the API says of it."""

    job: Job
    process: subprocess.Popen[bytes]
    name: str
    ended_by: str = ""  # evicted, oom, deleted

    def document(self) -> dict[str, Any]:
        code = self.process.poll()
        state: dict[str, Any] = {"running": {"startedAt": _now()}}
        if code is not None:
            reason = "OOMKilled" if self.ended_by == "oom" else "Completed" if code == 0 else "Error"
            state = {"terminated": {"exitCode": code if code >= 0 else 128 - code, "reason": reason}}
        status: dict[str, Any] = {
            "phase": "Running" if code is None else "Succeeded" if code == 0 else "Failed",
            "containerStatuses": [
                {"name": "step", "image": "i", "imageID": "", "ready": False, "restartCount": 0, "state": state}
            ],
        }
        if self.ended_by == "evicted":
            status |= {"reason": "Evicted", "message": "the node is taken away"}
        return {"metadata": {"name": self.name, "labels": self.job.labels}, "status": status}

    def end(self, by: str) -> None:
        self.ended_by = by
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


@dataclass
class Job:
    """A Job with its pods, oldest first."""

    manifest: dict[str, Any]
    uid: str = field(default_factory=lambda: str(uuid.uuid4()))
    pods: list[Pod] = field(default_factory=list)
    condition: dict[str, str] | None = None
    deleted_at: str = ""

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])

    @property
    def labels(self) -> dict[str, str]:
        labels: dict[str, str] = self.manifest["spec"]["template"]["metadata"]["labels"]
        return labels | {"batch.kubernetes.io/job-name": self.name}

    def document(self) -> dict[str, Any]:
        metadata = self.manifest["metadata"] | {"uid": self.uid, "namespace": NAMESPACE}
        if self.deleted_at:
            metadata |= {"deletionTimestamp": self.deleted_at}
        return self.manifest | {
            "metadata": metadata,
            "status": {"conditions": [self.condition] if self.condition else []},
        }


def start_here(command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A pod as a process of this machine."""
    return subprocess.Popen(
        command, cwd="/", env={"PATH": os.environ["PATH"], **environment}, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


@dataclass
class Cluster:
    """``misdeeds`` are statuses to answer with instead, one to a request (0: close the connection).

    ``start`` starts a pod: a process that ends when and as the pod does.
    """

    start: Callable[[list[str], dict[str, str]], subprocess.Popen[bytes]] = start_here
    address: str = ""
    jobs: dict[str, Job] = field(default_factory=dict)
    created: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    misdeeds: list[int] = field(default_factory=list)
    on_start: Callable[[Job], None] = lambda _: None
    lock: threading.RLock = field(default_factory=threading.RLock)
    over: bool = False

    def create(self, manifest: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        try:
            kubernetes_validate.validate(manifest, VERSION, strict=True)
        except kubernetes_validate.ValidationError as error:
            return _failure(422, f"Job is invalid: {error.message}")
        with self.lock:
            job = Job(manifest)
            if job.name in self.jobs:
                return _failure(409, f'jobs.batch "{job.name}" already exists')
            self.jobs[job.name] = job
            self.created.append(job.name)
            self._start_pod(job)
        return 201, job.document()

    def _start_pod(self, job: Job) -> None:
        (container,) = job.manifest["spec"]["template"]["spec"]["containers"]
        environment = {each["name"]: each["value"] for each in container["env"]}
        process = self.start(container["command"], environment)
        pod = Pod(job, process, f"{job.name}-{len(job.pods)}")
        job.pods.append(pod)
        threading.Thread(target=self._follow, args=(job, pod), daemon=True).start()
        self.on_start(job)

    def _follow(self, job: Job, pod: Pod) -> None:
        code = pod.process.wait()
        with suppress(ProcessLookupError):  # a container ends with its first process
            os.killpg(pod.process.pid, signal.SIGKILL)
        with self.lock:
            if job.deleted_at or self.over:
                if self.jobs.get(job.name) is job:
                    del self.jobs[job.name]
                return
            policy = job.manifest["spec"].get("podFailurePolicy", {}).get("rules", [])
            if code == 0:
                job.condition = {"type": "Complete", "status": "True"}
            elif pod.ended_by == "evicted" and any(
                rule["action"] == "Ignore" and {"type": "DisruptionTarget", "status": "True"} in rule["onPodConditions"]
                for rule in policy
            ):
                self._start_pod(job)
            else:
                assert job.manifest["spec"]["backoffLimit"] == 0, "more is not built here"
                job.condition = {
                    "type": "Failed", "status": "True", "reason": "BackoffLimitExceeded",
                    "message": "Job has reached the specified backoff limit",
                }  # fmt: skip

    def delete(self, name: str, policy: str) -> tuple[int, dict[str, Any]]:
        with self.lock:
            if name not in self.jobs:
                return _failure(404, f'jobs.batch "{name}" not found')
            job = self.jobs[name]
            job.deleted_at = job.deleted_at or _now()
            active = [pod for pod in job.pods if pod.process.poll() is None]
            if policy != "Foreground" or not active:
                del self.jobs[name]
            for pod in active:
                pod.end("deleted")
            return 200, job.document()

    def wait_for(self, rule: str, driver: subprocess.Popen[Any]) -> Job:
        """The Job of a rule, when it is there and its pod runs."""
        while driver.poll() is None:
            with self.lock:
                for job in self.jobs.values():
                    if job.labels["kosha.in/rule"] == rule and job.pods:
                        return job
            time.sleep(0.02)
        raise AssertionError(
            f"no Job of the rule {rule} in {sorted(self.jobs)}, and the driver has ended: {driver.communicate()[0]}"
        )

    def kubeconfig(self, folder: Path) -> Path:
        path = folder / "kubeconfig.yaml"
        document = {
            "clusters": [{"name": "c", "cluster": {"server": self.address}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": NAMESPACE}}],
            "current-context": "x",
        }
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        return path


def _failure(code: int, message: str) -> tuple[int, dict[str, Any]]:
    return code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}


class Request(BaseHTTPRequestHandler):
    """One request; its server carries the cluster."""

    server: Any

    def log_message(self, *_: object) -> None:
        pass

    def _do(self) -> None:
        cluster: Cluster = self.server.cluster
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        with cluster.lock:
            cluster.requests.append(f"{self.command} {parts.path}")
            misdeed = cluster.misdeeds.pop(0) if cluster.misdeeds else None
        if misdeed == 0:
            self.close_connection = True
            return
        if misdeed is not None:
            self._answer(*_failure(misdeed, "the server is not well"))
            return
        selector = dict(
            each.split("=", 1) for each in parse_qs(parts.query).get("labelSelector", []) for each in each.split(",")
        )
        one = _ONE.fullmatch(parts.path)
        with cluster.lock:
            if self.command == "POST" and parts.path == _JOBS:
                answer = cluster.create(json.loads(body))
            elif self.command == "DELETE" and one:
                answer = cluster.delete(one[1], json.loads(body or b"{}").get("propagationPolicy", "Background"))
            elif self.command == "GET" and one:
                job = cluster.jobs.get(one[1])
                answer = (200, job.document()) if job else _failure(404, f'jobs.batch "{one[1]}" not found')
            elif self.command == "GET" and parts.path == _JOBS:
                answer = _list("JobList", [j.document() for j in cluster.jobs.values()], selector)
            elif self.command == "GET" and parts.path == _PODS:
                pods = [pod.document() for job in cluster.jobs.values() for pod in job.pods]
                answer = _list("PodList", pods, selector)
            else:
                answer = _failure(404, f"{self.command} {parts.path} is not built here")
        self._answer(*answer)

    do_GET = do_POST = do_DELETE = _do

    def _answer(self, code: int, document: dict[str, Any]) -> None:
        content = json.dumps(document).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _list(kind: str, documents: list[dict[str, Any]], selector: dict[str, str]) -> tuple[int, dict[str, Any]]:
    items = [each for each in documents if selector.items() <= each["metadata"]["labels"].items()]
    return 200, {"kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items}


@contextmanager
def cluster(
    host: str = "127.0.0.1", start: Callable[[list[str], dict[str, str]], subprocess.Popen[bytes]] = start_here
) -> Iterator[Cluster]:
    fake = Cluster(start)
    try:
        with serving(Request, host, cluster=fake) as fake.address:
            yield fake
    finally:
        with fake.lock:
            fake.over = True
            for job in list(fake.jobs.values()):
                for pod in job.pods:
                    pod.end("deleted")
