"""What IAM is asked for a call. The table as a whole is compared with AWS's reference in tests/policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from kosha_access.actions import action_of, actions_of
from kosha_access.calls import Asked, Source, asked, source_of
from kosha_access.resources import Place

HERE = Place("ap-south-1", "111122223333")
HERE_ARN = "ap-south-1:111122223333"


def questions(service: str, operation: str, **parameters: Any) -> list[tuple[str, str]]:
    found = asked(service, operation, parameters, HERE)
    assert found is not None
    return [(each.action, each.resource) for each in found]


def keys(service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
    found = asked(service, operation, parameters, HERE)
    assert found
    return found[0].keys


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "resource"),
    [
        ("sqs", "SendMessageBatch", {"QueueUrl": "http://h:1/111122223333/q"}, f"arn:aws:sqs:{HERE_ARN}:q"),
        ("sqs", "CreateQueue", {"QueueName": "q"}, f"arn:aws:sqs:{HERE_ARN}:q"),
        ("lambda", "Invoke", {"FunctionName": "f"}, f"arn:aws:lambda:{HERE_ARN}:function:f"),
        ("lambda", "Invoke", {"FunctionName": "f:live"}, f"arn:aws:lambda:{HERE_ARN}:function:f:live"),
        ("lambda", "Invoke", {"FunctionName": "f", "Qualifier": "7"}, f"arn:aws:lambda:{HERE_ARN}:function:f:7"),
        (
            "lambda",
            "GetFunction",
            {"FunctionName": f"arn:aws:lambda:{HERE_ARN}:function:f:live"},
            f"arn:aws:lambda:{HERE_ARN}:function:f",
        ),
        ("logs", "CreateLogGroup", {"logGroupName": "g"}, f"arn:aws:logs:{HERE_ARN}:log-group:g:log-stream:"),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "g", "logStreamName": "s"},
            f"arn:aws:logs:{HERE_ARN}:log-group:g:log-stream:s",
        ),
        ("logs", "TagLogGroup", {"logGroupName": "g"}, f"arn:aws:logs:{HERE_ARN}:log-group:g"),
        ("ssm", "GetParameter", {"Name": "/a/b:3"}, f"arn:aws:ssm:{HERE_ARN}:parameter/a/b"),
        ("ssm", "DescribeParameters", {}, "*"),
        ("kms", "Decrypt", {"KeyId": "alias/lake"}, f"arn:aws:kms:{HERE_ARN}:alias/lake"),
        ("kms", "Decrypt", {"KeyId": "1234"}, f"arn:aws:kms:{HERE_ARN}:key/1234"),
        ("events", "PutTargets", {"Rule": "r"}, f"arn:aws:events:{HERE_ARN}:rule/r"),
        ("events", "DeleteRule", {"Name": "r", "EventBusName": "b"}, f"arn:aws:events:{HERE_ARN}:rule/b/r"),
        ("scheduler", "GetSchedule", {"Name": "s"}, f"arn:aws:scheduler:{HERE_ARN}:schedule/default/s"),
        ("scheduler", "GetSchedule", {"Name": "s", "GroupName": "g"}, f"arn:aws:scheduler:{HERE_ARN}:schedule/g/s"),
        ("iam", "PutRolePolicy", {"RoleName": "r"}, "arn:aws:iam::111122223333:role/r"),
        ("s3control", "DescribeJob", {"JobId": "j"}, f"arn:aws:s3:{HERE_ARN}:job/j"),
        ("datasync", "ListTaskExecutions", {"TaskArn": "arn:aws:datasync:r:a:task/t"}, "*"),
        ("efs", "DescribeFileSystems", {}, f"arn:aws:elasticfilesystem:{HERE_ARN}:file-system/*"),
        ("ec2", "DescribeVolumes", {"VolumeIds": ["vol-1"]}, "*"),
        ("ec2", "DeleteSnapshot", {"SnapshotId": "snap-1"}, "arn:aws:ec2:ap-south-1::snapshot/snap-1"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isalnum() else "",
)
def test_a_call_acts_on(service: str, operation: str, parameters: dict[str, Any], resource: str) -> None:
    assert questions(service, operation, **parameters) == [(action_of(service, operation), resource)]


def test_each_of_several_is_asked_for() -> None:
    arn = f"arn:aws:ec2:{HERE_ARN}:instance"
    assert questions("ec2", "StopInstances", InstanceIds=["i-1", "i-2"]) == [
        ("ec2:StopInstances", f"{arn}/i-1"),
        ("ec2:StopInstances", f"{arn}/i-2"),
    ]
    assert [each for _, each in questions("ssm", "GetParameters", Names=["a", "/b"])] == [
        f"arn:aws:ssm:{HERE_ARN}:parameter/a",
        f"arn:aws:ssm:{HERE_ARN}:parameter/b",
    ]


def test_what_the_table_lacks_is_not_known() -> None:
    assert asked("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"}, HERE) is None
    assert asked("athena", "ListDataCatalogs", {}, HERE) is None
    assert asked("sns", "Publish", {"Message": "x"}, HERE) is None, "it names nothing"


def test_anybody_may_ask_who_he_is() -> None:
    assert asked("sts", "GetCallerIdentity", {}, HERE) == []
    assert asked("sts", "GetSessionToken", {}, HERE) == []
    assert questions("sts", "GetAccessKeyInfo", AccessKeyId="x") == [("sts:GetAccessKeyInfo", "*")]


# ----------------------------------------------------------------------------------------------------------------- S3


def test_versions_have_actions_of_their_own() -> None:
    arn = "arn:aws:s3:::b/k"
    assert questions("s3", "HeadObject", Bucket="b", Key="k") == [("s3:GetObject", arn)]
    assert questions("s3", "HeadObject", Bucket="b", Key="k", VersionId="v") == [("s3:GetObjectVersion", arn)]
    objects = {"Objects": [{"Key": "k"}, {"Key": "l", "VersionId": "v"}]}
    assert questions("s3", "DeleteObjects", Bucket="b", Delete=objects) == [
        ("s3:DeleteObject", "arn:aws:s3:::b/k"),
        ("s3:DeleteObjectVersion", "arn:aws:s3:::b/l"),
    ]


def test_an_upload_may_take_several_rights() -> None:
    settings = {"Tagging": "a=b", "ACL": "private", "ObjectLockLegalHoldStatus": "ON"}
    assert actions_of("s3", "CreateMultipartUpload", settings) == [
        "s3:PutObject",
        "s3:PutObjectTagging",
        "s3:PutObjectAcl",
        "s3:PutObjectLegalHold",
    ]


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ("b/a%20folder/k", Source("b", "a folder/k", "")),
        ("/b/k?versionId=v", Source("b", "k", "v")),
        ({"Bucket": "b", "Key": "k", "VersionId": "v"}, Source("b", "k", "v")),
    ],
)
def test_a_copy_reads_its_source(given: Any, source: Source) -> None:
    assert source_of({"CopySource": given}) == source
    assert questions("s3", "CopyObject", Bucket="c", Key="l", CopySource=given) == [
        ("s3:PutObject", "arn:aws:s3:::c/l"),
        ("s3:GetObjectVersion" if source.version else "s3:GetObject", f"arn:aws:s3:::b/{source.key}"),
    ]


@pytest.mark.parametrize(
    "given", ["a=b&c=d%20e", {"TagSet": [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d e"}]}]
)
def test_tags_of_a_request_are_seen(given: Any) -> None:
    operation = "PutObject" if isinstance(given, str) else "PutObjectTagging"
    assert keys("s3", operation, Bucket="b", Key="k", Tagging=given) == {
        "s3:RequestObjectTag/a": "b",
        "s3:RequestObjectTag/c": "d e",
        "s3:RequestObjectTagKeys": ["a", "c"],
    }


def test_a_listing_without_a_prefix_has_an_empty_one() -> None:
    assert keys("s3", "ListObjectsV2", Bucket="b") == {"s3:prefix": ""}
    assert keys("s3", "ListObjectVersions", Bucket="b", Prefix="p/", MaxKeys=2)["s3:prefix"] == "p/"
    assert keys("s3", "GetBucketPolicy", Bucket="b") == {}


# ------------------------------------------------------------------------------------------------------ other services


def test_making_with_tags_takes_the_right_to_tag() -> None:
    tags = [{"ResourceType": "snapshot", "Tags": [{"Key": "a", "Value": "b"}]}]
    found = asked("ec2", "CreateSnapshot", {"VolumeId": "vol-1", "TagSpecifications": tags}, HERE)
    said = {"aws:RequestTag/a": "b", "aws:TagKeys": ["a"]}
    snapshot = "arn:aws:ec2:ap-south-1::snapshot/*"
    assert found == [
        Asked("ec2:CreateSnapshot", f"arn:aws:ec2:{HERE_ARN}:volume/vol-1", {}),
        Asked("ec2:CreateSnapshot", snapshot, said),
        Asked("ec2:CreateTags", snapshot, said | {"ec2:CreateAction": "CreateSnapshot"}),
    ]


def test_a_session_with_tags_takes_the_right_to_give_them() -> None:
    role = "arn:aws:iam::111122223333:role/r"
    asking = {"RoleArn": role, "RoleSessionName": "s", "Tags": [{"Key": "project", "Value": "p"}]}
    assert [each for each, _ in questions("sts", "AssumeRole", **asking)] == ["sts:AssumeRole", "sts:TagSession"]
    assert keys("sts", "AssumeRole", **asking) == {
        "sts:RoleSessionName": "s",
        "aws:RequestTag/project": "p",
        "aws:TagKeys": ["project"],
    }


@pytest.mark.parametrize("tags", [{"a": "b"}, [{"key": "a", "value": "b"}], [{"TagKey": "a", "TagValue": "b"}]])
def test_tags_in_the_ways_services_write_them(tags: Any) -> None:
    said = keys("kms", "CreateKey", Tags=tags)
    assert said == {"aws:RequestTag/a": "b", "aws:TagKeys": ["a"]}
    assert keys("sqs", "UntagQueue", QueueUrl="http://h/1/q", TagKeys=["a"]) == {"aws:TagKeys": ["a"]}


def test_roles_are_handed_over() -> None:
    role = "arn:aws:iam::111122223333:role/r"
    assert questions("s3control", "CreateJob", RoleArn=role) == [("s3:CreateJob", "*"), ("iam:PassRole", role)]
    targets = [{"Id": "1", "RoleArn": role}, {"Id": "2"}]
    found = asked("events", "PutTargets", {"Rule": "x", "Targets": targets}, HERE)
    assert found is not None
    assert found[1:] == [Asked("iam:PassRole", role, {"iam:PassedToService": "events.amazonaws.com"})]
    assert questions("ec2", "AssociateIamInstanceProfile", InstanceId="i-1", IamInstanceProfile={"Name": "p"})[1:] == [
        ("iam:PassRole", "arn:aws:iam::111122223333:instance-profile/p")
    ]


def test_tables_of_a_transaction() -> None:
    items = [{"Put": {"TableName": "t"}}, {"Put": {"TableName": "t"}}, {"Delete": {"TableName": "u"}}]
    table = f"arn:aws:dynamodb:{HERE_ARN}:table"
    assert questions("dynamodb", "TransactWriteItems", TransactItems=items) == [
        ("dynamodb:PutItem", f"{table}/t"),
        ("dynamodb:DeleteItem", f"{table}/u"),
    ]
    assert questions("dynamodb", "Query", TableName="t", IndexName="i") == [("dynamodb:Query", f"{table}/t/index/i")]
