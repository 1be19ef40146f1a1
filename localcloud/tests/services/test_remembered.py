"""What LocalStack or moto would forget, or accept though S3 does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ..conftest import RECOVERY, Cloud
from .conftest import Network, unique

# One of those LocalStack begins with.
IMAGE = "ami-12c6146b"


def test_replica_key_has_a_policy_and_tags_of_its_own(cloud: Cloud) -> None:
    primary = cloud.client("kms")
    tags = [{"TagKey": "a", "TagValue": "primary"}]
    identifier = primary.create_key(MultiRegion=True, Tags=tags)["KeyMetadata"]["KeyId"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    recovery = cloud.client("kms", RECOVERY)
    primary.replicate_key(
        KeyId=identifier, ReplicaRegion=RECOVERY, Policy=policy, Tags=[{"TagKey": "a", "TagValue": "recovery"}]
    )
    assert recovery.get_key_policy(KeyId=identifier, PolicyName="default")["Policy"] == policy
    assert primary.get_key_policy(KeyId=identifier, PolicyName="default")["Policy"] != policy
    assert recovery.list_resource_tags(KeyId=identifier)["Tags"][0]["TagValue"] == "recovery"
    assert primary.list_resource_tags(KeyId=identifier)["Tags"][0]["TagValue"] == "primary"


def test_a_rule_of_config_shows_the_tag_it_chooses_by(cloud: Cloud) -> None:
    config, name = cloud.client("config"), unique("rule")
    recorder = {"name": "default", "roleARN": "arn:aws:iam::000000000000:role/recorder"}
    config.put_configuration_recorder(ConfigurationRecorder=recorder)
    scope = {"TagKey": "ebs.csi.aws.com/cluster", "TagValue": "true"}
    source = {"Owner": "AWS", "SourceIdentifier": "REQUIRED_TAGS"}
    parameters = json.dumps({"tag1Key": "kosha:backup"})
    config.put_config_rule(
        ConfigRule={"ConfigRuleName": name, "Scope": scope, "Source": source, "InputParameters": parameters}
    )
    (rule,) = config.describe_config_rules(ConfigRuleNames=[name])["ConfigRules"]
    config.delete_config_rule(ConfigRuleName=name)
    config.delete_configuration_recorder(ConfigurationRecorderName="default")
    assert rule["Scope"] == scope


def test_default_key_of_volumes_is_kept_by_region(cloud: Cloud) -> None:
    primary, recovery = cloud.client("ec2"), cloud.client("ec2", RECOVERY)
    primary.modify_ebs_default_kms_key_id(KmsKeyId="arn:aws:kms:ap-south-1:000000000000:key/k")
    assert primary.get_ebs_default_kms_key_id()["KmsKeyId"].endswith("key/k")
    assert recovery.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    primary.reset_ebs_default_kms_key_id()
    assert primary.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"


def test_endpoint_policy_is_shown_as_it_was_given(cloud: Cloud, network: Network) -> None:
    ec2 = cloud.client("ec2")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*"}]}
    made = ec2.create_vpc_endpoint(
        VpcId=network.vpc_id,
        ServiceName="com.amazonaws.ap-south-1.s3",
        VpcEndpointType="Gateway",
        PolicyDocument=json.dumps(policy),
    )["VpcEndpoint"]["VpcEndpointId"]
    found = ec2.describe_vpc_endpoints(VpcEndpointIds=[made])["VpcEndpoints"][0]
    assert json.loads(found["PolicyDocument"]) == policy
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made])


def test_every_kind_of_security_group_rule_shows_its_description(cloud: Cloud, network: Network) -> None:
    ec2 = cloud.client("ec2")
    group = ec2.create_security_group(VpcId=network.vpc_id, GroupName=unique("group"), Description="x")["GroupId"]
    prefixes = ec2.describe_prefix_lists()["PrefixLists"][0]["PrefixListId"]
    peers = {
        "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "address"}],
        "UserIdGroupPairs": [{"GroupId": network.group_id, "Description": "group"}],
        "PrefixListIds": [{"PrefixListId": prefixes, "Description": "list"}],
    }
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, **peers}]
    )
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    assert {rule.get("Description") for rule in rules if not rule["IsEgress"]} == {"address", "group", "list"}
    ec2.delete_security_group(GroupId=group)


def test_launch_template_keeps_its_own_tags_apart(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    name = unique("template")
    instance_tags = [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}]
    ec2.create_launch_template(
        LaunchTemplateName=name,
        LaunchTemplateData={"InstanceType": "m7i.large", "TagSpecifications": instance_tags},
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": [{"Key": "c", "Value": "d"}]}],
    )
    version = ec2.describe_launch_template_versions(LaunchTemplateName=name)["LaunchTemplateVersions"][0]
    assert version["LaunchTemplateData"]["TagSpecifications"] == instance_tags
    template = ec2.describe_launch_templates(LaunchTemplateNames=[name])["LaunchTemplates"][0]
    assert template["Tags"] == [{"Key": "c", "Value": "d"}]
    ec2.delete_launch_template(LaunchTemplateName=name)


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({f"key-{number}": "v" for number in range(11)}, "BadRequest"),
        ({"k" * 129: "v"}, "InvalidTag"),
        ({"k": "v" * 257}, "InvalidTag"),
    ],
)
@pytest.mark.parametrize("in_header", [True, False])
def test_too_many_or_too_long_object_tags_are_refused(
    cloud: Cloud, make_bucket: Callable[..., str], tags: dict[str, str], code: str, in_header: bool
) -> None:
    s3 = cloud.client("s3")
    bucket = make_bucket()
    if in_header:
        with pytest.raises(ClientError, match=code):
            s3.put_object(Bucket=bucket, Key="key", Tagging="&".join(f"{key}={value}" for key, value in tags.items()))
        assert "Versions" not in s3.list_object_versions(Bucket=bucket)
    else:
        s3.put_object(Bucket=bucket, Key="key")
        tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
        with pytest.raises(ClientError, match=code):
            s3.put_object_tagging(Bucket=bucket, Key="key", Tagging={"TagSet": tag_set})
        assert s3.get_object_tagging(Bucket=bucket, Key="key")["TagSet"] == []


def test_ten_object_tags_of_full_length_are_taken(cloud: Cloud, make_bucket: Callable[..., str]) -> None:
    s3 = cloud.client("s3")
    bucket = make_bucket()
    s3.put_object(Bucket=bucket, Key="key")
    tag_set = [{"Key": f"{number}".ljust(128, "k"), "Value": "v" * 256} for number in range(10)]
    s3.put_object_tagging(Bucket=bucket, Key="key", Tagging={"TagSet": tag_set})
    assert len(s3.get_object_tagging(Bucket=bucket, Key="key")["TagSet"]) == 10


def test_a_terminated_instance_can_be_neither_stopped_nor_started_nor_can_those_beside_it(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    made = ec2.run_instances(ImageId=IMAGE, MinCount=2, MaxCount=2)["Instances"]
    gone, there = (each["InstanceId"] for each in made)
    ec2.terminate_instances(InstanceIds=[gone])
    for call in (ec2.stop_instances, ec2.start_instances):
        with pytest.raises(ClientError, match="IncorrectInstanceState"):
            call(InstanceIds=[there, gone])
    assert instance(cloud, there)["State"]["Name"] == "running"
    ec2.terminate_instances(InstanceIds=[there])


def test_a_terminated_instance_takes_its_network_interface_along(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")

    def interfaces() -> set[str]:
        return {each["NetworkInterfaceId"] for each in ec2.describe_network_interfaces()["NetworkInterfaces"]}

    before = interfaces()
    (made,) = ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)["Instances"]
    assert len(interfaces() - before) == 1
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    assert interfaces() == before


def test_an_instance_shows_when_it_was_last_started(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    (made,) = ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)["Instances"]
    name, first = made["InstanceId"], made["LaunchTime"]
    ec2.start_instances(InstanceIds=[name])
    assert instance(cloud, name)["LaunchTime"] == first
    ec2.stop_instances(InstanceIds=[name])
    assert "User initiated (" in instance(cloud, name)["StateTransitionReason"]
    cloud.control.post("clock/advance", {"seconds": 60})
    ec2.start_instances(InstanceIds=[name])
    assert instance(cloud, name)["LaunchTime"] >= first + timedelta(seconds=60)
    ec2.terminate_instances(InstanceIds=[name])


def instance(cloud: Cloud, name: str) -> dict[str, Any]:
    (group,) = cloud.client("ec2").describe_instances(InstanceIds=[name])["Reservations"]
    found: dict[str, Any] = group["Instances"][0]
    return found


def test_saved_queries_are_kept_by_region(cloud: Cloud) -> None:
    logs = cloud.client("logs")
    query = {"queryString": "fields @message", "logGroupNames": ["/some/group"]}
    name = unique("saved/query")
    identifier = logs.put_query_definition(name=name, **query)["queryDefinitionId"]
    logs.put_query_definition(name=name, queryDefinitionId=identifier, **query | {"queryString": "limit 1"})
    (found,) = logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"]
    assert (found["queryString"], found["logGroupNames"]) == ("limit 1", ["/some/group"])
    assert cloud.client("logs", RECOVERY).describe_query_definitions()["queryDefinitions"] == []
    assert logs.delete_query_definition(queryDefinitionId=identifier)["success"]
    assert logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"] == []
