"""What the log is told of samples that end."""

import json

from pipelines.sequencing.status import State, Status, endings


def test_each_ending_is_told_once_and_without_the_sample() -> None:
    after = [
        Status("P1-S1-0001", State.PUBLISHED, "publish"),
        Status("P1-S1-0002", State.FAILED, "align", ["out of memory"]),
        Status("P1-S1-0003", State.STOPPED, "check", ["no reads"]),
        Status("P1-S1-0004", State.WAITING),
        Status("P1-S1-0005", State.RUNNING, "align"),
    ]
    lines = endings([], after)
    assert [json.loads(line) for line in lines] == [
        {"event": "sample.ended", "state": "published", "step": "publish"},
        {"event": "sample.ended", "state": "failed", "step": "align"},
        {"event": "sample.ended", "state": "stopped", "step": "check"},
    ]
    assert "0001" not in "".join(lines)


def test_a_run_that_is_started_again_tells_only_what_is_new() -> None:
    before = [{"sample": "a", "state": "published"}, {"sample": "b", "state": "failed"}]
    after = [Status("a", State.PUBLISHED, "publish"), Status("b", State.PUBLISHED, "publish")]
    assert [json.loads(line)["state"] for line in endings(before, after)] == ["published"]
    assert endings(before, [Status("b", State.FAILED, "align")]) == []
