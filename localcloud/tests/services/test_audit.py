"""CloudTrail, GuardDuty, Access Analyzer and Config: what is stored can be read, and is gone when deleted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from botocore.exceptions import ClientError

from ..conftest import PRIMARY, RECOVERY, Cloud, wait_for
from .conftest import unique


@pytest.fixture
def trail(cloud: Cloud, make_bucket: Callable[..., str]) -> Iterator[str]:
    cloudtrail = cloud.client("cloudtrail")
    made = cloudtrail.create_trail(
        Name=unique("trail"),
        S3BucketName=make_bucket(),
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
        TagsList=[{"Key": "a", "Value": "b"}],
    )
    yield made["TrailARN"]
    cloudtrail.delete_trail(Name=made["TrailARN"])
    with pytest.raises(ClientError, match="Unknown trail"):
        cloudtrail.get_trail(Name=made["TrailARN"])


def test_trail_needs_a_bucket_that_exists(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="does not exist"):
        cloud.client("cloudtrail").create_trail(Name="trail", S3BucketName=unique("bucket"))


def test_trail_shows_settings_selectors_status_and_tags(cloud: Cloud, trail: str) -> None:
    cloudtrail = cloud.client("cloudtrail")
    found = cloudtrail.get_trail(Name=trail)["Trail"]
    assert (found["IsMultiRegionTrail"], found["LogFileValidationEnabled"], found["HomeRegion"]) == (
        True,
        True,
        PRIMARY,
    )
    assert cloudtrail.get_trail_status(Name=trail)["IsLogging"] is False
    cloudtrail.start_logging(Name=trail)
    assert cloudtrail.get_trail_status(Name=trail)["IsLogging"] is True
    selector = {"Name": "all", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
    cloudtrail.put_event_selectors(TrailName=trail, AdvancedEventSelectors=[selector])
    assert cloudtrail.get_event_selectors(TrailName=trail)["AdvancedEventSelectors"] == [selector]
    cloudtrail.add_tags(ResourceId=trail, TagsList=[{"Key": "c", "Value": "d"}])
    cloudtrail.remove_tags(ResourceId=trail, TagsList=[{"Key": "a"}])
    assert cloudtrail.list_tags(ResourceIdList=[trail])["ResourceTagList"][0]["TagsList"] == [
        {"Key": "c", "Value": "d"}
    ]


def test_multi_region_trail_shows_in_the_other_region_as_a_shadow(cloud: Cloud, trail: str) -> None:
    recovery = cloud.client("cloudtrail", RECOVERY)
    assert trail in [each["TrailARN"] for each in recovery.describe_trails()["trailList"]]
    assert recovery.describe_trails(includeShadowTrails=False)["trailList"] == []


def test_detector_keeps_each_feature_and_is_alone_in_its_region(cloud: Cloud) -> None:
    guardduty = cloud.client("guardduty")
    identifier = guardduty.create_detector(Enable=True, Tags={"a": "b"})["DetectorId"]
    with pytest.raises(ClientError, match="already exists"):
        guardduty.create_detector(Enable=True)
    for name, status in (("S3_DATA_EVENTS", "DISABLED"), ("EKS_AUDIT_LOGS", "ENABLED")):
        guardduty.update_detector(DetectorId=identifier, Features=[{"Name": name, "Status": status}])
    found = guardduty.get_detector(DetectorId=identifier)
    features = {feature["Name"]: feature["Status"] for feature in found["Features"]}
    assert (features["S3_DATA_EVENTS"], features["EKS_AUDIT_LOGS"]) == ("DISABLED", "ENABLED")
    assert (found["Status"], found["Tags"]) == ("ENABLED", {"a": "b"})
    assert cloud.client("guardduty", RECOVERY).list_detectors()["DetectorIds"] == []
    guardduty.delete_detector(DetectorId=identifier)
    with pytest.raises(ClientError, match="not owned by the current account"):
        guardduty.get_detector(DetectorId=identifier)


def test_analyzer_is_alone_of_its_type_in_its_region(cloud: Cloud) -> None:
    analyzers = cloud.client("accessanalyzer")
    arn = analyzers.create_analyzer(analyzerName="one", type="ACCOUNT", tags={"a": "b"})["arn"]
    with pytest.raises(ClientError, match="one analyzer"):
        analyzers.create_analyzer(analyzerName="two", type="ACCOUNT")
    analyzers.tag_resource(resourceArn=arn, tags={"c": "d"})
    analyzers.untag_resource(resourceArn=arn, tagKeys=["a"])
    found = analyzers.get_analyzer(analyzerName="one")["analyzer"]
    assert (found["status"], found["tags"]) == ("ACTIVE", {"c": "d"})
    analyzers.delete_analyzer(analyzerName="one")
    with pytest.raises(ClientError, match="does not exist"):
        analyzers.get_analyzer(analyzerName="one")
    assert analyzers.list_analyzers()["analyzers"] == []


def test_a_rule_fills_numbers_into_a_text(cloud: Cloud) -> None:
    events, sqs = cloud.client("events"), cloud.client("sqs")
    name = unique("rule")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    transformer = {
        "InputPathsMap": {"severity": "$.detail.severity", "title": "$.detail.title", "gone": "$.detail.gone"},
        "InputTemplate": '"severity <severity>: <title>, <gone>."',
    }
    arn = f"arn:aws:sqs:{PRIMARY}:000000000000:{name}"
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn, "InputTransformer": transformer}])
    detail = json.dumps({"severity": 8.5, "title": "Wrong"})
    events.put_events(Entries=[{"Source": name, "DetailType": "finding", "Detail": detail}])
    received = wait_for(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    assert "severity 8.5: Wrong, ." in received[0]["Body"]
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)
    sqs.delete_queue(QueueUrl=queue)
