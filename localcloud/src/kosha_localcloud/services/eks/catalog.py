"""What EKS offers: Kubernetes versions, add-ons and access policies. A fixed excerpt, newest first.

Add-ons: https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
Access policies: https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
The add-on version numbers are of the right form but not a copy of AWS's list.
"""

from typing import NamedTuple

VERSIONS = ["1.35", "1.34", "1.33", "1.32"]

ACCESS_POLICIES = {
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSViewPolicy",
    "AmazonEKSAutoNodePolicy",
}


class AddonVersion(NamedTuple):
    """One version of an add-on and the Kubernetes versions it goes with."""

    version: str
    kubernetes: tuple[str, ...]
    default: bool


class Addon(NamedTuple):
    """An add-on: its category and its versions, newest first."""

    kind: str
    versions: tuple[AddonVersion, ...]


def _addon(kind: str, newest: str, older: str) -> Addon:
    every = tuple(VERSIONS)
    return Addon(kind, (AddonVersion(newest, every, True), AddonVersion(older, every, False)))


def _kube_proxy() -> Addon:
    return Addon(
        "networking", tuple(AddonVersion(f"v{version}.0-eksbuild.2", (version,), True) for version in VERSIONS)
    )


ADDONS: dict[str, Addon] = {
    "vpc-cni": _addon("networking", "v1.20.4-eksbuild.2", "v1.20.1-eksbuild.1"),
    "coredns": _addon("networking", "v1.12.4-eksbuild.1", "v1.12.1-eksbuild.2"),
    "kube-proxy": _kube_proxy(),
    "eks-pod-identity-agent": _addon("security", "v1.3.10-eksbuild.1", "v1.3.8-eksbuild.2"),
    "aws-efs-csi-driver": _addon("storage", "v2.1.13-eksbuild.1", "v2.1.10-eksbuild.1"),
    "aws-ebs-csi-driver": _addon("storage", "v1.52.1-eksbuild.1", "v1.48.0-eksbuild.1"),
    "snapshot-controller": _addon("storage", "v8.3.0-eksbuild.1", "v8.2.0-eksbuild.1"),
    "aws-mountpoint-s3-csi-driver": _addon("storage", "v2.1.0-eksbuild.1", "v1.15.0-eksbuild.1"),
    "amazon-cloudwatch-observability": _addon("observability", "v4.6.0-eksbuild.1", "v4.3.1-eksbuild.1"),
    "metrics-server": _addon("observability", "v0.8.0-eksbuild.2", "v0.7.2-eksbuild.4"),
    "eks-node-monitoring-agent": _addon("observability", "v1.4.1-eksbuild.1", "v1.3.0-eksbuild.2"),
    "aws-guardduty-agent": _addon("security", "v1.11.0-eksbuild.4", "v1.10.0-eksbuild.2"),
}


def default_addon_version(name: str, kubernetes: str) -> str:
    """Give the version EKS installs when none is asked for; the newest one for an unknown Kubernetes version."""
    versions = ADDONS[name].versions
    return next(
        (choice.version for choice in versions if choice.default and kubernetes in choice.kubernetes),
        versions[0].version,
    )
