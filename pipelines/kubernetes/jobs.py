"""From a job of Snakemake to a Job of Kubernetes.

Names are derived from the work: run, rule and wildcards. So a driver that starts again asks for a Job that is there
already, and attaches to it. Neither the attempt nor Snakemake's own number of a job is part of a name; both are others
after a restart.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).resolve().parent / "job.yaml"
FOLDER = "jobs"
"""Of a run's directory: scripts, output and notes of its Jobs."""
RUN_LABEL = "kosha.in/run"
WORK_ANNOTATION = "kosha.in/work"
_PROPERTIES = re.compile(r"^# properties = (\{.*\})$", re.MULTILINE)
_OVERHEAD_MIB = 512
"""Snakemake in the pod, and what a JVM has beside its heap at the least."""
_HEADROOM = 1.25


NODE_SIZES = (2, 4, 8)
"""Processors of the nodes that steps get (kubernetes/base/nodes)."""
SIZE_LABEL = "karpenter.k8s.aws/instance-cpu"
DAEMON_PROCESSORS = 0.48
"""What DaemonSets request on every node, each as its add-on has it: CloudWatch agent 0.25, kube-proxy 0.1, VPC CNI
0.05, Fluent Bit 0.05, EBS driver 0.03."""
DAEMON_MIB = 700
_KEPT = 0.7
"""Processors of a node that a step leaves to DaemonSets and kubelet, which take 0.55 to 0.6."""


class JobError(Exception):
    """A step cannot become a Job; the message says why and what to do."""


@dataclass(frozen=True)
class Step:
    """A job of Snakemake: its script, and what the script's header says of it."""

    script: str
    properties: Mapping[str, Any]
    run_directory: Path

    @classmethod
    def read(cls, script: Path, run_directory: Path) -> Step:
        """Raises :class:`JobError` for a script without the header, and for a group of jobs."""
        text = script.read_text(encoding="utf-8")
        found = _PROPERTIES.search(text)
        if not found:
            raise JobError(f"{script}: this is no job script of Snakemake, it has no line '# properties = ...'")
        properties = json.loads(found[1])
        if properties["type"] != "single":
            raise JobError(f"{script}: groups of jobs have no names of their own; take `group` out of the workflow")
        return cls(text, properties, run_directory)

    @property
    def rule(self) -> str:
        return str(self.properties["rule"])

    @property
    def run_label(self) -> str:
        return run_label(self.run_directory)

    @property
    def name(self) -> str:
        """``<rule>-<wildcards>-<digest>``, a DNS label of at most 63 characters (RFC 1123)."""
        wildcards = [f"{name}={value}" for name, value in sorted(self.properties["wildcards"].items())]
        digest = _digest(str(self.run_directory), self.rule, *wildcards)
        words = "-".join([self.rule, *map(str, self.properties["wildcards"].values())]).lower()
        return f"{re.sub(r'[^a-z0-9]+', '-', words).strip('-')[:50].strip('-')}-{digest}"

    @property
    def work(self) -> str:
        """What the step does, as a digest: another configuration of the run makes another work under the same name."""
        document = (self.run_directory / "run.json").read_text(encoding="utf-8")
        return _digest(document, self.rule, json.dumps(self.properties.get("params"), sort_keys=True))

    @property
    def logs(self) -> list[Path]:
        return [self.run_directory / log for log in self.properties["log"]]


def run_label(run_directory: Path) -> str:
    """The value of :data:`RUN_LABEL` of a run's Jobs."""
    return _digest(str(run_directory))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def read_template() -> dict[str, Any]:
    """The template of Jobs; raises :class:`JobError` when it is none."""
    path = Path(os.environ.get("KOSHA_JOB_TEMPLATE") or TEMPLATE)
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        (container,) = document["spec"]["template"]["spec"]["containers"]
        next(mount for mount in container["volumeMounts"] if mount["name"] == "shared-storage")
    except (OSError, yaml.YAMLError) as error:
        raise JobError(f"{path}: not readable as a template of Jobs: {error}") from None
    except (KeyError, TypeError, ValueError, StopIteration):
        raise JobError(
            f"{path}: this is no template of Jobs; it needs one container with a volume mount shared-storage"
        ) from None
    assert isinstance(document, dict)
    return document


def image() -> str:
    """The container image of the steps; raises :class:`JobError` when none is named."""
    if name := os.environ.get("KOSHA_PIPELINE_IMAGE"):
        return name
    raise JobError("no image is named for the steps; set KOSHA_PIPELINE_IMAGE to one of pipelines/images")


def memory_request_mib(mem_mb: float) -> int:
    """What the pod of a step asks for, and may not exceed, in MiB."""
    return int(mem_mb * _HEADROOM) + _OVERHEAD_MIB


def processors_for_pods(size: int) -> float:
    """What is left of a node of ``size`` processors for pods: less what the kubelet keeps, and DaemonSets.

    The kubelet of EKS's images keeps 6 % of the first processor, 1 % of the second, 0.5 % of the next two and 0.25 % of
    each further one (https://github.com/awslabs/amazon-eks-ami/pull/367).
    """
    kept = 0.06 + 0.01 * (size > 1) + 0.005 * min(max(size - 2, 0), 2) + 0.0025 * max(size - 4, 0)
    return size - kept - DAEMON_PROCESSORS


def memory_for_pods(size: int) -> int:
    """MiB that are left of a node of the r families, 8 GiB to a processor; Karpenter takes c or m where they do.

    The kubelet keeps 255 MiB and 11 MiB for each of up to 110 pods, and 100 MiB stay free (the same source); of what an
    instance is sold with, its kernel never shows a twentieth.
    """
    return int(size * 8 * 1024 * 0.95) - (255 + 11 * 110 + 100) - DAEMON_MIB


def node_size(threads: int, memory_mib: int) -> int:
    """Processors of the node a step gets: the smallest with as many as it has threads, and with its memory.

    Raises:
        JobError: for more than the largest node has.
    """
    for size in NODE_SIZES:
        if threads <= size and memory_mib <= memory_for_pods(size):
            return size
    raise JobError(
        f"a step wants {threads} threads and {memory_mib} MiB; the largest node has {NODE_SIZES[-1]} processors and "
        f"{memory_for_pods(NODE_SIZES[-1])} MiB for it. Change set-threads or the memory of the configuration"
    )


def processors_requested(threads: int) -> float:
    """What the pod of a step asks for: a processor for one thread, for several all that a node of their number has."""
    return 1.0 if threads == 1 else threads - _KEPT


def manifest(step: Step, template: Mapping[str, Any], image_name: str) -> dict[str, Any]:
    """The Job of a step, as the API takes it.

    Memory is requested with headroom over ``mem_mb``, which tools get as their heap, and limited to the request: pods
    that take more than they asked for are ended one by one, not together with their neighbours. Processors are not
    limited, only requested. Where the template selects nodes by their size, the step gets one of its own size.

    Raises:
        JobError: for more threads or memory than a node has.
    """
    job = deepcopy(dict(template))
    resources = step.properties["resources"]
    labels = {RUN_LABEL: step.run_label, "kosha.in/rule": step.rule}
    job["metadata"] = job.get("metadata", {}) | {
        "name": step.name,
        "labels": job.get("metadata", {}).get("labels", {}) | labels,
        "annotations": job.get("metadata", {}).get("annotations", {})
        | {WORK_ANNOTATION: step.work, "kosha.in/run-directory": str(step.run_directory)},
    }
    if "runtime" in resources:
        job["spec"]["activeDeadlineSeconds"] = int(resources["runtime"]) * 60
    pod = job["spec"]["template"]
    pod["metadata"] = pod.get("metadata", {}) | {"labels": pod.get("metadata", {}).get("labels", {}) | labels}
    (container,) = pod["spec"]["containers"]
    memory_mib = memory_request_mib(resources["mem_mb"])
    memory = f"{memory_mib}Mi"
    threads = int(step.properties["threads"])
    processors = f"{processors_requested(threads) * 1000:.0f}m"
    if SIZE_LABEL in pod["spec"].get("nodeSelector", {}):
        pod["spec"]["nodeSelector"][SIZE_LABEL] = str(node_size(threads, memory_mib))
    container |= {
        "image": image_name,
        "command": ["/bin/bash", "-c", _command(step)],
        "resources": {
            "requests": {"cpu": processors, "memory": memory, "ephemeral-storage": "1Gi"},
            "limits": {"memory": memory, "ephemeral-storage": "11Gi"},
        },
    }
    mount = next(mount for mount in container["volumeMounts"] if mount["name"] == "shared-storage")
    mount["mountPath"] = str(step.run_directory.parents[1])
    return job


def _command(step: Step) -> str:
    """Run the step's own copy of its script; what it says goes to the pod's output and beside the script."""
    place = step.run_directory / FOLDER / step.name
    script, log = shlex.quote(f"{place}.sh"), shlex.quote(f"{place}.log")
    return f"bash {script} 2>&1 | tee {log}; exit ${{PIPESTATUS[0]}}"
