"""What instance_scheduler may do. Terraform adds conditions: it stops, starts and marks only what carries the tag that
opts in, and writes no tag but its own."""

from common.permissions import Permission, Resource, keep_state, publish_to

PERMISSIONS: tuple[Permission, ...] = (
    Permission(("cloudwatch:GetMetricData", "ec2:DescribeInstances"), Resource.ANY),
    Permission(
        ("ec2:CreateTags", "ec2:DeleteTags", "ec2:StartInstances", "ec2:StopInstances"),
        Resource.INSTANCES,
    ),
    # EC2 starts an instance with encrypted volumes by a grant made with the caller's rights:
    # https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
    Permission(("kms:CreateGrant",), Resource.VOLUMES_KEY),
    *keep_state(),
    *publish_to(Resource.PLATFORM_TOPIC),
)
