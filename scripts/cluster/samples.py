"""All manifests of an environment, made with the sample handoffs: what tests and checkov look at without a cluster."""

from __future__ import annotations

import json
from typing import Any

import yaml

from pipelines.kubernetes.jobs import TEMPLATE
from scripts.cluster.manifests import (
    KUBERNETES,
    Images,
    driver,
    ingestion,
    jobs,
    render,
    values,
    write_kustomization,
)
from scripts.paths import SAMPLE_HANDOFFS

IMAGES = Images("registry.example", "1")
SAMPLES = "/shared-storage/active/lambda-phage/samples.tsv"


def handoff(root: str) -> dict[str, Any]:
    """The sample of what a root publishes."""
    document: dict[str, Any] = json.loads((SAMPLE_HANDOFFS / f"{root}.json").read_text(encoding="utf-8"))
    return document


def sample_values() -> dict[str, str]:
    """What the component would put in."""
    return values(*(handoff(root) for root in ("10-foundation", "20-storage", "30-cluster")))


def started_by_programs() -> list[dict[str, Any]]:
    """Pods that are in no overlay: Jobs of cluster-up, drivers, steps of the workflow; and the examples."""
    zones = {f"zone-{number}": zone for number, zone in enumerate(handoff("10-foundation")["zones"])}
    step = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    step["metadata"] |= {"name": "step", "namespace": "research"}
    (container,) = step["spec"]["template"]["spec"]["containers"]
    container |= {
        "image": IMAGES.of("kosha-sequencing"),
        "resources": {  # pipelines/kubernetes/jobs.py sets them for each step
            "requests": {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"},
            "limits": {"memory": "1Gi", "ephemeral-storage": "11Gi"},
        },
    }
    examples = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (KUBERNETES / "examples").iterdir()]
    return [
        *jobs("directories", IMAGES), *jobs("smoke", IMAGES, zones), driver("r", SAMPLES, IMAGES),
        ingestion("ena", ["SRR2584863"], "ecoli-evolution", "ena", IMAGES), step, *examples
    ]  # fmt: skip


def all_manifests(environment: str) -> list[dict[str, Any]]:
    """Everything of an environment."""
    return [*render(write_kustomization(environment, sample_values(), IMAGES)), *started_by_programs()]
