"""AWS Backup by the clock: recovery points, copies, ends, restores, locks, and what is told of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ..conftest import PRIMARY, RECOVERY, Cloud, make_role, messages, wait_for
from .conftest import FileSystem, unique

HOUR, DAY = 3600, 86400
SERVICE = "backup.amazonaws.com"


@dataclass(frozen=True)
class Vaults:
    """A vault in each region, of the same name, and the role that may use both."""

    name: str
    role: str

    def arn(self, region: str) -> str:
        return f"arn:aws:backup:{region}:000000000000:backup-vault:{self.name}"


@pytest.fixture
def vaults(cloud: Cloud, backup_role: str) -> Iterator[Vaults]:
    name = unique("vault")
    for region in (PRIMARY, RECOVERY):
        cloud.client("backup", region).create_backup_vault(BackupVaultName=name)
    yield Vaults(name, backup_role)
    for region in (PRIMARY, RECOVERY):
        backup = cloud.client("backup", region)
        if backup.describe_backup_vault(BackupVaultName=name)["Locked"]:
            backup.delete_backup_vault_lock_configuration(BackupVaultName=name)
        for point in points(cloud, name, region):
            backup.delete_recovery_point(BackupVaultName=name, RecoveryPointArn=point["RecoveryPointArn"])
        backup.delete_backup_vault(BackupVaultName=name)


@pytest.fixture
def backup_role(cloud: Cloud) -> str:
    return make_role(cloud, "*", SERVICE)


@pytest.fixture
def make_volume(cloud: Cloud) -> Iterator[Callable[..., str]]:
    ec2, made = cloud.client("ec2"), []

    def make(content: bytes, **tags: str) -> str:
        tagged = [{"Key": key, "Value": value} for key, value in tags.items()]
        more: dict[str, Any] = {"TagSpecifications": [{"ResourceType": "volume", "Tags": tagged}]} if tags else {}
        volume: str = ec2.create_volume(AvailabilityZone=f"{PRIMARY}a", Size=1, VolumeType="gp3", **more)["VolumeId"]
        write(cloud, volume, content)
        made.append(volume)
        return volume

    yield make
    for volume in made:
        ec2.delete_volume(VolumeId=volume)


def write(cloud: Cloud, volume: str, content: bytes) -> None:
    path = cloud.directory / "volumes" / volume
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def read(cloud: Cloud, identifier: str) -> bytes:
    kind = "snapshots" if identifier.startswith("snap-") else "volumes"
    return (cloud.directory / kind / identifier).read_bytes()


def volume_arn(volume: str) -> str:
    return f"arn:aws:ec2:{PRIMARY}:000000000000:volume/{volume}"


def points(cloud: Cloud, vault: str, region: str = PRIMARY, **wanted: str) -> list[dict[str, Any]]:
    backup = cloud.client("backup", region)
    found: list[dict[str, Any]] = backup.list_recovery_points_by_backup_vault(BackupVaultName=vault, **wanted)[
        "RecoveryPoints"
    ]
    return found


@pytest.fixture
def plan(cloud: Cloud, vaults: Vaults) -> Iterator[Callable[..., str]]:
    """Make a plan with a copy to the other region; gives its id."""
    backup, made = cloud.client("backup"), []

    def make(selection: dict[str, Any]) -> str:
        lifecycle = {"DeleteAfterDays": 7}
        copies = [{"DestinationBackupVaultArn": vaults.arn(RECOVERY), "Lifecycle": lifecycle}]
        rule = {
            "RuleName": "rule",
            "TargetBackupVaultName": vaults.name,
            "ScheduleExpression": "cron(30 20 * * ? *)",
            "ScheduleExpressionTimezone": "Asia/Kolkata",
            "Lifecycle": lifecycle,
            "CopyActions": copies,
        }
        identifier: str = backup.create_backup_plan(BackupPlan={"BackupPlanName": unique("plan"), "Rules": [rule]})[
            "BackupPlanId"
        ]
        chosen = {"SelectionName": "selection", "IamRoleArn": vaults.role} | selection
        selected = backup.create_backup_selection(BackupPlanId=identifier, BackupSelection=chosen)["SelectionId"]
        made.append((identifier, selected))
        return identifier

    yield make
    for identifier, selected in made:
        backup.delete_backup_selection(BackupPlanId=identifier, SelectionId=selected)
        backup.delete_backup_plan(BackupPlanId=identifier)


BY_TAG = {
    "Resources": [f"arn:aws:ec2:{PRIMARY}:000000000000:volume/*"],
    "Conditions": {"StringEquals": [{"ConditionKey": "aws:ResourceTag/kosha:backup", "ConditionValue": "daily"}]},
}


def test_a_daily_plan_backs_up_what_has_the_tag_copies_it_and_ends_it_after_a_week(
    cloud: Cloud, vaults: Vaults, plan: Callable[..., str], make_volume: Callable[..., str]
) -> None:
    tagged, other = make_volume(b"day 0", **{"kosha:backup": "daily"}), make_volume(b"nobody's")
    plan(BY_TAG)
    made: dict[str, bytes] = {}
    for day in range(9):
        write(cloud, tagged, f"day {day}".encode())
        cloud.advance(DAY)
        for region in (PRIMARY, RECOVERY):
            for point in points(cloud, vaults.name, region):
                made.setdefault(point["RecoveryPointArn"], f"day {day}".encode())
                age = (cloud.clock() - point["CreationDate"]).total_seconds()
                assert age <= 7 * DAY
        for region in (PRIMARY, RECOVERY):
            assert len(points(cloud, vaults.name, region)) == min(day + 1, 7)
    for region in (PRIMARY, RECOVERY):
        for point in points(cloud, vaults.name, region):
            assert (point["ResourceArn"], point["ResourceType"]) == (volume_arn(tagged), "EBS")
            assert read(cloud, point["RecoveryPointArn"].rpartition("/")[2]) == made[point["RecoveryPointArn"]]
    snapshots = cloud.client("ec2", RECOVERY).describe_snapshots(OwnerIds=["self"])["Snapshots"]
    named = {point["RecoveryPointArn"].rpartition("/")[2] for point in points(cloud, vaults.name, RECOVERY)}
    assert named <= {each["SnapshotId"] for each in snapshots}
    assert not [each for each in snapshots if each.get("VolumeId") == other]


def test_a_volume_comes_back_in_the_other_region_with_its_content_and_tags(
    cloud: Cloud, vaults: Vaults, plan: Callable[..., str], make_volume: Callable[..., str]
) -> None:
    volume = make_volume(b"reads", **{"kosha:backup": "daily", "owner": "asha"})
    plan(BY_TAG)
    cloud.advance(DAY)
    write(cloud, volume, b"written after the backup")
    backup = cloud.client("backup", RECOVERY)
    (point,) = points(cloud, vaults.name, RECOVERY, ByResourceType="EBS")
    known = backup.get_recovery_point_restore_metadata(
        BackupVaultName=vaults.name, RecoveryPointArn=point["RecoveryPointArn"]
    )["RestoreMetadata"]
    job = backup.start_restore_job(
        RecoveryPointArn=point["RecoveryPointArn"],
        Metadata=known | {"availabilityZone": f"{RECOVERY}a"},
        IamRoleArn=vaults.role,
        CopySourceTagsToRestoredResource=True,
    )["RestoreJobId"]
    ended = backup.describe_restore_job(RestoreJobId=job)
    assert ended["Status"] == "COMPLETED", ended.get("StatusMessage")
    restored = ended["CreatedResourceArn"].rpartition("/")[2]
    assert read(cloud, restored) == b"reads"
    ec2 = cloud.client("ec2", RECOVERY)
    (found,) = ec2.describe_volumes(VolumeIds=[restored])["Volumes"]
    assert {"Key": "owner", "Value": "asha"} in found["Tags"]
    ec2.delete_volume(VolumeId=restored)


@pytest.fixture
def backed_up(cloud: Cloud, vaults: Vaults, file_system: FileSystem) -> dict[str, Any]:
    """A recovery point of a file system, from before something was changed."""
    critical = file_system.directory / "data" / "critical"
    critical.mkdir(parents=True)
    (critical / "notes.txt").write_text("before")
    (critical / "link").symlink_to("notes.txt")
    job = cloud.client("backup").start_backup_job(
        BackupVaultName=vaults.name, ResourceArn=file_system.arn, IamRoleArn=vaults.role
    )
    (critical / "notes.txt").write_text("after")
    assert "RecoveryPointArn" in job
    return dict(job)


def test_a_directory_comes_back_beside_what_is_there(
    cloud: Cloud, vaults: Vaults, file_system: FileSystem, backed_up: dict[str, Any]
) -> None:
    backup = cloud.client("backup")
    job = backup.start_restore_job(
        RecoveryPointArn=backed_up["RecoveryPointArn"],
        Metadata={
            "file-system-id": file_system.file_system_id,
            "newFileSystem": "false",
            "Encrypted": "true",
            "ItemsToRestore": '["/data/critical"]',
        },
        IamRoleArn=vaults.role,
    )["RestoreJobId"]
    assert backup.describe_restore_job(RestoreJobId=job)["Status"] == "COMPLETED"
    (restored,) = file_system.directory.glob("aws-backup-restore_*/data/critical")
    assert (restored / "notes.txt").read_text() == "before"
    assert (restored / "link").readlink().name == "notes.txt"
    assert (file_system.directory / "data" / "critical" / "notes.txt").read_text() == "after"


@pytest.mark.parametrize(
    "items", ['["/nothing/here"]', '["/data/../.."]', json.dumps(["/data"] * 6)], ids=["missing", "outside", "too many"]
)
def test_what_cannot_be_restored_fails_with_a_reason(
    cloud: Cloud, vaults: Vaults, file_system: FileSystem, backed_up: dict[str, Any], items: str
) -> None:
    backup = cloud.client("backup")
    metadata = {"file-system-id": file_system.file_system_id, "newFileSystem": "false", "ItemsToRestore": items}
    job = backup.start_restore_job(
        RecoveryPointArn=backed_up["RecoveryPointArn"], Metadata=metadata, IamRoleArn=vaults.role
    )["RestoreJobId"]
    ended = backup.describe_restore_job(RestoreJobId=job)
    assert ended["Status"] == "FAILED"
    assert "ItemsToRestore" in ended["StatusMessage"]
    assert not list(file_system.directory.glob("aws-backup-restore_*"))


def test_a_copy_of_a_file_system_is_there_when_the_source_is_gone(
    cloud: Cloud, vaults: Vaults, backed_up: dict[str, Any]
) -> None:
    backup, there = cloud.client("backup"), cloud.client("backup", RECOVERY)
    assert copied(cloud, vaults, backed_up["RecoveryPointArn"], vaults.role)["State"] == "COMPLETED"
    backup.delete_recovery_point(BackupVaultName=vaults.name, RecoveryPointArn=backed_up["RecoveryPointArn"])
    (point,) = points(cloud, vaults.name, RECOVERY)
    job = there.start_restore_job(
        RecoveryPointArn=point["RecoveryPointArn"], Metadata={"newFileSystem": "true"}, IamRoleArn=vaults.role
    )["RestoreJobId"]
    made = there.describe_restore_job(RestoreJobId=job)["CreatedResourceArn"].rpartition("/")[2]
    (found,) = (cloud.directory / "efs" / made).glob("aws-backup-restore_*/data/critical/notes.txt")
    assert found.read_text() == "before"
    cloud.client("efs", RECOVERY).delete_file_system(FileSystemId=made)


def test_a_locked_vault_takes_what_is_kept_within_its_bounds(
    cloud: Cloud, vaults: Vaults, make_volume: Callable[..., str]
) -> None:
    backup = cloud.client("backup")
    backup.put_backup_vault_lock_configuration(BackupVaultName=vaults.name, MinRetentionDays=7, MaxRetentionDays=35)
    arn = volume_arn(make_volume(b"x"))
    states = {}
    for days in (6, 7, 35, 36, None):
        lifecycle = {"DeleteAfterDays": days} if days else {}
        job = backup.start_backup_job(
            BackupVaultName=vaults.name, ResourceArn=arn, IamRoleArn=vaults.role, Lifecycle=lifecycle
        )["BackupJobId"]
        states[days] = backup.describe_backup_job(BackupJobId=job)["State"]
    assert states == {6: "FAILED", 7: "COMPLETED", 35: "COMPLETED", 36: "FAILED", None: "FAILED"}


def test_a_compliance_lock_lets_nobody_end_a_recovery_point_early(
    cloud: Cloud, backup_role: str, make_volume: Callable[..., str]
) -> None:
    backup, name = cloud.client("backup"), unique("vault")
    backup.create_backup_vault(BackupVaultName=name)
    backup.put_backup_vault_lock_configuration(BackupVaultName=name, MinRetentionDays=7, ChangeableForDays=3)
    job = backup.start_backup_job(
        BackupVaultName=name,
        ResourceArn=volume_arn(make_volume(b"x")),
        IamRoleArn=backup_role,
        Lifecycle={"DeleteAfterDays": 7},
    )
    cloud.advance(4 * DAY)
    point = {"BackupVaultName": name, "RecoveryPointArn": job["RecoveryPointArn"]}
    with pytest.raises(ClientError, match="is locked since"):
        backup.delete_recovery_point(**point)
    with pytest.raises(ClientError, match="is locked since"):
        backup.update_recovery_point_lifecycle(**point, Lifecycle={"DeleteAfterDays": 8})
    with pytest.raises(ClientError, match="took effect"):
        backup.delete_backup_vault_lock_configuration(BackupVaultName=name)
    with pytest.raises(ClientError, match="took effect"):
        backup.put_backup_vault_lock_configuration(BackupVaultName=name, MinRetentionDays=1)
    cloud.advance(4 * DAY)
    assert points(cloud, name) == []
    backup.delete_backup_vault(BackupVaultName=name)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"MinRetentionDays": 7, "ChangeableForDays": 2}, "ChangeableForDays must be at least 3"),
        ({"MinRetentionDays": 8, "MaxRetentionDays": 7}, "the least first"),
        ({"MinRetentionDays": 0}, "keep within 1"),
    ],
)
def test_a_lock_that_cannot_be_is_refused(cloud: Cloud, vaults: Vaults, wanted: dict[str, int], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        cloud.client("backup").put_backup_vault_lock_configuration(BackupVaultName=vaults.name, **wanted)
    assert cloud.client("backup").describe_backup_vault(BackupVaultName=vaults.name)["Locked"] is False


def copied(cloud: Cloud, vaults: Vaults, point: str, role: str) -> dict[str, Any]:
    """The job that copies a recovery point to the other region."""
    backup = cloud.client("backup")
    job = backup.start_copy_job(
        RecoveryPointArn=point,
        SourceBackupVaultName=vaults.name,
        DestinationBackupVaultArn=vaults.arn(RECOVERY),
        IamRoleArn=role,
    )["CopyJobId"]
    return dict(backup.describe_copy_job(CopyJobId=job)["CopyJob"])


@pytest.mark.parametrize("missing", ["CopyFromBackupVault", "CopyIntoBackupVault"])
def test_a_role_copies_a_volume_from_and_into_vaults_it_may_use(
    cloud: Cloud, vaults: Vaults, make_volume: Callable[..., str], missing: str
) -> None:
    arn = volume_arn(make_volume(b"x"))
    made = cloud.client("backup").start_backup_job(
        BackupVaultName=vaults.name, ResourceArn=arn, IamRoleArn=vaults.role
    )["RecoveryPointArn"]
    rights = ["ec2:*", *({"backup:CopyFromBackupVault", "backup:CopyIntoBackupVault"} - {f"backup:{missing}"})]
    ended = copied(cloud, vaults, made, make_role(cloud, rights, SERVICE))
    assert (ended["State"], missing in ended["StatusMessage"]) == ("FAILED", True)
    assert points(cloud, vaults.name, RECOVERY) == []


def test_the_policy_of_a_vault_decides_where_its_recovery_points_go(
    cloud: Cloud, vaults: Vaults, backed_up: dict[str, Any]
) -> None:
    def allow(target: str) -> None:
        refusal = {"Effect": "Deny", "Principal": "*", "Action": "backup:CopyFromBackupVault", "Resource": "*"}
        others = {"Condition": {"ForAnyValue:ArnNotEquals": {"backup:CopyTargets": [target]}}}
        document = json.dumps({"Version": "2012-10-17", "Statement": [refusal | others]})
        cloud.client("backup").put_backup_vault_access_policy(BackupVaultName=vaults.name, Policy=document)

    allow(vaults.arn(PRIMARY))
    assert copied(cloud, vaults, backed_up["RecoveryPointArn"], vaults.role)["State"] == "FAILED"
    allow(vaults.arn(RECOVERY))
    assert copied(cloud, vaults, backed_up["RecoveryPointArn"], vaults.role)["State"] == "COMPLETED"


def test_a_vault_with_recovery_points_is_not_deleted(cloud: Cloud, vaults: Vaults, backed_up: dict[str, Any]) -> None:
    assert backed_up["RecoveryPointArn"]
    with pytest.raises(ClientError, match="holds recovery points"):
        cloud.client("backup").delete_backup_vault(BackupVaultName=vaults.name)


def test_the_policy_of_a_vault_decides_who_ends_its_recovery_points(
    cloud: Cloud, vaults: Vaults, backed_up: dict[str, Any]
) -> None:
    refusal = {"Effect": "Deny", "Principal": "*", "Action": "backup:DeleteRecoveryPoint", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [refusal]})
    cloud.client("backup").put_backup_vault_access_policy(BackupVaultName=vaults.name, Policy=document)
    iam, name = cloud.client("iam"), unique("user")
    iam.create_user(UserName=name)
    everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    iam.put_user_policy(UserName=name, PolicyName="everything", PolicyDocument=json.dumps(everything))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    theirs = cloud.client_of(key, "backup")
    point = {"BackupVaultName": vaults.name, "RecoveryPointArn": backed_up["RecoveryPointArn"]}
    assert theirs.describe_recovery_point(**point)["Status"] == "COMPLETED"
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.delete_recovery_point(**point)


@pytest.mark.parametrize(
    ("actions", "service"),
    [(["ec2:DescribeVolumes"], SERVICE), ("*", "lambda.amazonaws.com")],
    ids=["may not snap", "does not trust"],
)
def test_a_role_that_may_not_makes_no_recovery_point(
    cloud: Cloud, vaults: Vaults, make_volume: Callable[..., str], actions: str | list[str], service: str
) -> None:
    backup = cloud.client("backup")
    job = backup.start_backup_job(
        BackupVaultName=vaults.name,
        ResourceArn=volume_arn(make_volume(b"x")),
        IamRoleArn=make_role(cloud, actions, service),
    )
    ended = backup.describe_backup_job(BackupJobId=job["BackupJobId"])
    assert (ended["State"], "RecoveryPointArn" in ended) == ("FAILED", False)
    assert ended["StatusMessage"]
    assert points(cloud, vaults.name) == []


def test_a_copy_without_its_key_fails_and_is_told(
    cloud: Cloud, backup_role: str, vaults: Vaults, make_volume: Callable[..., str], make_queue: Callable[[], Any]
) -> None:
    kms, name = cloud.client("kms", RECOVERY), unique("vault")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    there = cloud.client("backup", RECOVERY)
    there.create_backup_vault(BackupVaultName=name, EncryptionKeyArn=key)
    kms.disable_key(KeyId=key)
    url, queue = make_queue()
    events, rule = cloud.client("events"), unique("rule")
    pattern = {"source": ["aws.backup"], "detail-type": ["Copy Job State Change"], "detail": {"state": ["FAILED"]}}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": queue}])
    backup = cloud.client("backup")
    made = backup.start_backup_job(
        BackupVaultName=vaults.name, ResourceArn=volume_arn(make_volume(b"x")), IamRoleArn=backup_role
    )
    destination = f"arn:aws:backup:{RECOVERY}:000000000000:backup-vault:{name}"
    job = backup.start_copy_job(
        RecoveryPointArn=made["RecoveryPointArn"],
        SourceBackupVaultName=vaults.name,
        DestinationBackupVaultArn=destination,
        IamRoleArn=backup_role,
    )["CopyJobId"]
    ended = backup.describe_copy_job(CopyJobId=job)["CopyJob"]
    assert (ended["State"], key in ended["StatusMessage"]) == ("FAILED", True)
    (message,) = wait_for(lambda: messages(cloud, url))
    event = json.loads(message["Body"])
    assert (event["detail"]["copyJobId"], event["detail"]["destinationBackupVaultArn"]) == (job, destination)
    events.remove_targets(Rule=rule, Ids=["queue"])
    events.delete_rule(Name=rule)
    there.delete_backup_vault(BackupVaultName=name)


def test_what_is_made_is_counted(cloud: Cloud, vaults: Vaults, backed_up: dict[str, Any]) -> None:
    assert backed_up["RecoveryPointArn"]
    now = cloud.clock()
    for name in ("NumberOfRecoveryPointsCompleted", "NumberOfBackupJobsCompleted"):
        found = cloud.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Backup",
            MetricName=name,
            Dimensions=[
                {"Name": "BackupVaultName", "Value": vaults.name},
                {"Name": "ResourceType", "Value": "EFS"},
            ],
            StartTime=now.timestamp() - HOUR,
            EndTime=now.timestamp() + HOUR,
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        assert sum(each["Sum"] for each in found) == 1


def test_a_fault_fails_a_job(cloud: Cloud, vaults: Vaults, file_system: FileSystem) -> None:
    cloud.control.post("backup/faults", {"kind": "fail", "subject": file_system.arn, "pattern": "backup", "times": 1})
    backup = cloud.client("backup")
    jobs = [
        backup.start_backup_job(BackupVaultName=vaults.name, ResourceArn=file_system.arn, IamRoleArn=vaults.role)
        for _ in range(2)
    ]
    states = [backup.describe_backup_job(BackupJobId=job["BackupJobId"])["State"] for job in jobs]
    assert states == ["FAILED", "COMPLETED"]


def test_a_schedule_that_cannot_be_is_refused(cloud: Cloud, vaults: Vaults) -> None:
    rule = {"RuleName": "rule", "TargetBackupVaultName": vaults.name, "ScheduleExpression": "every evening"}
    with pytest.raises(ClientError, match="no schedule expression"):
        cloud.client("backup").create_backup_plan(BackupPlan={"BackupPlanName": "plan", "Rules": [rule]})
