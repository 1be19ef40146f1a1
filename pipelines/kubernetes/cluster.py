"""The Jobs of a run in a cluster: submitted, looked at, cancelled (https://kubernetes.io/docs/concepts/workloads/controllers/job/).

Access is what the pod's service account or ``KUBECONFIG`` gives. The rights needed are create, get, list and delete of
Jobs, and list of pods, in the own namespace.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import tenacity
from lightkube import ApiError, Client, KubeConfig
from lightkube.core.exceptions import ConfigError
from lightkube.models.core_v1 import Pod as PodModel
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Pod
from lightkube.types import CascadeType

from pipelines.kubernetes.jobs import FOLDER, RUN_LABEL, WORK_ANNOTATION, JobError, Step, image, manifest, read_template
from pipelines.kubernetes.jobs import run_label as label_of
from pipelines.sequencing.run import read_object, write_atomically

RUNNING, SUCCESS, FAILED = "running", "success", "failed"
"""What cluster-generic wants to hear of a job."""
_TIMEOUT_SECONDS = 20.0
_GONE_SECONDS = 300.0
"""How long a Job that is being deleted is waited for; its pod has 30 seconds to end, a lost node takes minutes."""


def connect() -> Client:
    """A client for the own namespace; raises :class:`JobError` where no cluster is configured."""
    try:
        return Client(config=KubeConfig.from_env(), timeout=httpx.Timeout(_TIMEOUT_SECONDS))
    except ConfigError as error:
        raise JobError(f"no cluster is configured: {error}; run this in a pod, or set KUBECONFIG") from None


def _is_passing(error: BaseException) -> bool:
    if isinstance(error, ApiError):
        return error.status.code is None or error.status.code == 429 or error.status.code >= 500
    return isinstance(error, (httpx.TransportError, json.JSONDecodeError))


def _patiently() -> tenacity.Retrying:
    """An API server that restarts is away for seconds to minutes."""
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(_is_passing),
        wait=tenacity.wait_exponential_jitter(multiplier=0.2, max=15),
        stop=tenacity.stop_after_delay(120),
        reraise=True,
    )


@contextmanager
def _said(what: str) -> Iterator[None]:
    try:
        yield
    except (ApiError, httpx.TransportError, json.JSONDecodeError) as error:
        raise JobError(f"{what}: {error or type(error).__name__}") from None


def check() -> None:
    """See that steps could be submitted; raises :class:`JobError` with what is missing."""
    image()
    read_template()
    client = connect()
    with _said(f"the cluster does not let us see Jobs of the namespace {client.namespace}"):
        _patiently()(lambda: list(client.list(Job, labels={RUN_LABEL: "none"})))


def submit(script: Path, run_directory: Path) -> str:
    """Make a Job of a job script; returns its name.

    A Job of that name which is at work on the same is attached to; any other is deleted first, and waited for until its
    pod has ended.

    Raises:
        JobError: the API refuses, or does not answer for two minutes; the step's log says so as well.
    """
    step = Step.read(script, run_directory)
    place = run_directory / FOLDER / step.name
    job = Job.from_dict(manifest(step, read_template(), image()))
    assert isinstance(job, Job)
    write_atomically(place.with_name(f"{place.name}.sh"), step.script)
    client = connect()
    try:
        with _said(f"the Job {step.name} could not be submitted"):
            uid = _create_or_attach(client, job, step)
    except JobError as error:
        _append(step.logs, f"kubernetes: {error}")
        raise
    note = {"uid": uid, "logs": [str(log) for log in step.logs]}
    write_atomically(place.with_name(f"{place.name}.json"), json.dumps(note) + "\n")
    return step.name


def _create_or_attach(client: Client, job: Job, step: Step) -> str:
    deadline = time.monotonic() + _GONE_SECONDS
    while True:
        try:
            return _uid(_patiently()(client.create, job))
        except ApiError as error:
            if error.status.code != 409:
                raise
        try:
            there = _patiently()(client.get, Job, step.name)
        except ApiError as error:
            if error.status.code != 404:
                raise
            continue
        assert there.metadata is not None
        same = (there.metadata.annotations or {}).get(WORK_ANNOTATION) == step.work
        if there.metadata.deletionTimestamp is None:
            if same and _state(there) == RUNNING:
                print(f"attached to the Job {step.name}, which is at work", file=sys.stderr)
                return _uid(there)
            _delete(client, step.name)
        if time.monotonic() > deadline:
            raise JobError(
                f"the Job {step.name} is still being deleted after {_GONE_SECONDS:.0f} seconds; is its node lost?"
            )
        time.sleep(0.5)


def _uid(job: Job) -> str:
    assert job.metadata is not None
    return str(job.metadata.uid)


def _delete(client: Client, name: str) -> None:
    """In the foreground: the name is free when the pod has ended."""
    try:
        _patiently()(lambda: client.delete(Job, name, cascade=CascadeType.FOREGROUND))
    except ApiError as error:
        if error.status.code != 404:
            raise


def _state(job: Job) -> str:
    conditions = (job.status.conditions if job.status else None) or []
    kinds = {condition.type for condition in conditions if condition.status == "True"}
    return SUCCESS if "Complete" in kinds else FAILED if "Failed" in kinds else RUNNING


@dataclass(frozen=True)
class Look:
    """How the state of Jobs is looked at; times in seconds.

    Snakemake asks for one job at a time. One list of all Jobs of the run answers for ``fresh`` seconds. While the API
    does not answer, steps count as running, for ``patience`` at most.
    """

    fresh: float = 2.0
    patience: float = 3600.0


def status(name: str, run_directory: Path, look: Look | None = None) -> str:
    """``running``, ``success`` or ``failed``; the reason of a failure goes into the step's log."""
    look = look or Look()
    folder = run_directory / FOLDER
    note = read_object(folder / f"{name}.json")
    silent = folder / "no-answer"
    try:
        seen = _seen(folder, name, note.get("uid"), look.fresh) or _list(run_directory).get(name)
        silent.unlink(missing_ok=True)
        if seen is None:
            _append(map(Path, note.get("logs", [])), "kubernetes: the Job is not there any more; somebody deleted it")
            return FAILED
        if seen["state"] == FAILED:
            _append(map(Path, note.get("logs", [])), f"kubernetes: {_why(name, seen)}")
        return str(seen["state"])
    except (ApiError, httpx.TransportError, json.JSONDecodeError, JobError) as error:
        print(f"the cluster does not say what became of {name}: {error or type(error).__name__}", file=sys.stderr)
        if not silent.exists():
            silent.touch()
        if time.time() - silent.stat().st_mtime < look.patience:
            return RUNNING
        _append(map(Path, note.get("logs", [])), f"kubernetes: no answer for {look.patience / 60:.0f} minutes: {error}")
        return FAILED


def _seen(folder: Path, name: str, uid: str | None, fresh: float) -> dict[str, Any] | None:
    """What the last list says of a Job, while it is fresh and of this very Job."""
    cache = folder / "seen.json"
    with suppress(FileNotFoundError):
        if time.time() - cache.stat().st_mtime < fresh:
            seen = read_object(cache).get(name)
            return seen if isinstance(seen, dict) and seen["uid"] == uid else None
    return None


def _list(run_directory: Path) -> dict[str, dict[str, Any]]:
    seen = {}
    for job in connect().list(Job, labels={RUN_LABEL: label_of(run_directory)}, chunk_size=500):
        assert job.metadata is not None
        failed = [each for each in (job.status and job.status.conditions) or [] if each.type == "Failed"]
        why = "; ".join(f"{each.reason}: {each.message}" for each in failed)
        seen[str(job.metadata.name)] = {"uid": _uid(job), "state": _state(job), "why": why}
    write_atomically(run_directory / FOLDER / "seen.json", json.dumps(seen) + "\n")
    return seen


def _why(name: str, seen: dict[str, Any]) -> str:
    """Why a Job failed: what became of its pod, or else what the Job says of itself."""
    with suppress(ApiError, httpx.TransportError, json.JSONDecodeError):
        pods = list(connect().list(Pod, labels={"batch.kubernetes.io/job-name": name}))
        if said := [reason for pod in pods for reason in _pod_reasons(pod)]:
            return "; ".join(said)
    return str(seen["why"]) or "the Job failed"


def _pod_reasons(pod: PodModel) -> Iterator[str]:
    if not pod.status or not pod.metadata:
        return
    if pod.status.reason:
        yield f"the pod {pod.metadata.name} was ended: {pod.status.reason} {pod.status.message or ''}".rstrip()
    for container in pod.status.containerStatuses or []:
        ended = container.state.terminated if container.state else None
        if ended and ended.reason == "OOMKilled":
            yield f"the pod {pod.metadata.name} took more memory than it had (OOMKilled)"
        elif ended and ended.signal:
            yield f"the pod {pod.metadata.name} was ended by signal {ended.signal}"


def cancel(names: Iterable[str]) -> None:
    """Delete Jobs; those that are not there are no error."""
    client = connect()
    for name in names:
        with _said(f"the Job {name} could not be cancelled"):
            _delete(client, name)


def cancel_run(run_directory: Path) -> int:
    """Delete all Jobs of a run; returns how many were at work."""
    client = connect()
    with _said("the Jobs of the run could not be listed"):
        jobs = _patiently()(lambda: list(client.list(Job, labels={RUN_LABEL: label_of(run_directory)})))
    active = [str(job.metadata.name) for job in jobs if job.metadata and _state(job) == RUNNING]
    cancel(active)
    return len(active)


def _append(logs: Iterable[Path], line: str) -> None:
    for log in list(logs)[:1]:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
