"""Calls are decided as IAM decides them, and denied as the services deny."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from .conftest import PRIMARY, Cloud

ACCOUNT = "000000000000"
NO_SIGNATURE = "us-east-1"  # the region of a call that names none
type Statement = Mapping[str, Any]


def policy(*statements: Statement) -> str:
    full = [{"Effect": "Allow", "Resource": "*", **each} for each in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": full})


def refused(call: Callable[..., Any], *arguments: Any, **parameters: Any) -> tuple[str, int, str]:
    """The code, the status and the message of a call that must fail."""
    with pytest.raises(ClientError) as raised:
        call(*arguments, **parameters)
    answer = raised.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


@dataclass(frozen=True)
class Keys:
    """Of a user or a session."""

    cloud: Cloud
    access: str
    secret: str
    token: str | None = None

    def client(self, service: str, region: str = PRIMARY, headers: Mapping[str, str] | None = None) -> Any:
        make: Any = boto3.client
        client = make(
            service,
            region_name=region,
            endpoint_url=self.cloud.endpoint,
            aws_access_key_id=self.access,
            aws_secret_access_key=self.secret,
            aws_session_token=self.token,
            config=Config(
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
                signature_version="s3v4" if service == "s3" else "v4",
            ),
        )

        def add_headers(request: Any, **_: Any) -> None:
            for name, value in (headers or {}).items():
                request.headers[name] = value

        client.meta.events.register("before-sign", add_headers)
        return client


class People:
    """Makes users and roles, and forgets them."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.iam = cloud.client("iam")

    def user(self, *statements: Statement, **settings: Any) -> Keys:
        name = f"user-{uuid.uuid4().hex[:8]}"
        self.iam.create_user(UserName=name, **settings)
        if statements:
            self.iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
        made = self.iam.create_access_key(UserName=name)["AccessKey"]
        return Keys(self.cloud, made["AccessKeyId"], made["SecretAccessKey"])

    def name_of(self, keys: Keys) -> str:
        arn: str = keys.client("sts").get_caller_identity()["Arn"]
        return arn.rpartition("/")[2]

    def role(self, *statements: Statement, trust: Any = ACCOUNT, **settings: Any) -> str:
        name = f"role-{uuid.uuid4().hex[:8]}"
        allow = {"Effect": "Allow", "Principal": {"AWS": trust}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        arn: str = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, **settings)["Role"]["Arn"]
        if statements:
            self.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        return arn

    def policy(self, *statements: Statement) -> str:
        made = self.iam.create_policy(PolicyName=f"policy-{uuid.uuid4().hex[:8]}", PolicyDocument=policy(*statements))
        arn: str = made["Policy"]["Arn"]
        return arn

    def session(self, *statements: Statement, asked: Mapping[str, Any] | None = None, **settings: Any) -> Keys:
        return self.assume(self.cloud.client("sts"), self.role(*statements, **settings), **(asked or {}))

    def assume(self, sts: Any, role: str, **asked: Any) -> Keys:
        made = sts.assume_role(RoleArn=role, RoleSessionName="somebody", **asked)["Credentials"]
        return Keys(self.cloud, made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


@pytest.fixture
def people(cloud: Cloud) -> People:
    return People(cloud)


@pytest.fixture
def bucket(cloud: Cloud) -> str:
    name = f"access-{uuid.uuid4().hex[:8]}"
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": PRIMARY})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for key, kind in (("calls", "variant_calls"), ("reads", "reads")):
        s3.put_object(Bucket=name, Key=key, Body=b"x", Tagging=f"data_class={kind}")
    return name


CALLS_ONLY: Statement = {
    "Action": ["s3:GetObject", "s3:GetObjectVersion"],
    "Condition": {"StringEquals": {"s3:ExistingObjectTag/data_class": "variant_calls"}},
}
OWN_PROJECT: Statement = {
    "Action": ["s3:GetObject", "s3:GetObjectVersion"],
    "Condition": {"StringEquals": {"s3:ExistingObjectTag/data_class": "${aws:PrincipalTag/reads}"}},
}


# ------------------------------------------------------------------------------------------------------ who is held


def test_a_user_does_what_a_policy_allows_and_nothing_else(people: People, bucket: str) -> None:
    s3 = people.user({"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}).client("s3")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 2
    code, status, message = refused(s3.get_object, Bucket=bucket, Key="calls")
    assert (code, status) == ("AccessDenied", 403)
    assert f"is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::{bucket}/calls" in message
    assert message.startswith(f"User: arn:aws:iam::{ACCOUNT}:user/user-")
    assert "no identity policy allows it" in message


def test_policies_of_groups_and_managed_ones_count(people: People, bucket: str) -> None:
    keys = people.user()
    s3, iam, name = keys.client("s3"), people.iam, people.name_of(keys)
    assert refused(s3.list_objects_v2, Bucket=bucket)[0] == "AccessDenied"
    group = f"group-{uuid.uuid4().hex[:8]}"
    iam.create_group(GroupName=group)
    iam.add_user_to_group(GroupName=group, UserName=name)
    iam.put_group_policy(GroupName=group, PolicyName="list", PolicyDocument=policy({"Action": "s3:ListBucket"}))
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 2
    iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    assert s3.get_object(Bucket=bucket, Key="calls")["Body"].read() == b"x"
    assert refused(s3.delete_object, Bucket=bucket, Key="calls")[0] == "AccessDenied"


def test_the_default_version_of_a_managed_policy_counts(people: People, bucket: str) -> None:
    keys = people.user()
    arn = people.policy({"Action": "s3:ListBucket"})
    people.iam.attach_user_policy(UserName=people.name_of(keys), PolicyArn=arn)
    keys.client("s3").list_objects_v2(Bucket=bucket)
    people.iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy({"Action": "sns:Publish"}), SetAsDefault=True)
    assert refused(keys.client("s3").list_objects_v2, Bucket=bucket)[0] == "AccessDenied"


def test_the_operator_is_held_by_no_policy(cloud: Cloud, bucket: str) -> None:
    s3 = cloud.client("s3")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(deny))
    assert s3.get_object(Bucket=bucket, Key="calls")["Body"].read() == b"x"


def test_a_key_that_was_deleted_or_made_inactive_is_refused(people: People, bucket: str) -> None:
    keys = people.user({"Action": "*"})
    name = people.name_of(keys)
    people.iam.update_access_key(UserName=name, AccessKeyId=keys.access, Status="Inactive")
    assert refused(keys.client("s3").list_objects_v2, Bucket=bucket)[0] == "InvalidAccessKeyId"
    people.iam.delete_access_key(UserName=name, AccessKeyId=keys.access)
    assert refused(keys.client("sns").list_topics)[:2] == ("InvalidClientTokenId", 403)


def test_a_boundary_limits_what_policies_allow(people: People, bucket: str) -> None:
    limit = people.policy({"Action": "s3:ListBucket"})
    s3 = people.session({"Action": "s3:*"}, PermissionsBoundary=limit).client("s3")
    s3.list_objects_v2(Bucket=bucket)
    assert "the boundary policy does not allow it" in refused(s3.get_object, Bucket=bucket, Key="calls")[2]
    user = people.user({"Action": "s3:*"}, PermissionsBoundary=limit).client("s3")
    assert "the boundary policy does not allow it" in refused(user.get_object, Bucket=bucket, Key="calls")[2]


@pytest.mark.parametrize("managed", [False, True], ids=["inline", "managed"])
def test_a_session_policy_limits_the_session(people: People, bucket: str, managed: bool) -> None:
    only = {"Action": "s3:ListBucket"}
    asked = {"PolicyArns": [{"arn": people.policy(only)}]} if managed else {"Policy": policy(only)}
    s3 = people.session({"Action": "s3:*"}, asked=asked).client("s3")
    s3.list_objects_v2(Bucket=bucket)
    assert "the session policy does not allow it" in refused(s3.get_object, Bucket=bucket, Key="calls")[2]


# ------------------------------------------------------------------------------------------------- tags of sessions


def test_tags_of_a_session_choose_what_may_be_read(people: People, bucket: str) -> None:
    tags = [{"Key": "reads", "Value": "variant_calls"}]
    s3 = people.session(OWN_PROJECT, asked={"Tags": tags}).client("s3")
    assert s3.get_object(Bucket=bucket, Key="calls")["Body"].read() == b"x"
    assert refused(s3.get_object, Bucket=bucket, Key="reads")[:2] == ("AccessDenied", 403)
    change = {"TagSet": [{"Key": "data_class", "Value": "variant_calls"}]}
    code, _, message = refused(s3.put_object_tagging, Bucket=bucket, Key="reads", Tagging=change)
    assert code == "AccessDenied"
    assert "s3:PutObjectTagging" in message


def test_a_tag_of_the_session_stands_for_that_of_the_role(people: People, bucket: str) -> None:
    tags = [{"Key": "reads", "Value": "reads"}]
    role = people.role(OWN_PROJECT, Tags=tags)
    sts = people.cloud.client("sts")
    assert people.assume(sts, role).client("s3").get_object(Bucket=bucket, Key="reads")
    other = people.assume(sts, role, Tags=[{"Key": "Reads", "Value": "variant_calls"}]).client("s3")
    assert other.get_object(Bucket=bucket, Key="calls")
    assert refused(other.get_object, Bucket=bucket, Key="reads")[0] == "AccessDenied"


def test_an_old_version_is_read_by_its_own_tags(cloud: Cloud, people: People, bucket: str) -> None:
    operator = cloud.client("s3")
    old = operator.head_object(Bucket=bucket, Key="calls")["VersionId"]
    operator.put_object(Bucket=bucket, Key="calls", Body=b"new", Tagging="data_class=reads")
    s3 = people.session(CALLS_ONLY).client("s3")
    assert s3.get_object(Bucket=bucket, Key="calls", VersionId=old)["Body"].read() == b"x"
    assert refused(s3.get_object, Bucket=bucket, Key="calls")[0] == "AccessDenied"


def test_a_version_takes_a_right_of_its_own(cloud: Cloud, people: People, bucket: str) -> None:
    version = cloud.client("s3").head_object(Bucket=bucket, Key="calls")["VersionId"]
    s3 = people.session({"Action": "s3:GetObject"}).client("s3")
    s3.get_object(Bucket=bucket, Key="calls")
    assert "s3:GetObjectVersion " in refused(s3.get_object, Bucket=bucket, Key="calls", VersionId=version)[2]


# ---------------------------------------------------------------------------------------------------- bucket policies


def test_a_bucket_policy_denies_what_is_allowed_elsewhere(cloud: Cloud, people: People, bucket: str) -> None:
    deny = {
        "Sid": "NotReads",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringEquals": {"s3:ExistingObjectTag/data_class": "reads"}},
    }
    cloud.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(deny))
    s3 = people.session({"Action": "s3:*"}).client("s3")
    s3.get_object(Bucket=bucket, Key="calls")
    assert "it is denied by resource policy: NotReads" in refused(s3.get_object, Bucket=bucket, Key="reads")[2]


def test_who_signs_nothing_is_held_to_the_bucket_policy(cloud: Cloud, bucket: str) -> None:
    def status(key: str) -> int:
        try:
            with urllib.request.urlopen(f"{cloud.endpoint}/{bucket}/{key}", timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    s3 = cloud.client("s3")
    assert status("calls") == 403
    allow = {"Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/calls"}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(allow))
    assert status("calls") == 403, "the public access block of a new bucket lets no public policy be used"
    s3.delete_public_access_block(Bucket=bucket)
    assert status("calls") == 200
    assert status("reads") == 403


def test_who_signs_nothing_is_let_in_by_policies_for_everybody_alone(cloud: Cloud) -> None:
    def unsigned(service: str) -> Any:
        make: Any = boto3.client
        config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
        return make(service, region_name=NO_SIGNATURE, endpoint_url=cloud.endpoint, config=config)

    assert refused(unsigned("kms").list_keys)[:2] == ("MissingAuthenticationToken", 403)
    assert refused(unsigned("ec2").describe_volumes)[:2] == ("MissingAuthenticationToken", 403)
    queues = cloud.client("sqs", NO_SIGNATURE)
    url = queues.create_queue(QueueName=f"queue-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    assert refused(unsigned("sqs").send_message, QueueUrl=url, MessageBody="x")[1] == 403
    everybody = policy({"Principal": "*", "Action": "sqs:SendMessage"})
    queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": everybody})
    assert unsigned("sqs").send_message(QueueUrl=url, MessageBody="x")["MessageId"]
    queues.delete_queue(QueueUrl=url)


def test_the_prefix_of_a_listing_decides(people: People, bucket: str) -> None:
    s3 = people.session({"Action": "s3:ListBucket", "Condition": {"StringLike": {"s3:prefix": ["ca*"]}}}).client("s3")
    assert s3.list_objects_v2(Bucket=bucket, Prefix="ca")["KeyCount"] == 1
    assert refused(s3.list_objects_v2, Bucket=bucket, Prefix="re")[0] == "AccessDenied"
    assert refused(s3.list_objects_v2, Bucket=bucket)[0] == "AccessDenied"


def test_what_is_missing_is_404_for_who_may_list_and_403_for_others(people: People, bucket: str) -> None:
    reader = people.session({"Action": "s3:GetObject"}).client("s3")
    lister = people.session({"Action": ["s3:GetObject", "s3:ListBucket"]}).client("s3")
    assert refused(reader.get_object, Bucket=bucket, Key="gone")[:2] == ("AccessDenied", 403)
    assert refused(lister.get_object, Bucket=bucket, Key="gone")[:2] == ("NoSuchKey", 404)
    assert refused(reader.head_object, Bucket=bucket, Key="gone")[:2] == ("403", 403)
    assert refused(lister.head_object, Bucket=bucket, Key="gone")[:2] == ("404", 404)
    below = {"Action": "s3:ListBucket", "Condition": {"StringLike": {"s3:prefix": "own/*"}}}
    half = people.session({"Action": "s3:GetObject"}, below).client("s3")
    assert refused(half.get_object, Bucket=bucket, Key="own/gone")[:2] == ("NoSuchKey", 404)
    assert refused(half.get_object, Bucket=bucket, Key="gone")[:2] == ("AccessDenied", 403)


def test_a_deletion_of_several_names_those_that_are_refused(people: People, bucket: str) -> None:
    s3 = people.session({"Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{bucket}/calls"}).client("s3")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "calls"}, {"Key": "reads"}]})
    assert [each["Key"] for each in answer["Deleted"]] == ["calls"]
    assert [(each["Key"], each["Code"]) for each in answer["Errors"]] == [("reads", "AccessDenied")]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "reads"}]})
    assert [each["Code"] for each in answer["Errors"]] == ["AccessDenied"]


def test_an_upload_with_tags_and_a_copy_take_more_than_the_right_to_write(people: People, bucket: str) -> None:
    s3 = people.session({"Action": "s3:PutObject"}).client("s3")
    s3.put_object(Bucket=bucket, Key="own", Body=b"x")
    assert "s3:PutObjectTagging" in refused(s3.put_object, Bucket=bucket, Key="own", Body=b"x", Tagging="a=b")[2]
    source = {"Bucket": bucket, "Key": "calls"}
    assert "s3:GetObject " in refused(s3.copy_object, Bucket=bucket, Key="copy", CopySource=source)[2]
    s3 = people.session({"Action": ["s3:PutObject", "s3:GetObject"]}).client("s3")
    assert "s3:GetObjectTagging" in refused(s3.copy_object, Bucket=bucket, Key="copy", CopySource=source)[2]
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, TaggingDirective="REPLACE")


def test_headers_say_what_a_network_would(cloud: Cloud, people: People, bucket: str) -> None:
    keys = people.session(
        {
            "Action": "s3:GetObject",
            "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}, "Bool": {"aws:SecureTransport": "true"}},
        }
    )
    asked = {"Bucket": bucket, "Key": "calls"}
    assert keys.client("s3", headers={"x-kosha-source-vpc": "vpc-1"}).get_object(**asked)
    assert refused(keys.client("s3").get_object, **asked)[0] == "AccessDenied"
    plain = {"x-kosha-source-vpc": "vpc-1", "x-kosha-secure-transport": "false"}
    assert refused(keys.client("s3", headers=plain).get_object, **asked)[0] == "AccessDenied"


# ----------------------------------------------------------------------------------------------------- presigned URLs


def fetched(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code if b"<Code>AccessDenied</Code>" in error.read() else 0


def test_a_presigned_url_keeps_the_rights_of_who_signed(
    cloud: Cloud, people: People, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Signed by the local cloud's clock, which other tests have put days ahead of this process's.
    monkeypatch.setattr("botocore.crt.auth.get_current_datetime", lambda **_: cloud.clock().astimezone(UTC))
    s3 = people.session(CALLS_ONLY).client("s3")

    def url_of(key: str) -> str:
        url: str = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
        return url

    url = url_of("calls")
    assert fetched(url) == 200
    assert fetched(url_of("reads")) == 403
    tags = {"TagSet": [{"Key": "data_class", "Value": "reads"}]}
    cloud.client("s3").put_object_tagging(Bucket=bucket, Key="calls", Tagging=tags)
    assert fetched(url) == 403, "the tags are looked at when the URL is used"


def test_a_presigned_url_expires_and_its_age_can_be_limited(people: People, bucket: str) -> None:
    young = {"Action": "s3:GetObject", "Condition": {"NumericLessThan": {"s3:signatureAge": "1"}}}
    asked = {"Bucket": bucket, "Key": "calls"}
    url = people.session(young).client("s3").generate_presigned_url("get_object", Params=asked)
    time.sleep(1.1)  # signatures are of whole seconds
    assert fetched(url) == 403
    url = people.session(CALLS_ONLY).client("s3").generate_presigned_url("get_object", Params=asked, ExpiresIn=1)
    time.sleep(2.1)
    assert fetched(url) == 403


# --------------------------------------------------------------------------------------------------------------- keys


@pytest.fixture
def encrypted(cloud: Cloud, bucket: str) -> str:
    """The ARN of the key that the bucket encrypts with from now on, as a bucket key."""
    key: str = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
        "BucketKeyEnabled": True,
    }
    cloud.client("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    cloud.client("s3").put_object(Bucket=bucket, Key="secret", Body=b"x")
    return key


def test_what_is_encrypted_takes_the_right_to_the_key(people: People, bucket: str, encrypted: str) -> None:
    s3 = people.session({"Action": ["s3:GetObject", "s3:PutObject"]}).client("s3")
    assert s3.get_object(Bucket=bucket, Key="calls")["Body"].read() == b"x"
    assert f"kms:Decrypt on resource: {encrypted}" in refused(s3.get_object, Bucket=bucket, Key="secret")[2]
    assert "kms:GenerateDataKey" in refused(s3.put_object, Bucket=bucket, Key="secret", Body=b"x")[2]
    through = {
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": encrypted,
        "Condition": {
            "StringEquals": {
                "kms:ViaService": f"s3.{PRIMARY}.amazonaws.com",
                "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket}",
            }
        },
    }
    keys = people.session({"Action": ["s3:GetObject", "s3:PutObject"]}, through)
    assert keys.client("s3").get_object(Bucket=bucket, Key="secret")["Body"].read() == b"x"
    keys.client("s3").put_object(Bucket=bucket, Key="secret", Body=b"x")
    code, status, _ = refused(keys.client("kms").generate_data_key, KeyId=encrypted, KeySpec="AES_256")
    assert (code, status) == ("AccessDeniedException", 403), "the key itself only through S3"


def test_the_policy_of_a_key_must_leave_it_to_the_account(cloud: Cloud, people: People) -> None:
    keys = people.session({"Action": "kms:*"})
    arn = people.role()
    only = policy({"Principal": {"AWS": arn}, "Action": "kms:*"})
    made = cloud.client("kms").create_key(Policy=only, BypassPolicyLockoutSafetyCheck=True)
    key = made["KeyMetadata"]["KeyId"]
    answer = refused(keys.client("kms").encrypt, KeyId=key, Plaintext=b"x")
    assert "the resource's policy does not allow it" in answer[2]
    named = people.assume(cloud.client("sts"), arn).client("kms")
    blob = named.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert named.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert refused(keys.client("kms").decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"
    caller = keys.client("sts").get_caller_identity()["Arn"].split("/")[1]
    grantee = f"arn:aws:iam::{ACCOUNT}:role/{caller}"
    cloud.client("kms").create_grant(KeyId=key, GranteePrincipal=grantee, Operations=["Decrypt"])
    assert keys.client("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


# ----------------------------------------------------------------------------------------------------- other services


def test_services_refuse_in_their_own_way(cloud: Cloud, people: People) -> None:
    nobody = people.user({"Action": "health:DescribeEvents"})
    queue = cloud.client("sqs").create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    topic = cloud.client("sns").create_topic(Name=f"t-{uuid.uuid4().hex[:8]}")["TopicArn"]
    answers = {
        "ec2": refused(nobody.client("ec2").describe_volumes),
        "sqs": refused(nobody.client("sqs").send_message, QueueUrl=queue, MessageBody="x"),
        "sns": refused(nobody.client("sns").publish, TopicArn=topic, Message="x"),
        "lambda": refused(nobody.client("lambda").invoke, FunctionName="some"),
        "ssm": refused(nobody.client("ssm").get_parameter, Name="/some/parameter"),
        "logs": refused(nobody.client("logs").create_log_group, logGroupName="some"),
        "cloudwatch": refused(nobody.client("cloudwatch").list_metrics),
        "iam": refused(nobody.client("iam").create_user, UserName="other"),
        "datasync": refused(nobody.client("datasync").list_tasks),
    }
    assert {service: (code, status) for service, (code, status, _) in answers.items()} == {
        "ec2": ("UnauthorizedOperation", 403),
        "sqs": ("AccessDenied", 403),
        "sns": ("AuthorizationError", 403),
        "lambda": ("AccessDeniedException", 403),
        "ssm": ("AccessDeniedException", 403),
        "logs": ("AccessDeniedException", 403),
        "cloudwatch": ("AccessDenied", 403),
        "iam": ("AccessDenied", 403),
        "datasync": ("AccessDeniedException", 403),
    }
    place = f"{PRIMARY}:{ACCOUNT}"
    assert f"ssm:GetParameter on resource: arn:aws:ssm:{place}:parameter/some/parameter because" in answers["ssm"][2]
    assert f"sqs:SendMessage on resource: arn:aws:sqs:{place}:{queue.rpartition('/')[2]} because" in answers["sqs"][2]
    arn = nobody.client("sts").get_caller_identity()["Arn"]
    logged = [each for each in cloud.control.get("calls?status=403") if each["principal"] == arn]
    assert {each["service"]: each["error"] for each in logged} == {name: code for name, (code, _, _) in answers.items()}


def test_the_policies_of_queues_topics_and_functions_allow_by_themselves(
    cloud: Cloud, people: People, make_function: Callable[..., str]
) -> None:
    keys = people.user()
    arn = keys.client("sts").get_caller_identity()["Arn"]
    queue = cloud.client("sqs").create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    send = {"Principal": {"AWS": arn}, "Action": "sqs:SendMessage"}
    cloud.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy(send)})
    keys.client("sqs").send_message(QueueUrl=queue, MessageBody="x")
    assert refused(keys.client("sqs").receive_message, QueueUrl=queue)[0] == "AccessDenied"

    topic = cloud.client("sns").create_topic(Name=f"t-{uuid.uuid4().hex[:8]}")["TopicArn"]
    assert refused(keys.client("sns").publish, TopicArn=topic, Message="x")[0] == "AuthorizationError"
    publish = {"Principal": {"AWS": arn}, "Action": "sns:Publish", "Resource": topic}
    cloud.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy(publish))
    keys.client("sns").publish(TopicArn=topic, Message="x")

    function = make_function("def handle(event, context): return 1")
    invoke = keys.client("lambda").invoke
    assert refused(invoke, FunctionName=function)[0] == "AccessDeniedException"
    cloud.client("lambda").add_permission(
        FunctionName=function, StatementId="one", Action="lambda:InvokeFunction", Principal=arn
    )
    assert invoke(FunctionName=function)["Payload"].read() == b"1"
    cloud.client("lambda").publish_version(FunctionName=function)
    assert refused(invoke, FunctionName=function, Qualifier="1")[0] == "AccessDeniedException"


def test_tags_of_volumes_decide(cloud: Cloud, people: People) -> None:
    ec2 = cloud.client("ec2")

    def volume(project: str) -> str:
        tags = [{"ResourceType": "volume", "Tags": [{"Key": "project", "Value": project}]}]
        made: str = ec2.create_volume(AvailabilityZone=f"{PRIMARY}a", Size=1, TagSpecifications=tags)["VolumeId"]
        return made

    own, other = volume("p"), volume("q")
    mine = people.session(
        {"Action": "ec2:DeleteVolume", "Condition": {"StringEquals": {"aws:ResourceTag/project": "p"}}},
        {"Action": "ec2:CreateSnapshot"},
    ).client("ec2")
    code, _, message = refused(mine.delete_volume, VolumeId=other)
    assert code == "UnauthorizedOperation"
    assert f":volume/{other}" in message
    mine.create_snapshot(VolumeId=own)
    tags = [{"ResourceType": "snapshot", "Tags": [{"Key": "a", "Value": "b"}]}]
    assert "ec2:CreateTags" in refused(mine.create_snapshot, VolumeId=own, TagSpecifications=tags)[2]
    mine.delete_volume(VolumeId=own)


def test_a_function_has_the_rights_of_its_role(
    cloud: Cloud, people: People, bucket: str, make_function: Callable[..., str], role: str
) -> None:
    arn = make_function(
        f"""
        import boto3
        def handle(event, context):
            try:
                return boto3.client("s3").get_object(Bucket={bucket!r}, Key="calls")["ContentLength"]
            except Exception as error:
                return str(error)
        """
    )
    answer = cloud.client("lambda").invoke(FunctionName=arn)["Payload"].read()
    assert answer == b"1"
    name = role.rpartition("/")[2]
    people.iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=policy({"Action": "sns:*"}))
    answer = cloud.client("lambda").invoke(FunctionName=arn)["Payload"].read()
    assert b"AccessDenied" in answer
    assert f"assumed-role/{name}/".encode() in answer


# --------------------------------------------------------------------------------------------------- taking on roles


def test_who_may_take_on_a_role_is_said_by_both_sides(people: People) -> None:
    keys = people.user({"Action": "sts:AssumeRole"})
    user = keys.client("sts").get_caller_identity()["Arn"]
    sts = keys.client("sts")
    people.assume(sts, people.role())
    somebody = people.role()
    foreign = people.role(trust=somebody)
    code, status, message = refused(sts.assume_role, RoleArn=foreign, RoleSessionName="somebody")
    assert (code, status) == ("AccessDenied", 403)
    assert f"sts:AssumeRole on resource: {foreign}" in message
    tags = [{"Key": "a", "Value": "b"}]
    assert "sts:TagSession" in refused(sts.assume_role, RoleArn=people.role(), RoleSessionName="somebody", Tags=tags)[2]
    people.assume(sts, people.role(trust=user), Tags=tags)
    nobody = people.user({"Action": "s3:*"}).client("sts")
    assert refused(nobody.assume_role, RoleArn=people.role(), RoleSessionName="somebody")[0] == "AccessDenied"


def test_handing_over_a_role_takes_the_right_to_pass_it(people: People) -> None:
    target = people.role()
    asked = {
        "Name": f"s-{uuid.uuid4().hex[:8]}",
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": f"arn:aws:sqs:{PRIMARY}:{ACCOUNT}:none", "RoleArn": target},
    }
    scheduler = people.session({"Action": "scheduler:*"}).client("scheduler")
    assert f"iam:PassRole on resource: {target}" in refused(scheduler.create_schedule, **asked)[2]
    passing = {
        "Action": "iam:PassRole",
        "Condition": {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
    }
    people.session({"Action": "scheduler:*"}, passing).client("scheduler").create_schedule(**asked)
    people.cloud.client("scheduler").delete_schedule(Name=asked["Name"])


# ---------------------------------------------------------------------------------------------------------- the switch


def test_the_switch_lets_everybody_do_anything(cloud: Cloud, people: People, bucket: str) -> None:
    s3 = people.user().client("s3")
    assert cloud.control.get("status")["access"]["enforce"] is True
    assert cloud.control.post("access", {"enforce": False})["enforce"] is False
    try:
        assert s3.get_object(Bucket=bucket, Key="calls")["Body"].read() == b"x"
    finally:
        cloud.control.post("access", {"enforce": True})
    assert refused(s3.get_object, Bucket=bucket, Key="calls")[0] == "AccessDenied"


def test_what_is_not_decided_passes_and_is_named(cloud: Cloud, people: People) -> None:
    people.user().client("ec2").create_vpc(CidrBlock="10.9.0.0/16")
    assert "ec2:CreateVpc" in cloud.control.get("access")["undecided"]
