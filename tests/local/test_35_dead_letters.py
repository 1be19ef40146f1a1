"""What a function gave up on is kept, and a replay makes it good."""

from scripts import dead_letters
from tests.local.conftest import Platform
from tests.patience import wait_for

HALF_AN_HOUR = 1800
# Lambda's second try comes after one minute, its third two minutes later.
TRIES = 300
KEY = "variant-calls/lambda-phage/vc_lambda-phage_hyd-01_D001.vcf.gz"
TAGS = {"data_class": "variant_calls", "sensitivity": "controlled", "project": "lambda-phage", "site": "hyd-01"}


def letters(platform: Platform, function: str) -> list[dead_letters.Letter]:
    """What lies in the function's queue; it stays there."""
    (queue,) = dead_letters.open_queues(platform.environment, function)
    taken = list(queue.take(100))
    queue.give_back(taken)
    return taken


def test_objects_that_could_not_be_tagged_are_tagged_by_a_replay(platform: Platform) -> None:
    refused = {"service": "s3", "operation": "PutObjectTagging", "kind": "error", "status": 403, "code": "AccessDenied"}
    platform.cloud.control("POST", "faults", refused)
    platform.publish(KEY, b"variants")
    platform.cloud.advance_clock(HALF_AN_HOUR)
    platform.cloud.advance_clock(TRIES)
    (letter,) = wait_for("the tagger gave up", lambda: letters(platform, "object_tagger"))
    assert letter.sender.startswith("call ")
    assert "/execution/exec-" in letter.body
    assert platform.tags(KEY) == {}

    platform.cloud.control("DELETE", "faults")
    assert dead_letters.replay(dead_letters.open_queues(platform.environment, "object_tagger"), 100) == 0
    wait_for("the object is tagged", lambda: platform.tags(KEY) == TAGS)
    assert letters(platform, "object_tagger") == []


def test_an_event_that_no_replay_can_mend_stays_until_it_is_dropped(platform: Platform) -> None:
    arn = platform.handoffs["40-automation"]["function_arns"]["volume_reaper"]
    sqs = platform.client("sqs")
    queue = sqs.get_queue_url(QueueName=f"{arn.rsplit(':', 1)[-1]}-dead-letters")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="half an eve")
    queues = dead_letters.open_queues(platform.environment, "volume_reaper")
    assert dead_letters.replay(queues, 100) == 1
    assert [letter.body for letter in letters(platform, "volume_reaper")] == ["half an eve"]
    assert dead_letters.drop(queues, 100) == 0
    assert letters(platform, "volume_reaper") == []
