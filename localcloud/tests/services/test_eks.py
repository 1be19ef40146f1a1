"""EKS: the AWS side of a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ..conftest import Cloud
from .conftest import ROLE, Network, unique


@pytest.fixture
def cluster(cloud: Cloud, network: Network) -> Iterator[dict[str, Any]]:
    eks = cloud.client("eks")
    made = eks.create_cluster(
        name=unique("cluster"),
        roleArn=ROLE,
        resourcesVpcConfig={
            "subnetIds": [network.subnet_id],
            "endpointPublicAccess": False,
            "endpointPrivateAccess": True,
        },
        accessConfig={"authenticationMode": "API"},
        logging={"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]},
        tags={"a": "b"},
    )["cluster"]
    yield made
    eks.delete_cluster(name=made["name"])


def test_cluster_is_active_and_says_what_it_was_told(cloud: Cloud, cluster: dict[str, Any], network: Network) -> None:
    found = cloud.client("eks").describe_cluster(name=cluster["name"])["cluster"]
    assert (found["status"], found["accessConfig"]["authenticationMode"]) == ("ACTIVE", "API")
    vpc = found["resourcesVpcConfig"]
    assert (vpc["vpcId"], vpc["endpointPublicAccess"], vpc["endpointPrivateAccess"]) == (network.vpc_id, False, True)
    on = [group["types"] for group in found["logging"]["clusterLogging"] if group["enabled"]]
    assert on == [["api", "audit"]]


def test_cluster_takes_its_security_group_with_it(cloud: Cloud, network: Network) -> None:
    eks, ec2 = cloud.client("eks"), cloud.client("ec2")
    name = unique("cluster")
    made = eks.create_cluster(name=name, roleArn=ROLE, resourcesVpcConfig={"subnetIds": [network.subnet_id]})
    group = made["cluster"]["resourcesVpcConfig"]["clusterSecurityGroupId"]
    assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    eks.delete_cluster(name=name)
    with pytest.raises(ClientError, match=r"InvalidGroup\.NotFound"):
        ec2.describe_security_groups(GroupIds=[group])


def test_logging_update_changes_only_what_it_names(cloud: Cloud, cluster: dict[str, Any]) -> None:
    eks = cloud.client("eks")
    changes = {"clusterLogging": [{"types": ["scheduler"], "enabled": True}, {"types": ["api"], "enabled": False}]}
    update = eks.update_cluster_config(name=cluster["name"], logging=changes)["update"]
    assert eks.describe_update(name=cluster["name"], updateId=update["id"])["update"]["status"] == "Successful"
    groups = eks.describe_cluster(name=cluster["name"])["cluster"]["logging"]["clusterLogging"]
    assert [group["types"] for group in groups if group["enabled"]] == [["audit", "scheduler"]]


def test_node_group_keeps_its_cluster_from_being_deleted(
    cloud: Cloud, cluster: dict[str, Any], network: Network
) -> None:
    eks = cloud.client("eks")
    names = {"clusterName": cluster["name"], "nodegroupName": "system"}
    scaling = {"minSize": 1, "desiredSize": 1, "maxSize": 2}
    eks.create_nodegroup(**names, scalingConfig=scaling, subnets=[network.subnet_id], nodeRole=ROLE, labels={"a": "1"})
    with pytest.raises(ClientError, match="ResourceInUseException"):
        eks.delete_cluster(name=cluster["name"])
    eks.update_nodegroup_config(
        **names, scalingConfig={"desiredSize": 2}, labels={"addOrUpdateLabels": {"b": "2"}, "removeLabels": ["a"]}
    )
    found = eks.describe_nodegroup(**names)["nodegroup"]
    assert (found["status"], found["scalingConfig"]) == ("ACTIVE", scaling | {"desiredSize": 2})
    assert found["labels"] == {"b": "2"}
    eks.delete_nodegroup(**names)


def test_a_cluster_goes_to_the_next_minor_version_when_its_node_groups_have_this_one(
    cloud: Cloud, network: Network
) -> None:
    eks, name = cloud.client("eks"), unique("cluster")
    settings = {"resourcesVpcConfig": {"subnetIds": [network.subnet_id]}, "version": "1.32"}
    eks.create_cluster(name=name, roleArn=ROLE, **settings)
    group = {"clusterName": name, "nodegroupName": "system"}
    eks.create_nodegroup(**group, subnets=[network.subnet_id], nodeRole=ROLE)
    for wrong in ("1.34", "1.32", "1.31"):
        with pytest.raises(ClientError, match=rf"minor version update from 1\.32 to {wrong}"):
            eks.update_cluster_version(name=name, version=wrong)
    eks.update_cluster_version(name=name, version="1.33")
    with pytest.raises(ClientError, match=r"Update node groups to 1\.33 first: system"):
        eks.update_cluster_version(name=name, version="1.34")
    eks.update_nodegroup_version(**group)
    eks.update_cluster_version(name=name, version="1.34")
    assert eks.describe_cluster(name=name)["cluster"]["version"] == "1.34"
    eks.delete_nodegroup(**group)
    eks.delete_cluster(name=name)


def test_addon_versions_go_with_the_kubernetes_version(cloud: Cloud, cluster: dict[str, Any]) -> None:
    eks = cloud.client("eks")
    offered = eks.describe_addon_versions(addonName="kube-proxy", kubernetesVersion=cluster["version"])["addons"]
    versions = [entry["addonVersion"] for entry in offered[0]["addonVersions"]]
    assert versions
    assert all(version.startswith(f"v{cluster['version']}.") for version in versions)
    names = {"clusterName": cluster["name"], "addonName": "kube-proxy"}
    assert eks.create_addon(**names)["addon"]["addonVersion"] == versions[0]
    eks.delete_addon(**names)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        eks.describe_addon(**names)
    with pytest.raises(ClientError, match="is not known"):
        eks.create_addon(clusterName=cluster["name"], addonName="no-such-addon")


def test_access_policy_needs_an_entry_and_a_real_policy(cloud: Cloud, cluster: dict[str, Any]) -> None:
    eks = cloud.client("eks")
    names = {"clusterName": cluster["name"], "principalArn": ROLE}
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        eks.associate_access_policy(**names, policyArn=policy, accessScope={"type": "cluster"})
    entry = eks.create_access_entry(**names)["accessEntry"]
    assert entry["username"] == "arn:aws:sts::000000000000:assumed-role/any/{{SessionName}}"
    with pytest.raises(ClientError, match="is no access policy"):
        eks.associate_access_policy(**names, policyArn=f"{policy}x", accessScope={"type": "cluster"})
    eks.associate_access_policy(**names, policyArn=policy, accessScope={"type": "namespace", "namespaces": ["a"]})
    found = eks.list_associated_access_policies(**names)["associatedAccessPolicies"]
    assert [(entry["policyArn"], entry["accessScope"]["namespaces"]) for entry in found] == [(policy, ["a"])]
    eks.delete_access_entry(**names)
    assert eks.list_access_entries(clusterName=cluster["name"])["accessEntries"] == []


def test_service_account_has_one_pod_identity(cloud: Cloud, cluster: dict[str, Any]) -> None:
    eks = cloud.client("eks")
    wanted = {"clusterName": cluster["name"], "namespace": "a", "serviceAccount": "b", "roleArn": ROLE}
    made = eks.create_pod_identity_association(**wanted)["association"]
    with pytest.raises(ClientError, match="already exists"):
        eks.create_pod_identity_association(**wanted)
    names = {"clusterName": cluster["name"], "associationId": made["associationId"]}
    assert eks.describe_pod_identity_association(**names)["association"]["roleArn"] == ROLE
    eks.delete_pod_identity_association(**names)
    assert eks.list_pod_identity_associations(clusterName=cluster["name"])["associations"] == []


def test_tags_of_a_cluster(cloud: Cloud, cluster: dict[str, Any]) -> None:
    eks = cloud.client("eks")
    eks.tag_resource(resourceArn=cluster["arn"], tags={"c": "d"})
    eks.untag_resource(resourceArn=cluster["arn"], tagKeys=["a"])
    assert eks.list_tags_for_resource(resourceArn=cluster["arn"])["tags"] == {"c": "d"}
