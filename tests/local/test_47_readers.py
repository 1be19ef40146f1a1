"""People with credentials of a duty read exactly what the access matrix allows; the local cloud refuses the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, timedelta
from functools import partial
from itertools import product
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from scripts.drill import people
from scripts.drill.people import Key
from scripts.prove.matrix import Matrix, Object, Session
from tests.local.conftest import Platform
from tests.patience import wait_for

PROJECT, SITE = "lambda-phage", "hyd-01"
OWN = {"project": PROJECT, "site": SITE}
OTHERS = {"project": "another-project", "site": "another-site"}
MATRIX = Matrix()
PLACES = ("platform", "institution")
type Tags = Mapping[str, str]
type Client = Callable[..., Any]


def url(platform: Platform) -> str:
    return f"http://127.0.0.1:{platform.cloud.port}"


def client(
    platform: Platform,
    service: str,
    key: Key,
    place: str = "institution",
    recovery: bool = False,
    signature: str | None = None,
) -> Any:
    """With somebody's credentials, from a place."""
    environment = platform.environment
    region = environment.recovery_region if recovery else environment.region
    vpc = platform.handoffs["10-foundation"]["vpc_id"] if place == "platform" else None
    return people.client(url(platform), service, region, key, vpc, signature)


def code(call: Callable[..., object], *arguments: object, **named: object) -> str:
    """How a call ends: the error's code, or OK."""
    try:
        call(*arguments, **named)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "OK"


@pytest.fixture(scope="module")
def person(platform: Platform) -> Iterator[Key]:
    """Somebody of the institution, who may ask for any role and has the tags of one project and one site."""
    with people.somebody(platform.client("iam"), OWN) as key:
        yield key


def assume(platform: Platform, person: Key, duty: str, tags: Tags) -> Key:
    environment = platform.environment
    return people.take_duty(url(platform), environment.region, person, f"{environment.prefix}-{duty}", tags)


@pytest.fixture(scope="module")
def duties(platform: Platform, person: Key) -> dict[str, Key]:
    return {duty: assume(platform, person, duty, OWN) for duty in MATRIX.duties}


def replicated(platform: Platform, what: Object) -> bool:
    return platform.tags(what.key, recovery=True) == what.tags


@pytest.fixture(scope="module")
def objects(platform: Platform) -> list[Object]:
    """Of every class, own and others', and such as are not classified; in the lake and in its replica."""
    s3, bucket = platform.client("s3"), platform.storage["lake_bucket"]
    made = []
    for name, data_class in MATRIX.classes.items():
        for project, site in product((PROJECT, OTHERS["project"]), (SITE, OTHERS["site"])):
            tags = {"data_class": name, "sensitivity": data_class["sensitivity"], "project": project, "site": site}
            made.append(Object(f"{data_class['prefix']}/{project}/readers-{site}.bin", tags))
        made.append(Object(f"{data_class['prefix']}/{PROJECT}/readers-untagged.bin", {}))
        unclassified = {"data_class": "unclassified", "sensitivity": "restricted"}
        made.append(Object(f"{data_class['prefix']}/{PROJECT}/readers-unclassified.bin", unclassified))
    for each in made:
        s3.put_object(Bucket=bucket, Key=each.key, Body=b"reads")
        if each.tags:
            tag_set = [{"Key": key, "Value": value} for key, value in each.tags.items()]
            s3.put_object_tagging(Bucket=bucket, Key=each.key, Tagging={"TagSet": tag_set})
    for each in made:
        wait_for(f"the replica of {each.key}", partial(replicated, platform, each))
    return made


@pytest.mark.parametrize("recovery", [False, True], ids=["lake", "replica"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("duty", MATRIX.duties)
def test_a_duty_reads_exactly_what_the_matrix_allows(
    platform: Platform, duties: dict[str, Key], objects: list[Object], duty: str, place: str, recovery: bool
) -> None:
    s3 = client(platform, "s3", duties[duty], place, recovery)
    bucket = platform.storage["replica_bucket" if recovery else "lake_bucket"]
    session = Session(duty, OWN)
    wanted = {each.key: "OK" if MATRIX.may_read(session, each, place) else "AccessDenied" for each in objects}
    found = {each.key: code(s3.get_object, Bucket=bucket, Key=each.key) for each in objects}
    assert found == wanted
    assert set(wanted.values()) == {"OK", "AccessDenied"}


def mine(objects: list[Object], data_class: str = "raw_sequence") -> Object:
    return next(each for each in objects if each.tags == {**each.tags, **OWN, "data_class": data_class})


def test_nobody_edits_tags_copies_writes_or_deletes(
    platform: Platform, duties: dict[str, Key], objects: list[Object]
) -> None:
    bucket, key = platform.storage["lake_bucket"], mine(objects).key
    other = next(each for each in objects if each.tags.get("project") == OTHERS["project"]).key
    for duty in duties:
        s3 = client(platform, "s3", duties[duty], "platform")
        tagging = {"TagSet": [{"Key": "project", "Value": PROJECT}, {"Key": "data_class", "Value": "raw_sequence"}]}
        source = {"Bucket": bucket, "Key": other}
        attempts: dict[str, tuple[Callable[..., object], dict[str, object]]] = {
            "tags": (s3.put_object_tagging, {"Key": other, "Tagging": tagging}),
            "no tags": (s3.delete_object_tagging, {"Key": other}),
            "write": (s3.put_object, {"Key": key, "Body": b"x"}),
            "write with tags": (s3.put_object, {"Key": key, "Body": b"x", "Tagging": "project=p"}),
            "upload": (s3.create_multipart_upload, {"Key": key}),
            "copy": (s3.copy_object, {"Key": f"{key}-2", "CopySource": source}),
            "delete": (s3.delete_object, {"Key": key}),
            "policy": (s3.put_bucket_policy, {"Policy": "{}"}),
            "read tags": (s3.get_object_tagging, {"Key": other}),
        }
        ends = {name: code(call, Bucket=bucket, **named) for name, (call, named) in attempts.items()}
        assert ends == dict.fromkeys(attempts, "AccessDenied")
    assert platform.tags(other) == next(each.tags for each in objects if each.key == other)


def test_an_old_version_keeps_its_own_tags(platform: Platform, duties: dict[str, Key]) -> None:
    s3, bucket = platform.client("s3"), platform.storage["lake_bucket"]
    key = f"raw-sequences/{PROJECT}/readers-versions.bin"
    tags = {"data_class": "raw_sequence", "sensitivity": "controlled", **OWN}
    versions = []
    for more in ({"project": OTHERS["project"]}, {}):
        versions.append(s3.put_object(Bucket=bucket, Key=key, Body=b"x")["VersionId"])
        tag_set = [{"Key": name, "Value": value} for name, value in (tags | more).items()]
        s3.put_object_tagging(Bucket=bucket, Key=key, VersionId=versions[-1], Tagging={"TagSet": tag_set})
    mine = client(platform, "s3", duties["researcher"])
    ends = [code(mine.get_object, Bucket=bucket, Key=key, VersionId=each) for each in versions]
    assert ends == ["AccessDenied", "OK"]


def test_names_are_listed_in_own_folders_only(
    platform: Platform, duties: dict[str, Key], objects: list[Object]
) -> None:
    bucket = platform.storage["lake_bucket"]
    for duty, prefix in product(duties, ("", "raw-sequences/", f"raw-sequences/{PROJECT}/", "clinical-records/x/")):
        s3 = client(platform, "s3", duties[duty])
        may = MATRIX.may_list(Session(duty, OWN), prefix)
        ended = code(s3.list_objects_v2, Bucket=bucket, Prefix=prefix)
        assert (duty, prefix, ended) == (duty, prefix, "OK" if may else "AccessDenied")


def test_a_session_has_the_tags_of_the_person(platform: Platform, person: Key) -> None:
    refused: tuple[Tags, ...] = (
        {**OWN, "project": OTHERS["project"]},
        {**OWN, "site": OTHERS["site"]},
        {"project": PROJECT},
        {},
        {**OWN, "duty": "custodian"},
    )
    for tags in refused:
        assert code(assume, platform, person, "researcher", tags) == "AccessDenied"


def test_a_duty_assumes_no_other_role(platform: Platform, duties: dict[str, Key]) -> None:
    assert code(assume, platform, duties["operator"], "custodian", OWN) == "AccessDenied"
    assert code(assume, platform, duties["researcher"], "object-tagger", {}) == "AccessDenied"


def test_a_presigned_url_has_the_rights_of_who_signed_it_for_ten_minutes(
    platform: Platform, duties: dict[str, Key], objects: list[Object], monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = platform.storage["lake_bucket"]
    other = next(each for each in objects if each.tags.get("project") == OTHERS["project"])

    def status(key: str, age: timedelta = timedelta()) -> int:
        # botocore signs by the time of this machine; the clock of the local cloud has been moved by the tests before.
        # With awscrt it has a signer of its own.
        monkeypatch.setattr("botocore.crt.auth.get_current_datetime", lambda **_: platform.now().astimezone(UTC) - age)
        s3 = client(platform, "s3", duties["researcher"], signature="s3v4")
        url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=7 * 86_400)
        return httpx.get(url).status_code

    assert status(mine(objects).key) == 200
    assert status(other.key) == 403
    assert status(mine(objects).key, timedelta(minutes=9)) == 200
    assert status(mine(objects).key, timedelta(minutes=11)) == 403


def test_nobody_and_an_administrator_read_nothing(platform: Platform, objects: list[Object]) -> None:
    bucket, key, iam = platform.storage["lake_bucket"], mine(objects).key, platform.client("iam")
    assert httpx.get(f"{url(platform)}/{bucket}/{key}").status_code == 403
    iam.create_user(UserName="root-like")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="root-like", PolicyName="everything", PolicyDocument=json.dumps(document))
    made = iam.create_access_key(UserName="root-like")["AccessKey"]
    try:
        s3 = client(platform, "s3", Key(made["AccessKeyId"], made["SecretAccessKey"]), "platform")
        assert code(s3.get_object, Bucket=bucket, Key=key) == "AccessDenied"
        assert code(s3.list_objects_v2, Bucket=bucket, Prefix="raw-sequences/") == "OK"
    finally:
        iam.delete_access_key(UserName="root-like", AccessKeyId=made["AccessKeyId"])
        iam.delete_user_policy(UserName="root-like", PolicyName="everything")
        iam.delete_user(UserName="root-like")
