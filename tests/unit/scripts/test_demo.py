"""What the demo shows of a run."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from scripts.demo import __main__ as demo
from scripts.demo.dashboards import read, write_dashboards
from scripts.demo.observe import LakeObject, notices
from scripts.demo.page import write_page
from scripts.infrastructure.environments import load_environment
from scripts.talk import UserError


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


class Storage:
    """A local cloud that has only a file system."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def shared_storage(self, file_system_id: str) -> Path:
        assert file_system_id == "fs-1"
        return self.folder


def test_the_pipeline_waits_for_the_storage_and_no_longer_than_the_apply(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    published = iter([set(), {"10-foundation"}, {"10-foundation", "20-storage"}])
    done: list[Path] = []
    monkeypatch.setattr(demo, "published_roots", lambda _: next(published))
    monkeypatch.setattr(demo, "read_handoff", lambda *_: {"file_system_id": "fs-1"})
    monkeypatch.setattr(demo, "lay_out", lambda storage: storage / "samples.tsv")
    monkeypatch.setattr(demo, "run_pipeline", lambda storage, samples, nice: done.append(samples))
    monkeypatch.setattr(demo, "lay_stray_file", done.append)
    monkeypatch.setattr(Event, "wait", lambda self, _: self.is_set())
    environment = load_environment("local")
    assert demo.make_results(Storage(tmp_path), environment, Event()) == tmp_path  # type: ignore[arg-type]
    assert done == [tmp_path / "samples.tsv", tmp_path]
    assert not list(published)
    failed = Event()
    failed.set()
    monkeypatch.setattr(demo, "published_roots", lambda _: set[str]())
    with pytest.raises(UserError, match="the apply has failed"):
        demo.make_results(Storage(tmp_path), environment, failed)  # type: ignore[arg-type]


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


NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
BODY = {
    "widgets": [
        {"type": "text", "properties": {"markdown": "# kosha-local: transfer\nEvery half hour."}},
        {"type": "alarm", "properties": {"alarms": ["arn:late", "arn:gone"]}},
        {
            "type": "metric",
            "properties": {
                "title": "Lag <of the transfer>",
                "region": "ap-south-2",
                "period": 1800,
                "metrics": [
                    ["Kosha", "Lag", "service", "one", {"stat": "Maximum", "label": "behind"}],
                    ["Kosha", "Other", {"stat": "Sum", "label": "other"}],
                ],
                "yAxis": {"left": {"label": "minutes"}},
                "annotations": {"horizontal": [{"label": "too late", "value": 120}]},
            },
        },
    ]
}


class Metrics:
    """CloudWatch with one value of one metric."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def get_metric_data(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        found = {"Id": "m0", "Timestamps": [NOW - timedelta(minutes=30)], "Values": [45.0]}
        return {"MetricDataResults": [found, {"Id": "m1", "Timestamps": [], "Values": []}]}


def test_a_dashboard_shows_its_alarms_values_and_thresholds(tmp_path: Path) -> None:
    metrics = Metrics()
    states = {"arn:late": {"AlarmName": "late", "StateValue": "ALARM"}}
    shown = read(BODY, "kosha-local-transfer", {"ap-south-1": Metrics(), "ap-south-2": metrics}, states, NOW)
    assert (shown.title, shown.note, shown.alarms) == ("kosha-local: transfer", "Every half hour.", [("late", "ALARM")])
    (panel,) = shown.panels
    assert [name for name, _ in panel.lines] == ["behind", "too late"]
    assert panel.empty == ["other"]
    (asked,) = metrics.asked
    assert asked["MetricDataQueries"][0]["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "service", "Value": "one"}]
    text = write_dashboards(tmp_path / "dashboards.html", [shown]).read_text(encoding="utf-8")
    assert "Lag &lt;of the transfer&gt;" in text
    assert text.count("<circle") == 3  # one value, and both ends of the threshold
    assert "no values: other" in text
    assert 'class="alarm ALARM"' in text
