"""A file system, buckets and a transfer between them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ..conftest import PRIMARY, RECOVERY, Cloud, wait_for

ROLE = "arn:aws:iam::000000000000:role/any"


SERVICES = ["batchoperations.s3.amazonaws.com", "datasync.amazonaws.com", "s3.amazonaws.com"]


@pytest.fixture(scope="session")
def service_role(cloud: Cloud) -> str:
    """ROLE, for services that work in a role: they may take it on, and do anything in it."""
    iam, name = cloud.client("iam"), ROLE.rpartition("/")[2]
    version = {"Version": "2012-10-17"}
    trust = {"Effect": "Allow", "Principal": {"Service": SERVICES}, "Action": "sts:AssumeRole"}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(version | {"Statement": trust}))
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(version | {"Statement": everything}))
    return ROLE


def unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


@pytest.fixture(autouse=True)
def _no_service_faults_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "cloud" in request.fixturenames:
        control = request.getfixturevalue("cloud").control
        control.delete("backup/faults")
        control.delete("datasync/faults")
        control.delete("replication/faults")
        control.delete("replication/lag")


@dataclass(frozen=True)
class Network:
    """A subnet and a security group."""

    vpc_id: str
    subnet_id: str
    group_id: str

    @property
    def ec2_config(self) -> dict[str, Any]:
        prefix = f"arn:aws:ec2:{PRIMARY}:000000000000"
        return {
            "SubnetArn": f"{prefix}:subnet/{self.subnet_id}",
            "SecurityGroupArns": [f"{prefix}:security-group/{self.group_id}"],
        }


@pytest.fixture(scope="session")
def network(cloud: Cloud) -> Iterator[Network]:
    ec2 = cloud.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    subnet_id = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.77.0.0/24")["Subnet"]["SubnetId"]
    group_id = ec2.create_security_group(VpcId=vpc_id, GroupName="nfs", Description="nfs")["GroupId"]
    yield Network(vpc_id, subnet_id, group_id)
    ec2.delete_security_group(GroupId=group_id)
    ec2.delete_subnet(SubnetId=subnet_id)
    ec2.delete_vpc(VpcId=vpc_id)


@dataclass(frozen=True)
class FileSystem:
    """A file system and the directory in which its files lie."""

    file_system_id: str
    arn: str
    directory: Path


@pytest.fixture
def file_system(cloud: Cloud) -> Iterator[FileSystem]:
    efs = cloud.client("efs")
    made = efs.create_file_system(CreationToken=unique("token"), Encrypted=True)
    identifier = made["FileSystemId"]
    yield FileSystem(identifier, made["FileSystemArn"], cloud.directory / "efs" / identifier)
    efs.delete_file_system(FileSystemId=identifier)


@pytest.fixture
def make_bucket(cloud: Cloud) -> Iterator[Callable[..., str]]:
    """Make a bucket, versioned unless told otherwise; gives its name. Emptied and deleted after the test."""
    made: list[tuple[str, str]] = []

    def make(region: str = PRIMARY, versioned: bool = True) -> str:
        name = unique("bucket")
        s3 = cloud.client("s3", region)
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
        if versioned:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        made.append((region, name))
        return name

    yield make
    for region, name in made:
        s3 = cloud.client("s3", region)
        if name not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
            continue
        versions = s3.list_object_versions(Bucket=name)
        for version in versions.get("Versions", []) + versions.get("DeleteMarkers", []):
            s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
        s3.delete_bucket(Bucket=name)


@dataclass
class Transfer:
    """A DataSync task from a file system to a bucket, and what its executions did."""

    cloud: Cloud
    task_arn: str
    source: Path
    bucket: str
    reports: str
    executions: list[str] = field(default_factory=list)

    @property
    def datasync(self) -> Any:
        return self.cloud.client("datasync")

    @property
    def s3(self) -> Any:
        return self.cloud.client("s3")

    def write(self, path: str, content: bytes = b"content") -> Path:
        file = self.source / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def start(self, **overrides: Any) -> str:
        arn: str = self.datasync.start_task_execution(TaskArn=self.task_arn, **overrides)["TaskExecutionArn"]
        self.executions.append(arn)
        return arn

    def describe(self, arn: str) -> dict[str, Any]:
        described: dict[str, Any] = self.datasync.describe_task_execution(TaskExecutionArn=arn)
        return described

    def finish(self, arn: str) -> dict[str, Any]:
        wait_for(lambda: self.describe(arn)["Status"] in ("SUCCESS", "ERROR"))
        return self.describe(arn)

    def run(self, **overrides: Any) -> dict[str, Any]:
        return self.finish(self.start(**overrides))

    def start_and_finish(self, **overrides: Any) -> str:
        """Run once more; gives the ARN of the execution."""
        arn = self.start(**overrides)
        self.finish(arn)
        return arn

    def options(self, **options: Any) -> dict[str, Any]:
        """Overrides of the task's options, for `run` and `start`."""
        return {"OverrideOptions": options}

    def keys(self, *, folders: bool = False) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return [entry["Key"] for entry in found if folders or not entry["Key"].endswith("/")]

    def body(self, key: str) -> bytes:
        content: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return content

    def report(self, arn: str, section: str) -> list[dict[str, Any]]:
        """The entries of one section of an execution's report, by path."""
        task, execution = arn.split(":task/")[1].split("/execution/")
        prefix = f"transfer/Detailed-Reports/{task}/{execution}/{execution}.files-{section.lower()}-v1-"
        entries: list[dict[str, Any]] = []
        for found in self.s3.list_objects_v2(Bucket=self.reports, Prefix=prefix).get("Contents", []):
            document = json.loads(self.s3.get_object(Bucket=self.reports, Key=found["Key"])["Body"].read())
            assert document["TaskExecutionId"] == execution
            entries += document[section]
        return sorted(entries, key=lambda entry: str(entry["RelativePath"]))

    def fault(self, **fault: Any) -> None:
        self.cloud.control.post("datasync/faults", {"subject": self.task_arn, **fault})


@pytest.fixture
def make_transfer(
    cloud: Cloud, network: Network, file_system: FileSystem, make_bucket: Callable[..., str], service_role: str
) -> Iterator[Callable[..., Transfer]]:
    """Make a transfer from an access point of a file system; `settings` change the task."""
    datasync = cloud.client("datasync")
    tasks: list[str] = []
    locations: list[str] = []

    def make(bucket: str | None = None, prefix: str = "/", role: str = service_role, **settings: Any) -> Transfer:
        access_point = cloud.client("efs").create_access_point(
            ClientToken=unique("token"),
            FileSystemId=file_system.file_system_id,
            RootDirectory={
                "Path": "/published",
                "CreationInfo": {"OwnerUid": 10001, "OwnerGid": 10001, "Permissions": "0770"},
            },
        )
        bucket = bucket or make_bucket()
        reports = make_bucket(versioned=False)
        source = datasync.create_location_efs(
            EfsFilesystemArn=file_system.arn,
            AccessPointArn=access_point["AccessPointArn"],
            FileSystemAccessRoleArn=ROLE,
            InTransitEncryption="TLS1_2",
            Ec2Config=network.ec2_config,
        )["LocationArn"]
        target = datasync.create_location_s3(
            S3BucketArn=f"arn:aws:s3:::{bucket}", Subdirectory=prefix, S3Config={"BucketAccessRoleArn": role}
        )["LocationArn"]
        place = {
            "S3BucketArn": f"arn:aws:s3:::{reports}",
            "Subdirectory": "transfer/",
            "BucketAccessRoleArn": service_role,
        }
        options = {"VerifyMode": "ONLY_FILES_TRANSFERRED"} | settings.pop("Options", {})
        task_arn = datasync.create_task(
            SourceLocationArn=source,
            DestinationLocationArn=target,
            Name="transfer",
            Options=options,
            TaskReportConfig={
                "Destination": {"S3": place},
                "OutputType": "STANDARD",
                "ReportLevel": "SUCCESSES_AND_ERRORS",
                "ObjectVersionIds": "INCLUDE",
            },
            **settings,
        )["TaskArn"]
        tasks.append(task_arn)
        locations.extend([source, target])
        return Transfer(cloud, task_arn, file_system.directory / "published", bucket, reports)

    yield make
    for arn in tasks:
        datasync.delete_task(TaskArn=arn)
    for arn in locations:
        datasync.delete_location(LocationArn=arn)


@pytest.fixture
def transfer(make_transfer: Callable[..., Transfer]) -> Transfer:
    return make_transfer()


@dataclass(frozen=True)
class Replication:
    """A bucket, its replica in the recovery region, and the means to look at both."""

    cloud: Cloud
    source: str
    replica: str

    @property
    def s3(self) -> Any:
        return self.cloud.client("s3")

    @property
    def recovery(self) -> Any:
        return self.cloud.client("s3", RECOVERY)

    def replicate(self, *rules: dict[str, Any]) -> None:
        """Put rules in force, filled up with what every rule needs."""
        complete = [
            {
                "ID": f"rule-{number}",
                "Status": "Enabled",
                "Priority": number,
                "Filter": {},
                "DeleteMarkerReplication": {"Status": "Enabled"},
                "Destination": {"Bucket": f"arn:aws:s3:::{self.replica}"} | rule.get("Destination", {}),
                **{key: value for key, value in rule.items() if key != "Destination"},
            }
            for number, rule in enumerate(rules or ({},))
        ]
        self.s3.put_bucket_replication(Bucket=self.source, ReplicationConfiguration={"Role": ROLE, "Rules": complete})

    def put(self, key: str, body: bytes = b"content", **settings: Any) -> str:
        version: str = self.s3.put_object(Bucket=self.source, Key=key, Body=body, **settings)["VersionId"]
        return version

    def status(self, key: str) -> str | None:
        status: str | None = self.s3.head_object(Bucket=self.source, Key=key).get("ReplicationStatus")
        return status

    def wait(self, key: str, status: str = "COMPLETED") -> None:
        wait_for(lambda: self.status(key) == status)

    def versions(self, bucket: str, kind: str = "Versions") -> list[tuple[str, str, bool]]:
        """(key, version id, whether it is the current one) of every version or delete marker."""
        listed = self.s3.list_object_versions(Bucket=bucket).get(kind, [])
        return [(entry["Key"], entry["VersionId"], entry["IsLatest"]) for entry in listed]

    def tags(self, client: Any, bucket: str, key: str) -> dict[str, str]:
        listed = client.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
        return {tag["Key"]: tag["Value"] for tag in listed}

    def settle(self) -> None:
        """Wait until every replication that can be done is done."""
        wait_for(lambda: not self.cloud.control.get("status")["busy"])


@pytest.fixture
def replication(cloud: Cloud, make_bucket: Callable[..., str], service_role: str) -> Replication:
    assert service_role == ROLE
    return Replication(cloud, make_bucket(), make_bucket(RECOVERY))
