"""The way over: each step may be run again, and does then what is left of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.table import Table

from scripts.recovery.standby import STORAGE_DIRECTORIES, Standby, verdict
from scripts.talk import UserError, make_console

FENCE = "fenced-off-from-the-primary"
# Who works for the platform, by who takes the role: functions, transfers, pods, nodes. What copies data between the
# regions (S3, AWS Backup) is left alone, and so are people, who read in both.
WORKING = {"lambda.amazonaws.com", "datasync.amazonaws.com", "pods.eks.amazonaws.com", "ec2.amazonaws.com"}
RESTORED_FROM = "kosha:restored-from"
DONE, GIVEN_UP = {"COMPLETED"}, {"ABORTED", "FAILED"}

console = make_console()


def status(standby: Standby) -> int:
    """Say what the recovery region holds, and how old it is."""
    table = Table(title=f"What {standby.environment.recovery_region} holds", title_justify="left")
    for column in ("what", "newest", "how much"):
        table.add_column(column)
    newest, count, size = _lake(standby)
    table.add_row(standby.storage["replica_bucket"], _moment(newest), f"{count:,} objects, {size:,} bytes")
    replication = replication_of(standby)
    synced = replication["Destinations"][0].get("LastReplicatedTimestamp") if replication else None
    table.add_row(
        f"shared storage {standby.replica_file_system}",
        _moment(synced) if replication else "not a replica any more: it can be written",
        "",
    )
    for resource, point in sorted(newest_points(standby).items()):
        table.add_row(resource.rpartition(":")[2], _moment(point["CreationDate"]), point["ResourceType"])
    console.print(table)
    return 0


def fence(standby: Standby) -> int:
    """Keep whatever works for the platform from working in the primary region, should it half answer or come back.

    Two regions that both write are worse than one that is gone. IAM is global, so this needs nothing of the region.
    """
    region = standby.environment.region
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "PrimaryRegionIsFencedOff",
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:RequestedRegion": region}},
            }
        ],
    }
    iam, names = standby.client("iam"), list(_working_roles(standby))
    for name in names:
        iam.put_role_policy(RoleName=name, PolicyName=FENCE, PolicyDocument=json.dumps(policy))
    console.print(f"{len(names)} roles do nothing in {region} any more", highlight=False)
    return 0


def unfence(standby: Standby) -> int:
    """Let them work in the primary region again."""
    iam, names = standby.client("iam"), list(_working_roles(standby))
    for name in names:
        try:
            iam.delete_role_policy(RoleName=name, PolicyName=FENCE)
        except iam.exceptions.NoSuchEntityException:
            continue
    console.print(f"{len(names)} roles may work in {standby.environment.region} again", highlight=False)
    return 0


def promote_storage(standby: Standby) -> int:
    """End the replication of the shared storage, so that its replica can be written.

    https://docs.aws.amazon.com/efs/latest/ug/delete-replications.html: EFS ends it on both sides; where the other side
    does not answer, it can be ended on this one alone, and is ended on the other on the way back.
    """
    efs, replication = standby.client("efs"), replication_of(standby)
    if replication is not None:
        source = replication["SourceFileSystemId"]
        try:
            efs.delete_replication_configuration(SourceFileSystemId=source)
        except (ClientError, BotoCoreError) as error:
            console.print(f"{standby.environment.region} does not answer: ended here alone ({error})", highlight=False)
            efs.delete_replication_configuration(SourceFileSystemId=source, DeletionMode="LOCAL_CONFIGURATION_ONLY")
        standby.wait("the replica of the shared storage can be written", lambda: replication_of(standby) is None)
    console.print(f"{standby.replica_file_system} can be written", highlight=False)
    return 0


def restore_volumes(standby: Standby) -> int:
    """Make a volume of the newest recovery point of each volume, in the first zone of the standby network.

    A volume is tagged when its restore job has ended, so one that fails is no reason to leave the others untagged.
    """
    ec2 = standby.client("ec2")
    zone = standby.handoff("90-recovery")["zones"][0]
    key = standby.handoff("10-foundation")["recovery_key_arns"]["volumes"]
    pages = ec2.get_paginator("describe_volumes").paginate()
    volumes = [each for page in pages for each in page["Volumes"]]
    restored = {
        tag["Value"]: each["VolumeId"]
        for each in volumes
        for tag in each.get("Tags", [])
        if tag["Key"] == RESTORED_FROM
    }
    begun = _restores_begun(standby, {each["VolumeId"] for each in volumes if each["AvailabilityZone"] == zone})
    jobs: dict[str, str] = {}
    failures: list[str] = []
    for resource, point in sorted(newest_points(standby, "EBS").items()):
        arn = point["RecoveryPointArn"]
        if arn in restored:
            console.print(f"{resource.rpartition('/')[2]} is {restored[arn]} already", highlight=False)
            continue
        # https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-ebs.html
        wanted = {"availabilityZone": zone, "encrypted": "true", "kmsKeyId": key}
        jobs[arn] = begun.get(arn) or _restore(standby, point, wanted)
    for arn, job in jobs.items():
        ended = _await_restore(standby, job)
        if failure := _failure_of(ended):
            failures.append(failure)
            continue
        volume = ended["CreatedResourceArn"].rpartition("/")[2]
        ec2.create_tags(Resources=[volume], Tags=[{"Key": RESTORED_FROM, "Value": arn}])
        console.print(f"{volume} in {zone} is {arn}", highlight=False)
    if failures:
        raise UserError("\n".join(failures))
    return 0


def _restores_begun(standby: Standby, there: Collection[str]) -> dict[str, str]:
    """Recovery point -> the job that an earlier run of the step began: it is under way, or its volume is ``there``.

    The weekly tests of AWS Backup restore as well, and delete what they made
    (https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html).
    """
    pages = standby.client("backup").get_paginator("list_restore_jobs").paginate(ByResourceType="EBS")
    return {
        job["RecoveryPointArn"]: job["RestoreJobId"]
        for page in pages
        for job in page["RestoreJobs"]
        if "RestoreTestingPlanArn" not in job.get("CreatedBy", {})
        and job["Status"] not in GIVEN_UP
        and (job["Status"] not in DONE or job["CreatedResourceArn"].rpartition("/")[2] in there)
    }


def restore_directory(standby: Standby, directory: str) -> int:
    """Bring a directory of the newest recovery point back, beside what is there.

    AWS Backup puts it below ``aws-backup-restore_<time>`` of the file system and overwrites nothing
    (https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-efs.html).
    """
    source = standby.storage["file_system_arn"]
    point = newest_points(standby, "EFS").get(source)
    if point is None:
        raise UserError(f"{standby.protection['recovery_vault_name']} holds no recovery point of {source}")
    wanted = {
        "file-system-id": standby.replica_file_system,
        "newFileSystem": "false",
        "Encrypted": "true",
        "ItemsToRestore": json.dumps([f"{STORAGE_DIRECTORIES}/{directory}"]),
    }
    if failure := _failure_of(_await_restore(standby, _restore(standby, point, wanted))):
        raise UserError(failure)
    console.print(
        f"{directory} as of {_moment(point['CreationDate'])} lies below aws-backup-restore_* of "
        f"{standby.replica_file_system}: compare, and copy what is needed",
        highlight=False,
    )
    return 0


def check(standby: Standby) -> int:
    """Look whether the platform works in the recovery region; exit code 1 names what does not."""
    return verdict(console, _problems(standby), f"the platform works in {standby.environment.recovery_region}")


def _problems(standby: Standby) -> Iterator[tuple[str, str]]:
    recovery = standby.handoff("90-recovery")
    s3, bucket = standby.client("s3"), standby.storage["replica_bucket"]
    if replication_of(standby) is not None:
        yield "shared storage", "it is a replica still; run the step promote-storage"
    states = {
        each["LifeCycleState"]
        for each in standby.client("efs").describe_mount_targets(FileSystemId=standby.replica_file_system)[
            "MountTargets"
        ]
    }
    if states != {"available"}:
        yield "shared storage", f"its mount targets are {sorted(states) or 'missing'}"
    for item in s3.list_objects_v2(Bucket=bucket, MaxKeys=5).get("Contents", []):
        try:
            s3.head_object(Bucket=bucket, Key=item["Key"])
        except ClientError as error:
            yield item["Key"], f"cannot be read: {error}"
    cluster = standby.client("eks").describe_cluster(name=recovery["cluster_name"])["cluster"]
    if cluster["status"] != "ACTIVE":
        yield recovery["cluster_name"], f"it is {cluster['status']}"
    schedules = [
        each
        for page in standby.client("scheduler").get_paginator("list_schedules").paginate()
        for each in page["Schedules"]
        if each["Name"].startswith(f"{standby.environment.prefix}-")
    ]
    if not schedules:
        yield "schedules", "there is none; apply 90-recovery with STAGE=active"
    for each in schedules:
        if each["State"] != "ENABLED":
            yield each["Name"], "it is disabled; apply 90-recovery with STAGE=active"


def _working_roles(standby: Standby) -> Iterator[str]:
    """The names of the roles in which the platform works in the primary region."""
    prefix = f"{standby.environment.prefix}-"
    for page in standby.client("iam").get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            name, trust = role["RoleName"], role["AssumeRolePolicyDocument"]
            if name.startswith(prefix) and not name.startswith(f"{prefix}recovery-") and WORKING & _takers(trust):
                yield name


def _takers(trust: Any) -> set[str]:
    taken: set[str] = set()
    for statement in trust["Statement"]:
        services: str | Iterable[str] = statement["Principal"].get("Service", ())
        taken |= {services} if isinstance(services, str) else set(services)
    return taken


def replication_of(standby: Standby) -> dict[str, Any] | None:
    """The replication the replica of the shared storage is the destination of, if it still is."""
    efs = standby.client("efs")
    try:
        found = efs.describe_replication_configurations(FileSystemId=standby.replica_file_system)["Replications"]
    except efs.exceptions.ReplicationNotFound:
        return None
    return next(iter(found), None)


def _lake(standby: Standby) -> tuple[datetime | None, int, int]:
    newest, count, size = None, 0, 0
    pages = standby.client("s3").get_paginator("list_objects_v2").paginate(Bucket=standby.storage["replica_bucket"])
    for item in (item for page in pages for item in page.get("Contents", [])):
        newest = max(newest or item["LastModified"], item["LastModified"])
        count, size = count + 1, size + item["Size"]
    return newest, count, size


def newest_points(standby: Standby, resource_type: str | None = None) -> dict[str, dict[str, Any]]:
    """The newest whole recovery point in the vault of the recovery region, by the ARN of what it is of."""
    pages = standby.client("backup").get_paginator("list_recovery_points_by_backup_vault")
    named = {"ByResourceType": resource_type} if resource_type else {}
    newest: dict[str, dict[str, Any]] = {}
    for page in pages.paginate(BackupVaultName=standby.protection["recovery_vault_name"], **named):
        for point in page["RecoveryPoints"]:
            before = newest.get(point["ResourceArn"])
            if point["Status"] == "COMPLETED" and (before is None or point["CreationDate"] > before["CreationDate"]):
                newest[point["ResourceArn"]] = point
    return newest


def _restore(standby: Standby, point: dict[str, Any], wanted: dict[str, str]) -> str:
    backup, vault = standby.client("backup"), standby.protection["recovery_vault_name"]
    known = backup.get_recovery_point_restore_metadata(
        BackupVaultName=vault, RecoveryPointArn=point["RecoveryPointArn"]
    )["RestoreMetadata"]
    return str(
        backup.start_restore_job(
            RecoveryPointArn=point["RecoveryPointArn"],
            Metadata=known | wanted,
            IamRoleArn=standby.protection["restore_role_arn"],
            ResourceType=point["ResourceType"],
            CopySourceTagsToRestoredResource=point["ResourceType"] == "EBS",
        )["RestoreJobId"]
    )


def _await_restore(standby: Standby, job: str) -> dict[str, Any]:
    """The job as it ended."""
    backup = standby.client("backup")
    standby.wait(
        f"restore job {job}",
        lambda: backup.describe_restore_job(RestoreJobId=job)["Status"] in DONE | GIVEN_UP,
    )
    found: dict[str, Any] = backup.describe_restore_job(RestoreJobId=job)
    return found


def _failure_of(job: Mapping[str, Any]) -> str:
    """Why a restore job that has ended gave nothing; empty if it did."""
    if job["Status"] in DONE:
        return ""
    return f"restore job {job['RestoreJobId']} ended {job['Status']}: {job.get('StatusMessage', 'AWS gives no reason')}"


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "nothing"
