"""Count what is left on the local cloud (``make destroy`` must leave nothing).

Asks every service the roots use, in both regions, for its resources, and leaves out what an empty account has by
itself. It does not look at Terraform's state: a resource Terraform forgot is what this is for.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jmespath

from scripts.infrastructure.environments import load_environment
from scripts.localcloud import ACCOUNT, LocalCloud, local_cloud
from scripts.talk import make_console, run_program

console = make_console()


@dataclass(frozen=True)
class Listing:
    """One kind of resource: which call lists it, and where in the answer the items are."""

    service: str
    operation: str
    query: str
    arguments: tuple[tuple[str, Any], ...] = ()
    is_global: bool = False


LISTINGS = (
    Listing("ec2", "describe_vpcs", "Vpcs[?!IsDefault].VpcId"),
    Listing("ec2", "describe_subnets", "Subnets[?!DefaultForAz].SubnetId"),
    Listing("ec2", "describe_security_groups", "SecurityGroups[?GroupName!='default'].GroupId"),
    Listing("ec2", "describe_nat_gateways", "NatGateways[?State!='deleted'].NatGatewayId"),
    Listing("ec2", "describe_addresses", "Addresses[].AllocationId"),
    Listing("ec2", "describe_internet_gateways", "InternetGateways[?length(Attachments)==`0`].InternetGatewayId"),
    Listing("ec2", "describe_route_tables", "RouteTables[?!(Associations[?Main])].RouteTableId"),
    Listing("ec2", "describe_instances", "Reservations[].Instances[?State.Name!='terminated'].InstanceId[]"),
    Listing("ec2", "describe_vpc_endpoints", "VpcEndpoints[?State!='deleted'].VpcEndpointId"),
    Listing("ec2", "describe_flow_logs", "FlowLogs[].FlowLogId"),
    Listing("ec2", "describe_launch_templates", "LaunchTemplates[].LaunchTemplateId"),
    Listing("ec2", "describe_volumes", "Volumes[].VolumeId"),
    Listing("ec2", "describe_network_interfaces", "NetworkInterfaces[].NetworkInterfaceId"),
    Listing("kms", "list_aliases", "Aliases[?!starts_with(AliasName, 'alias/aws/')].AliasName"),
    Listing("s3", "list_buckets", "Buckets[].Name", is_global=True),
    Listing("sns", "list_topics", "Topics[].TopicArn"),
    Listing("sns", "list_subscriptions", "Subscriptions[].SubscriptionArn"),
    Listing("sqs", "list_queues", "QueueUrls"),
    Listing("lambda", "list_functions", "Functions[].FunctionName"),
    Listing("lambda", "list_event_source_mappings", "EventSourceMappings[].UUID"),
    Listing("lambda", "list_layers", "Layers[].LayerName"),
    Listing("logs", "describe_log_groups", "logGroups[].logGroupName"),
    Listing("logs", "describe_resource_policies", "resourcePolicies[].policyName"),
    Listing("logs", "describe_query_definitions", "queryDefinitions[].name"),
    Listing("events", "list_rules", "Rules[].Name"),
    Listing("scheduler", "list_schedules", "Schedules[].Name"),
    Listing("scheduler", "list_schedule_groups", "ScheduleGroups[?Name!='default'].Name"),
    Listing(
        "cloudwatch",
        "describe_alarms",
        "[MetricAlarms, CompositeAlarms][] | [].AlarmName",
        arguments=(("AlarmTypes", ["MetricAlarm", "CompositeAlarm"]),),
    ),
    Listing("cloudwatch", "list_dashboards", "DashboardEntries[].DashboardName"),
    Listing("ecr", "describe_repositories", "repositories[].repositoryName"),
    Listing("ecr", "describe_registry", "replicationConfiguration.rules[]"),
    Listing("efs", "describe_file_systems", "FileSystems[].FileSystemId"),
    Listing("efs", "describe_access_points", "AccessPoints[].AccessPointId"),
    Listing("efs", "describe_replication_configurations", "Replications[].SourceFileSystemId"),
    Listing("datasync", "list_tasks", "Tasks[].TaskArn"),
    Listing("datasync", "list_locations", "Locations[].LocationArn"),
    Listing("eks", "list_clusters", "clusters"),
    Listing("backup", "list_backup_vaults", "BackupVaultList[].BackupVaultName"),
    Listing("backup", "list_backup_plans", "BackupPlansList[].BackupPlanId"),
    Listing("backup", "list_frameworks", "Frameworks[].FrameworkName"),
    Listing("backup", "list_restore_testing_plans", "RestoreTestingPlans[].RestoreTestingPlanName"),
    Listing("cloudtrail", "describe_trails", "trailList[].TrailARN", arguments=(("includeShadowTrails", False),)),
    Listing("config", "describe_configuration_recorders", "ConfigurationRecorders[].name"),
    Listing("config", "describe_delivery_channels", "DeliveryChannels[].name"),
    Listing("config", "describe_config_rules", "ConfigRules[].ConfigRuleName"),
    Listing("guardduty", "list_detectors", "DetectorIds"),
    Listing("accessanalyzer", "list_analyzers", "analyzers[].arn"),
    Listing("ssm", "describe_parameters", "Parameters[].Name"),
    Listing("iam", "list_roles", "Roles[?!starts_with(Path, '/aws-service-role/')].RoleName", is_global=True),
    Listing("iam", "list_policies", "Policies[].PolicyName", arguments=(("Scope", "Local"),), is_global=True),
    Listing("iam", "list_instance_profiles", "InstanceProfiles[].InstanceProfileName", is_global=True),
    Listing("iam", "list_open_id_connect_providers", "OpenIDConnectProviderList[].Arn", is_global=True),
    Listing("ce", "get_anomaly_monitors", "AnomalyMonitors[].MonitorName", is_global=True),
    Listing("ce", "get_anomaly_subscriptions", "AnomalySubscriptions[].SubscriptionName", is_global=True),
    Listing(
        "budgets",
        "describe_budgets",
        "Budgets[].BudgetName",
        arguments=(("AccountId", ACCOUNT),),
        is_global=True,
    ),
)


def _live_keys(cloud: LocalCloud, region: str) -> list[str]:
    """Keys that are not scheduled for deletion: AWS keeps a deleted key for its waiting period."""
    kms = cloud.client("kms", region)
    keys = [key["KeyId"] for page in kms.get_paginator("list_keys").paginate() for key in page["Keys"]]
    described = [kms.describe_key(KeyId=key)["KeyMetadata"] for key in keys]
    return [
        key["KeyId"]
        for key in described
        if key["KeyManager"] == "CUSTOMER" and key["KeyState"] not in ("PendingDeletion", "PendingReplicaDeletion")
    ]


def find_leftovers(cloud: LocalCloud, regions: Iterable[str]) -> dict[str, list[str]]:
    """Everything there is, as ``region service operation`` -> identifiers; empty if nothing is left."""
    found: dict[str, list[str]] = {}
    for position, region in enumerate(regions):
        for listing in LISTINGS:
            if listing.is_global and position:
                continue
            client = cloud.client(listing.service, region)
            arguments = dict(listing.arguments)
            if client.can_paginate(listing.operation):
                pages = list(client.get_paginator(listing.operation).paginate(**arguments))
            else:
                pages = [getattr(client, listing.operation)(**arguments)]
            items = [item for page in pages for item in jmespath.search(listing.query, page) or [] if item]
            if items:
                found[f"{region} {listing.service} {listing.operation}"] = items
        keys = _live_keys(cloud, region)
        if keys:
            found[f"{region} kms keys"] = keys
    return found


def report(cloud: LocalCloud, regions: Iterable[str]) -> int:
    """Print what is left; returns 0 if nothing is, else 1."""
    found = find_leftovers(cloud, regions)
    for place, items in found.items():
        console.print(f"{place}: {len(items)} ({', '.join(map(str, items[:5]))}{', ...' if len(items) > 5 else ''})")
    total = sum(len(items) for items in found.values())
    console.print(f"resources left on the local cloud: {total}")
    return 1 if total else 0


def main() -> int:
    argparse.ArgumentParser(prog="leftovers", description=__doc__).parse_args()
    environment, cloud = load_environment("local"), local_cloud()
    cloud.instance_id()  # says so if there is none
    with cloud.expected_to_answer():
        return report(cloud, (environment.region, environment.recovery_region))


if __name__ == "__main__":
    run_program(main)
