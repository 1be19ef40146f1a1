"""What every manifest must keep to, beside the schema. Each rule yields sentences that name object and fault."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]
_INDIA = re.compile(r"^ap-south-[12][a-z]$")


def name(document: Document) -> str:
    metadata = document["metadata"]
    return f"{document['kind']} {metadata.get('namespace', '')}/{metadata['name']}"


def pod_specs(documents: Sequence[Document]) -> Iterator[tuple[Document, Mapping[str, Any]]]:
    """Whoever makes pods, with the pods' spec."""
    for document in documents:
        if document["kind"] == "Pod":
            yield document, document["spec"]
        elif document["kind"] == "CronJob":
            yield document, document["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        elif "template" in document.get("spec", {}) and document["kind"] not in ("NodePool",):
            yield document, document["spec"]["template"]["spec"]


def containers_are_modest(documents: Sequence[Document]) -> Iterator[str]:
    """Requests, a limit of memory, no root, nothing written but to volumes."""
    for document, pod in pod_specs(documents):
        user = pod.get("securityContext", {})
        if not (user.get("runAsNonRoot") and user.get("runAsUser", 0) > 0):
            yield f"{name(document)} runs as root: set runAsNonRoot and runAsUser"
        if user.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{name(document)} has no seccomp profile"
        if any(pod.get(sharing) for sharing in ("hostNetwork", "hostPID", "hostIPC")):
            yield f"{name(document)} shares something of the node"
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            resources = container.get("resources", {})
            if lacking := {"cpu", "memory", "ephemeral-storage"} - resources.get("requests", {}).keys():
                yield f"{name(document)} requests no {', '.join(sorted(lacking))}"
            if lacking := {"memory", "ephemeral-storage"} - resources.get("limits", {}).keys():
                yield f"{name(document)} has no limit of {', '.join(sorted(lacking))}"
            rights = container.get("securityContext", {})
            if rights.get("allowPrivilegeEscalation", True) or rights.get("capabilities", {}).get("drop") != ["ALL"]:
                yield f"{name(document)} keeps capabilities"
            if not rights.get("readOnlyRootFilesystem"):
                yield f"{name(document)} may write into its image"


def storage_is_by_claim(documents: Sequence[Document]) -> Iterator[str]:
    """Pods take claims that exist, memory or emptied directories; never a path of the node."""
    claims = {
        (d["metadata"]["namespace"], d["metadata"]["name"]) for d in documents if d["kind"] == "PersistentVolumeClaim"
    }
    for document, pod in pod_specs(documents):
        for volume in pod.get("volumes", []):
            kinds = volume.keys() - {"name"}
            if bad := kinds - {"persistentVolumeClaim", "emptyDir", "configMap", "projected"}:
                yield f"{name(document)} mounts {', '.join(sorted(bad))}: take a claim"
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            if claim and (document["metadata"]["namespace"], claim) not in claims:
                yield f"{name(document)} takes the claim {claim}, which is not in its namespace"
            if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
                yield f"{name(document)} has an emptyDir without a limit"


def volumes_and_claims_fit(documents: Sequence[Document]) -> Iterator[str]:
    """Each made volume is for the claim that asks for it, with the same rights."""
    claims = {
        (d["metadata"]["namespace"], d["metadata"]["name"]): d
        for d in documents
        if d["kind"] == "PersistentVolumeClaim"
    }
    for volume in (d for d in documents if d["kind"] == "PersistentVolume"):
        spec = volume["spec"]
        claim = claims.get((spec["claimRef"]["namespace"], spec["claimRef"]["name"]))
        if claim is None or claim["spec"].get("volumeName") != volume["metadata"]["name"]:
            yield f"{name(volume)} is for a claim that does not ask for it"
        elif claim["spec"]["accessModes"] != spec["accessModes"]:
            yield f"{name(volume)} and its claim differ in accessModes"
        if not {"tls", "iam"} <= set(spec.get("mountOptions", [])):
            yield f"{name(volume)} is mounted without tls or iam, which the file system refuses"
        if "::fsap-" not in spec["csi"]["volumeHandle"]:
            yield f"{name(volume)} is mounted without an access point"


def classes_are_safe(documents: Sequence[Document]) -> Iterator[str]:
    """No dynamic volume is the whole file system; every disk is encrypted with our key; one class is the default."""
    classes = [d for d in documents if d["kind"] == "StorageClass"]
    for each in classes:
        parameters = each["parameters"]
        if each["provisioner"] == "efs.csi.aws.com":
            if parameters.get("basePath", "/").strip("/") == "":
                yield f"{name(each)} has basePath '/': a volume could be the whole file system"
            if parameters.get("ensureUniqueDirectory") != "true" or parameters.get("reuseAccessPoint") != "false":
                yield f"{name(each)} lets claims share a directory"
            if not {"tls", "iam"} <= set(each.get("mountOptions", [])):
                yield f"{name(each)} is mounted without tls or iam, which the file system refuses"
        elif parameters.get("encrypted") != "true" or not parameters.get("kmsKeyId", "").startswith("arn:"):
            yield f"{name(each)} makes disks that are not encrypted with our key"
        elif "kosha:backup=daily" not in [v for key, v in parameters.items() if key.startswith("tagSpecification_")]:
            yield f"{name(each)} makes disks that nobody backs up: it lacks the tag kosha:backup=daily"
    default = "storageclass.kubernetes.io/is-default-class"
    if [name(c) for c in classes if c["metadata"].get("annotations", {}).get(default) == "true"] != [
        "StorageClass /disk"
    ]:
        yield "the StorageClass disk is not the one default"


def networks_are_closed(documents: Sequence[Document]) -> Iterator[str]:
    """Each namespace refuses everything first; what is opened names ports, and the node's addresses stay shut."""
    policies = [d for d in documents if d["kind"] == "NetworkPolicy"]
    for namespace in (d["metadata"]["name"] for d in documents if d["kind"] == "Namespace"):
        if not any(
            p["metadata"]["namespace"] == namespace
            and p["spec"]["podSelector"] == {}
            and set(p["spec"]["policyTypes"]) == {"Ingress", "Egress"}
            and not p["spec"].get("ingress")
            and not p["spec"].get("egress")
            for p in policies
        ):
            yield f"the namespace {namespace} has no policy that refuses everything"
    for policy in policies:
        for rule in [*policy["spec"].get("ingress", []), *policy["spec"].get("egress", [])]:
            peers = [*rule.get("to", []), *rule.get("from", [])]
            if not peers:
                yield f"{name(policy)} is open to everybody"
            if not rule.get("ports"):
                yield f"{name(policy)} is open on all ports"
            for port in rule.get("ports", []):
                if port.get("port") == 2049:
                    yield f"{name(policy)} opens NFS to pods: the node mounts, and pods could go round their claims"
            for peer in peers:
                block = peer.get("ipBlock", {})
                if block.get("cidr") == "0.0.0.0/0" and "169.254.0.0/16" not in block.get("except", []):
                    yield f"{name(policy)} lets pods reach the node's metadata"


def accounts_exist(documents: Sequence[Document], with_roles: Sequence[str]) -> Iterator[str]:
    """Pods name service accounts that exist; those to which Terraform gives a role exist here too."""
    accounts = {
        f"{d['metadata']['namespace']}/{d['metadata']['name']}" for d in documents if d["kind"] == "ServiceAccount"
    }
    used = set()
    for document, pod in pod_specs(documents):
        account = f"{document['metadata']['namespace']}/{pod.get('serviceAccountName', 'default')}"
        used.add(account)
        if account not in accounts:
            yield f"{name(document)} runs as {account}, which is no service account here"
    for binding in (d for d in documents if d["kind"] == "RoleBinding"):
        for subject in binding["subjects"]:
            if f"{subject['namespace']}/{subject['name']}" not in accounts:
                yield f"{name(binding)} is for {subject['namespace']}/{subject['name']}, which is not here"
    for account in with_roles:
        if account not in accounts:
            yield f"Terraform gives a role to {account}, which is no service account here"
        elif account not in used:
            yield f"Terraform gives a role to {account}, and no pod uses it"


def namespaces_are_restricted(documents: Sequence[Document]) -> Iterator[str]:
    """Pod Security `restricted`, a quota and a limit range for each."""
    for namespace in (d for d in documents if d["kind"] == "Namespace"):
        own = namespace["metadata"]["name"]
        if namespace["metadata"].get("labels", {}).get("pod-security.kubernetes.io/enforce") != "restricted":
            yield f"the namespace {own} does not enforce the Pod Security standard restricted"
        for kind in ("ResourceQuota", "LimitRange"):
            if not any(d["kind"] == kind and d["metadata"]["namespace"] == own for d in documents):
                yield f"the namespace {own} has no {kind}"


def nodes_are_as_the_system_nodes(documents: Sequence[Document]) -> Iterator[str]:
    """IMDSv2 with one hop, encrypted disks, zones of India, an end to how much and how long."""
    for node_class in (d for d in documents if d["kind"] == "EC2NodeClass"):
        metadata = node_class["spec"].get("metadataOptions", {})
        if metadata.get("httpTokens") != "required" or metadata.get("httpPutResponseHopLimit") != 1:
            yield f"{name(node_class)} lets pods take the node's credentials"
        for disk in node_class["spec"].get("blockDeviceMappings", [{}]):
            if not (disk.get("ebs", {}).get("encrypted") and disk["ebs"].get("kmsKeyID", "").startswith("arn:")):
                yield f"{name(node_class)} has a disk that is not encrypted with our key"
        if "instanceProfile" not in node_class["spec"] or "role" in node_class["spec"]:
            yield f"{name(node_class)} makes Karpenter change IAM: name the instance profile"
    for pool in (d for d in documents if d["kind"] == "NodePool"):
        node = pool["spec"]["template"]["spec"]
        wanted = {each["key"]: each["values"] for each in node["requirements"]}
        zones = wanted.get("topology.kubernetes.io/zone", [])
        if len(zones) != 3 or not all(_INDIA.match(zone) for zone in zones):
            yield f"{name(pool)} may start nodes outside India: {zones}"
        if not {"cpu", "memory"} <= pool["spec"].get("limits", {}).keys():
            yield f"{name(pool)} has no limits"
        if "expireAfter" not in node or "terminationGracePeriod" not in node:
            yield f"{name(pool)} keeps nodes for ever"
        if "spot" in wanted["karpenter.sh/capacity-type"] and not node.get("taints"):
            yield f"{name(pool)} gives Spot to pods that did not ask for it"


def problems(documents: Sequence[Document], with_roles: Sequence[str]) -> list[str]:
    """All of them."""
    rules = (
        containers_are_modest, storage_is_by_claim, volumes_and_claims_fit, classes_are_safe, networks_are_closed,
        namespaces_are_restricted, nodes_are_as_the_system_nodes,
    )  # fmt: skip
    return [problem for rule in rules for problem in rule(documents)] + list(accounts_exist(documents, with_roles))
