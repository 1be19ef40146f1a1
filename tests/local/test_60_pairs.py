"""Dangerous pairs: two parts that are each right and together are not. The other pairs have their tests beside the
functions they concern (docs/failures.md lists all)."""

from tests.local.conftest import Platform, wait_for

HALF_AN_HOUR = 1800
KEY = "variant-calls/lambda-phage/vc_lambda-phage_hyd-01_P001.vcf.gz"
TAGS = {"data_class": "variant_calls", "sensitivity": "controlled", "project": "lambda-phage", "site": "hyd-01"}


def test_a_late_edit_of_tags_reaches_the_replica(platform: Platform) -> None:
    """Late tag edits x replica: the object has long been replicated when somebody adds a tag of their own."""
    platform.publish(KEY, b"variants")
    platform.cloud.advance_clock(HALF_AN_HOUR)
    wait_for("the replica carries the tags", lambda: platform.tags(KEY, recovery=True) == TAGS)
    edited = TAGS | {"study": "late-edit"}
    platform.client("s3").put_object_tagging(
        Bucket=platform.storage["lake_bucket"],
        Key=KEY,
        Tagging={"TagSet": [{"Key": name, "Value": value} for name, value in edited.items()]},
    )
    wait_for("the replica carries the edit", lambda: platform.tags(KEY, recovery=True) == edited)


def test_a_file_copied_again_keeps_its_class_and_never_stands_in_the_open(platform: Platform) -> None:
    """Overwrite x tags: the new version begins untagged; the old one keeps what others wrote on it."""
    platform.publish(KEY, b"better variants")
    platform.cloud.advance_clock(HALF_AN_HOUR)
    wait_for("the new version carries the governed tags and no others", lambda: platform.tags(KEY) == TAGS)
    s3, bucket = platform.client("s3"), platform.storage["lake_bucket"]
    versions = s3.list_object_versions(Bucket=bucket, Prefix=KEY)["Versions"]
    assert len(versions) == 2
    (old,) = [version["VersionId"] for version in versions if not version["IsLatest"]]
    tags = s3.get_object_tagging(Bucket=bucket, Key=KEY, VersionId=old)["TagSet"]
    assert {"Key": "study", "Value": "late-edit"} in tags
