"""The lean client finds, writes and raises what boto3 does, on the same moto."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.fast_lake import FastLake
from common.lake import LakeTags
from common.tags import is_legal
from tag_auditor import aws as auditor
from tag_backfill import aws as backfill
from tag_backfill.domain import Entry
from tests.functional.functions.conftest import LAKE

KEYS = ["plain", "a b+c%20d", "ü/é&<>\"'", "tab\there", "x=1;y?z#q", "..//double", "~t!*()", "raw-sequences/p/s_1.bam"]
WORDS = st.text("abz019 +-=._:/@üéß", max_size=12).map(str.strip)  # moto drops blanks at the ends
TAGS = st.dictionaries(WORDS, WORDS, min_size=1, max_size=10).filter(
    lambda tags: all(is_legal(key, value) for key, value in tags.items())
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from(KEYS), ours=TAGS, theirs=TAGS)
def test_tags_of_the_one_are_read_by_the_other(s3: Any, key: str, ours: dict[str, str], theirs: dict[str, str]) -> None:
    fast, plain = FastLake(s3, LAKE), LakeTags(s3, LAKE)
    version = s3.put_object(Bucket=LAKE, Key=key, Body=b"x")["VersionId"]
    fast.write_tags(key, version, ours)
    assert plain.read_tags(key, version) == fast.read_tags(key, version) == (ours, version)
    plain.write_tags(key, version, theirs)
    assert plain.read_tags(key, None) == fast.read_tags(key, None) == (theirs, version)


@pytest.mark.parametrize(
    ("bucket", "key", "version"),
    [(LAKE, "none", None), (LAKE, "there", "0" * 32), ("kosha-no-such-bucket", "there", None)],
)
def test_errors_are_those_of_boto3(s3: Any, bucket: str, key: str, version: str | None) -> None:
    s3.put_object(Bucket=LAKE, Key="there", Body=b"x")
    raised = []
    for lake in (LakeTags(s3, bucket), FastLake(s3, bucket)):
        with pytest.raises(ClientError) as caught:
            lake.read_tags(key, version)
        raised.append(caught.value)
    plain, fast = raised
    assert fast.response["Error"] == plain.response["Error"]
    assert fast.operation_name == plain.operation_name
    assert fast.response["ResponseMetadata"]["HTTPStatusCode"] == plain.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize("after", ["", "plain", "a b+c%20d"])
def test_listings_are_equal(s3: Any, after: str) -> None:
    for key in KEYS * 2:
        s3.put_object(Bucket=LAKE, Key=key, Body=b"x")
    s3.delete_object(Bucket=LAKE, Key="plain")
    plain, fast = auditor.Listing(s3, LAKE), auditor.FastListing(s3, LAKE)
    assert list(fast.pages(after)) == list(plain.pages(after))


@pytest.mark.parametrize("versions", [False, True])
@pytest.mark.parametrize("prefix", ["", "ü/"])
def test_listings_of_the_backfill_are_equal(s3: Any, prefix: str, versions: bool) -> None:
    for key in KEYS * 2:
        s3.put_object(Bucket=LAKE, Key=key, Body=b"x")
    s3.delete_object(Bucket=LAKE, Key="plain")
    plain, fast = backfill.Listing(s3, LAKE), backfill.FastListing(s3, LAKE)
    found = [entry for page in plain.pages(prefix, None, versions) for entry in page]
    assert [entry for page in fast.pages(prefix, None, versions) for entry in page] == found
    middle: Entry = found[len(found) // 2]
    assert list(fast.pages(prefix, middle, versions)) == list(plain.pages(prefix, middle, versions))


def test_a_listing_that_is_refused_raises_what_boto3_raises(s3: Any) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        list(auditor.FastListing(s3, "kosha-no-such-bucket").pages(""))
