"""What the demo shows of a run."""

import json
from pathlib import Path
from typing import Any

from scripts.demo.observe import LakeObject, notices
from scripts.demo.page import write_page
from scripts.infrastructure.environments import load_environment


class Mailbox:
    """A local cloud that has only a mailbox."""

    def __init__(self, *messages: dict[str, str]) -> None:
        self.messages = messages

    def control(self, *_: str) -> list[dict[str, Any]]:
        return [
            {
                "topic_arn": "arn:aws:sns:::kosha-platform",
                "endpoint": "a@b.example",
                "time": 0,
                "message": json.dumps(each),
            }
            for each in self.messages
        ]


def alarm(new: str, old: str) -> dict[str, str]:
    return {"AlarmName": "beat", "AlarmDescription": "has not run.", "NewStateValue": new, "OldStateValue": old}


def test_shows_an_alarm_and_its_end_but_not_that_a_new_one_is_well() -> None:
    mailbox = Mailbox(alarm("OK", "INSUFFICIENT_DATA"), alarm("ALARM", "OK"), alarm("OK", "ALARM"))
    shown = notices(mailbox)  # type: ignore[arg-type]
    assert [notice.kind for notice in shown] == ["alarm", "alarm.ended"]
    assert shown[0].summary == "beat: has not run."


def test_page_shows_every_object_and_escapes_its_name(tmp_path: Path) -> None:
    rows = [
        LakeObject("raw-sequences/p/rs_p_s_1.fastq.gz", 1, {"data_class": "raw_sequence"}, "COMPLETED", None, 60.0),
        LakeObject("raw-sequences/p/<b>.txt", 1, {"data_class": "unclassified"}, "COMPLETED", {}, None),
    ]
    handoff = {"endpoint": "http://127.0.0.1:1", "lake_bucket": "lake", "replica_bucket": "replica"}
    page = write_page(tmp_path / "index.html", load_environment("local"), rows, [], [("one step", 1.0)], handoff)
    text = page.read_text()
    assert "raw-sequences/p/rs_p_s_1.fastq.gz" in text
    assert "raw-sequences/p/&lt;b&gt;.txt" in text
    assert "<b>.txt" not in text
