"""The manifests without a cluster: schema, Karpenter's types, our rules, and that each of these notices a fault."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import celpy.adapter
import jsonschema
import kubernetes_validate
import pytest
import yaml

from scripts.cluster.charts import charts, unknown
from scripts.cluster.manifests import NPM, Images, driver
from scripts.cluster.samples import IMAGES, SAMPLES, handoff, sample_values
from scripts.infrastructure.environments import load_environment
from scripts.talk import UserError
from tests.functional.manifests.rules import problems

Documents = list[dict[str, Any]]
KARPENTER = {"NodePool": "karpenter.sh/v1", "EC2NodeClass": "karpenter.k8s.aws/v1"}
CRDS = os.environ.get("KOSHA_KARPENTER_CRDS", "")
"""A folder with Karpenter's own CRDs, which also hold rules in CEL; without it npm's types are compared with."""


def with_roles() -> list[str]:
    """The service accounts of ours to which Terraform gives a role."""
    return sorted(handoff("30-cluster")["workload_roles"])


def schema_problems(documents: Documents) -> list[str]:
    version = str(load_environment("dev").variables["cluster_version"])
    found = []
    for document in documents:
        if document["kind"] not in KARPENTER:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                found.append(f"{document['kind']} {document['metadata']['name']}: {error.message}")
    return found


def karpenter_problems(documents: Documents, folder: Path) -> list[str]:
    """The compiler of TypeScript holds each object against the types of its kind, unknown fields included."""
    ours = [document for document in documents if document["kind"] in KARPENTER]
    assert {document["kind"] for document in ours} == KARPENTER.keys()
    program = [
        f"import type {{ I{kind} }} from '@kubernetes-models/karpenter/{group}';" for kind, group in KARPENTER.items()
    ]
    program += [f"export const _{n}: I{each['kind']} = {json.dumps(each)};" for n, each in enumerate(ours)]
    (folder / "node_modules").symlink_to(NPM)
    (folder / "objects.ts").write_text("\n".join(program), encoding="utf-8")
    options = {"noEmit": True, "strict": True, "skipLibCheck": True, "module": "nodenext", "target": "es2022"}
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options}), encoding="utf-8")
    done = subprocess.run([NPM / ".bin" / "tsc"], cwd=folder, capture_output=True, text=True, check=False)
    (folder / "node_modules").unlink()
    return done.stdout.splitlines()


def crd_problems(documents: Documents, folder: Path) -> list[str]:
    """Karpenter's CRDs: structure without unknown fields, and the rules in CEL that look at one object."""
    found = []
    for path in folder.glob("*.yaml"):
        crd = yaml.safe_load(path.read_text(encoding="utf-8"))
        kind = crd["spec"]["names"]["kind"]
        (schema,) = [v["schema"]["openAPIV3Schema"] for v in crd["spec"]["versions"] if v["name"] == "v1"]
        for document in (d for d in documents if d["kind"] == kind):
            where = f"{kind} {document['metadata']['name']}"
            found += [f"{where}: {e.message}" for e in jsonschema.Draft7Validator(strict(schema)).iter_errors(document)]
            found += [f"{where}: {message}" for message in cel_problems(schema, document)]
    return found


def strict(schema: Any) -> Any:
    """A structural schema that knows all its fields, as the API server's strict validation does."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    copy = {name: strict(each) for name, each in schema.items()}
    if copy.get("x-kubernetes-int-or-string"):
        copy.pop("type", None)
    if "properties" in copy and "additionalProperties" not in copy and isinstance(copy["properties"], dict):
        if copy["properties"].keys() >= {"metadata", "spec"}:  # the object itself; its metadata are the API's
            copy["properties"]["metadata"] = {"type": "object"}
        copy["additionalProperties"] = False
    return copy


def cel_problems(schema: dict[str, Any], value: Any) -> list[str]:
    found = []
    for rule in schema.get("x-kubernetes-validations", []):
        if any(word in rule["rule"] for word in ("oldSelf", ".find(", ".split(")):
            continue  # about a change; and extensions of Kubernetes that this evaluator has not
        environment = celpy.Environment()
        program = environment.program(environment.compile(rule["rule"]))
        if not program.evaluate({"self": celpy.adapter.json_to_cel(value)}):
            found.append(rule.get("message", rule["rule"]))
    if isinstance(value, dict):
        for name, child in value.items():
            below = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
            if isinstance(below, dict):
                found += cel_problems(below, child)
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        for child in value:
            found += cel_problems(schema["items"], child)
    return found


def test_everything_keeps_to_the_schema_of_the_clusters_version(documents: Documents) -> None:
    assert schema_problems(documents) == []


def test_everything_keeps_to_our_rules(documents: Documents) -> None:
    assert problems(documents, with_roles()) == []


def test_node_pools_keep_to_karpenters_types(documents: Documents, tmp_path: Path) -> None:
    assert karpenter_problems(documents, tmp_path) == []


@pytest.mark.skipif(not CRDS, reason="KOSHA_KARPENTER_CRDS names no folder with Karpenter's CRDs")
def test_node_pools_keep_to_karpenters_rules(documents: Documents) -> None:
    assert crd_problems(documents, Path(CRDS)) == []


def test_nothing_is_left_that_terraform_should_have_said(documents: Documents) -> None:
    text = json.dumps(documents)
    assert "from-the-handoff" not in text
    assert "192.0.2." not in text
    assert "kosha-sequencing" not in text.replace('"name": "kosha-sequencing"', "")


def of(documents: Documents, kind: str, name: str) -> dict[str, Any]:
    return next(d for d in documents if d["kind"] == kind and d["metadata"]["name"] == name)


def pod_of(documents: Documents, name: str) -> dict[str, Any]:
    pod: dict[str, Any] = of(documents, "Job", name)["spec"]["template"]["spec"]
    return pod


def wrong_account(d: Documents) -> None:
    pod_of(d, "step")["serviceAccountName"] = "steps"


def no_limit(d: Documents) -> None:
    del pod_of(d, "run-r")["containers"][0]["resources"]["limits"]["memory"]


def unknown_field(d: Documents) -> None:
    of(d, "CronJob", "hospital-sync")["spec"]["concurrencyPolice"] = "Forbid"


def wrong_field_of_karpenter(d: Documents) -> None:
    of(d, "NodePool", "restartable")["spec"]["disruption"]["consolidateWhen"] = "5m"


def path_of_the_node(d: Documents) -> None:
    pod_of(d, "smoke-read")["volumes"][0] = {"name": "scratch", "hostPath": {"path": "/mnt"}}


def whole_file_system(d: Documents) -> None:
    of(d, "StorageClass", "shared")["parameters"]["basePath"] = "/"


def disk_without_backup(d: Documents) -> None:
    of(d, "StorageClass", "disk")["parameters"]["tagSpecification_1"] = "kosha:backup=weekly"


def open_network(d: Documents) -> None:
    of(d, "NetworkPolicy", "driver")["spec"]["egress"].append({})


def no_account_for_a_role(d: Documents) -> None:
    of(d, "ServiceAccount", "hospital")["metadata"]["name"] = "hospitals"


def zone_abroad(d: Documents) -> None:
    requirements = of(d, "NodePool", "on-demand")["spec"]["template"]["spec"]["requirements"]
    next(r for r in requirements if r["key"].endswith("/zone"))["values"][0] = "us-east-1a"


def root(d: Documents) -> None:
    pod_of(d, "step")["securityContext"]["runAsUser"] = 0


def somebody_elses_claim(d: Documents) -> None:
    pod_of(d, "smoke-write")["volumes"][0]["persistentVolumeClaim"]["claimName"] = "hospital"


@pytest.mark.parametrize(
    ("mutate", "said"),
    [
        (wrong_account, "research/steps, which is no service account"),
        (no_limit, "has no limit of memory"),
        (unknown_field, "concurrencyPolice"),
        (wrong_field_of_karpenter, "consolidateWhen"),
        (path_of_the_node, "mounts hostPath"),
        (whole_file_system, "could be the whole file system"),
        (disk_without_backup, "disks that nobody backs up"),
        (open_network, "is open to everybody"),
        (no_account_for_a_role, "gives a role to ingestion/hospital"),
        (zone_abroad, "outside India"),
        (root, "runs as root"),
        (somebody_elses_claim, "which is not in its namespace"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_fault_is_noticed(
    dev_documents: Documents, mutate: Callable[[Documents], None], said: str, tmp_path: Path
) -> None:
    broken = deepcopy(dev_documents)
    mutate(broken)
    found = problems(broken, with_roles()) + schema_problems(broken)
    if not found:
        found = karpenter_problems(broken, tmp_path)
    assert said in "\n".join(found)


@pytest.mark.parametrize("chart", charts(), ids=lambda chart: chart.release)
def test_a_chart_knows_every_value_it_is_given(chart: Any) -> None:
    used = yaml.safe_load(chart.values_file.read_text(encoding="utf-8")) if chart.values_file else {}
    for path in chart.known:
        used = used | {path: ""}
    if used:
        known = set(chart.keys_file.read_text(encoding="utf-8").split())
        assert unknown(used, known) == []
        assert unknown({"settings": {"clusterNam": ""}}, known) == ["settings.clusterNam"]


def test_every_value_of_a_chart_says_why() -> None:
    for chart in charts():
        if chart.values_file:
            lines = chart.values_file.read_text(encoding="utf-8").splitlines()
            assert lines[0].startswith("# ")
            leaves = [line for line in lines if line.strip() and not line.rstrip().endswith(":") and line[0] != "#"]
            assert [line for line in leaves if "#" not in line and "limits:" not in line] == []


def test_a_chart_is_told_what_terraform_knows() -> None:
    karpenter = next(chart for chart in charts() if chart.release == "karpenter")
    command = karpenter.install(sample_values())
    assert "settings.clusterName=kosha-local-cluster" in command
    assert "settings.interruptionQueue=kosha-local-cluster-interruptions" in command
    assert [chart.release for chart in charts()] == ["karpenter-crd", "karpenter"]  # node pools need the CRDs


@pytest.mark.parametrize(
    ("run", "samples", "said"),
    [
        ("r", "/data/samples.tsv", "as the pods see it"),
        ("My Run", SAMPLES, "small letters"),
        ("r" * 60, SAMPLES, "at most 59"),
    ],
)
def test_a_run_that_cannot_be_is_refused(run: str, samples: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        driver(run, samples, IMAGES)


def test_the_driver_and_its_steps_take_the_same_image() -> None:
    container = driver("r", SAMPLES, Images("host", "7"))["spec"]["template"]["spec"]["containers"][0]
    image = next(each["value"] for each in container["env"] if each["name"] == "KOSHA_PIPELINE_IMAGE")
    assert container["image"] == image == "host/fast:7"
    assert container["args"] == ["--samples", SAMPLES, "--run-id", "r"]
