"""EC2: default key of volumes, endpoint policies, group rules, launch templates, NAT gateways, states and network
interfaces of instances."""

import inspect
from dataclasses import dataclass
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.ec2.provider import Ec2Provider
from localstack.utils.patch import patch
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.models.launch_templates import LaunchTemplateBackend
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.security_groups import SecurityGroupRule

from kosha_localcloud.services.operations import Document
from kosha_localcloud.services.regional import Regional


@dataclass
class EbsDefaults:
    """The default key of volumes in one account and region."""

    key_id: str = "alias/aws/ebs"


_defaults: Regional[EbsDefaults] = Regional(EbsDefaults)


def install() -> None:
    """Install the corrections."""
    _default_volume_key()
    _endpoint_policies()
    _rule_descriptions()
    _launch_template_tags()
    _nat_gateway_interfaces()
    _instance_states()
    _instance_interfaces()


def _default_volume_key() -> None:
    """LocalStack's answer has no key, on which Terraform's provider crashes."""

    @patch(Ec2Provider.get_ebs_default_kms_key_id)
    def get(_original: Any, _provider: Any, context: RequestContext, **_request: Any) -> Document:
        return {"KmsKeyId": _defaults.of(context).key_id}

    @patch(Ec2Provider.modify_ebs_default_kms_key_id)
    def modify(_original: Any, _provider: Any, context: RequestContext, kms_key_id: str, **_request: Any) -> Document:
        _defaults.of(context).key_id = kms_key_id
        return {"KmsKeyId": kms_key_id}

    @patch(Ec2Provider.reset_ebs_default_kms_key_id)
    def reset(_original: Any, _provider: Any, context: RequestContext, **_request: Any) -> Document:
        _defaults.of(context).key_id = EbsDefaults.key_id
        return {"KmsKeyId": EbsDefaults.key_id}


def _endpoint_policies() -> None:
    """LocalStack takes the member Version out of every policy it shows; AWS shows what it was given."""

    @patch(Ec2Provider.describe_vpc_endpoints)
    def describe(original: Any, provider: Any, context: RequestContext, request: Document) -> Document:
        response: Document = original(provider, context, request)
        stored = ec2_backends[context.account_id][context.region].vpc_end_points
        for endpoint in response["VpcEndpoints"]:
            endpoint["PolicyDocument"] = stored[endpoint["VpcEndpointId"]].policy_document
        return response


def _rule_descriptions() -> None:
    """moto shows the description of a rule for addresses, not that of one for a security group or a prefix list."""

    @patch(SecurityGroupRule.__init__)
    def make(original: Any, rule: Any, *args: Any, **kwargs: Any) -> None:
        given = inspect.signature(original).bind(rule, *args, **kwargs).arguments
        rule.prefix_list_description = (given.get("prefix_list_id") or {}).get("Description")
        original(rule, *args, **kwargs)

    def description(rule: Any) -> str | None:
        places = (rule.ip_range.get("Description"), rule.source_group.get("Description"), rule.prefix_list_description)
        return next((text for text in places if text), None)

    setattr(SecurityGroupRule, "description", property(description))  # noqa: B010 (a property in place of a property)


def _launch_template_tags() -> None:
    """moto puts the tags of the template itself among those it gives to instances and volumes."""

    @patch(LaunchTemplateBackend.create_launch_template)
    def create(original: Any, backend: Any, name: str, description: str, data: Document, tags: Document) -> Any:
        specifications = [
            kept for kept in data.get("TagSpecifications") or [] if kept["ResourceType"] != "launch-template"
        ]
        data = {key: value for key, value in data.items() if key != "TagSpecifications"}
        if specifications:
            data["TagSpecifications"] = specifications
        return original(backend, name, description, data, tags)


def _nat_gateway_interfaces() -> None:
    """moto makes a network interface for a NAT gateway and leaves it behind when the gateway is deleted."""

    @patch(NatGatewayBackend.delete_nat_gateway)
    def delete(original: Any, backend: Any, nat_gateway_id: str) -> Any:
        gateway = original(backend, nat_gateway_id)
        backend.enis.pop(gateway._eni.id, None)
        return gateway


def _instance_states() -> None:
    """moto lets a terminated instance be stopped and started, where EC2 refuses the whole call, and shows when an
    instance was first started, where EC2 shows the latest start."""

    def refuse_terminated(original: Any, backend: Any, instance_ids: list[str]) -> Any:
        for instance in backend.get_multi_instances_by_id(instance_ids):
            if instance.state == "terminated":
                raise EC2ClientError("IncorrectInstanceState", f"The instance '{instance.id}' is terminated.")
        return original(backend, instance_ids)

    patch(InstanceBackend.stop_instances)(refuse_terminated)
    patch(InstanceBackend.start_instances)(refuse_terminated)

    @patch(Instance.start)
    def start(original: Any, instance: Any) -> Any:
        if instance.state != "running":
            instance.launch_time = utcnow()
        return original(instance)


def _instance_interfaces() -> None:
    """moto leaves an instance's own network interface behind; EC2 deletes it with the instance, unless told otherwise.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/scenarios-enis.html"""

    @patch(Instance.prep_nics)
    def prepare(original: Any, instance: Any, nic_spec: list[Document], **more: Any) -> Any:
        wanted = [dict(each) for each in nic_spec] or [{"DeviceIndex": 0}]
        for each in wanted:
            if int(each["DeviceIndex"]) == 0 and "NetworkInterfaceId" not in each:
                each.setdefault("DeleteOnTermination", True)
        return original(instance, wanted, **more)
