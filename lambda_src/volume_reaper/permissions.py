"""What volume_reaper may do. Terraform adds conditions: it deletes only what carries its own mark."""

from common.permissions import Permission, Resource, publish_to

PERMISSIONS: tuple[Permission, ...] = (
    Permission(
        ("cloudwatch:GetMetricData", "ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"),
        Resource.ANY,
    ),
    Permission(("ec2:CreateTags", "ec2:CreateSnapshot", "ec2:DeleteTags", "ec2:DeleteVolume"), Resource.VOLUMES),
    Permission(("ec2:CreateTags", "ec2:CreateSnapshot", "ec2:DeleteSnapshot"), Resource.SNAPSHOTS),
    *publish_to(Resource.PLATFORM_TOPIC),
)
