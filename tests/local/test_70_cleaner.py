"""The cleaners, deployed: called by their weekly schedule they mount the shared storage and remove what may go.

Weeks of the platform's clock would fire thousands of other schedules, so these rest meanwhile.
"""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.leases import lease
from tests.local.conftest import Platform
from tests.patience import wait_for

HALF_AN_HOUR = 1800
WEEK = 7 * 86400
FOLDER = "raw-sequences/lambda-phage"
KEPT = {
    name: f"{FOLDER}/rs_lambda-phage_hyd-01_C00{number}_R1.fastq.gz"
    for number, name in enumerate(("copied", "changed in secret", "without a copy"), start=1)
}
YOUNG = "intermediate/run-2/aligned.bam"


def a_week_passes(platform: Platform) -> None:
    """Until the cleaners' next time, and until they have told of it."""
    before = len(platform.notices("storage.cleaning_finished"))
    until = platform.until("scratch-cleaner-scratch-clean")
    platform.cloud.advance_clock(int(until.total_seconds()) + 60)
    wait_for("three cleanings have ended", lambda: len(platform.notices("storage.cleaning_finished")) == before + 3)


def finished(platform: Platform, directory: str) -> dict[str, Any]:
    """What the last cleaning of a directory told."""
    told = [each["details"] for each in platform.notices("storage.cleaning_finished")]
    found: dict[str, Any] = [each for each in told if each["directory"] == directory][-1]
    return found


def write(platform: Platform, path: str, content: bytes = b"bytes") -> Path:
    place = platform.shared_storage / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return place


def test_what_is_old_goes_unless_it_is_the_only_copy(platform: Platform, tmp_path: Path) -> None:
    old = write(platform, "scratch/run-1/sorted.tmp")
    # The kernel's clock does not advance: without this, what lies aside looks written to when it was moved.
    written = datetime.now().timestamp() - 2 * 86400
    os.utime(old, (written, written))
    with platform.only_schedules("none of them"):
        platform.cloud.advance_clock(WEEK)
    young, now = write(platform, YOUNG), platform.now().timestamp()
    os.utime(young, (now, now))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"precious")
    (platform.shared_storage / "scratch" / "link").symlink_to(outside)
    for key in KEPT.values():
        platform.publish(key, b"reads of " + key.encode())
    platform.cloud.advance_clock(HALF_AN_HOUR)
    wait_for("they are tagged in both regions", lambda: all(platform.tags(key, recovery=True) for key in KEPT.values()))
    published = {name: platform.shared_storage / "published" / key for name, key in KEPT.items()}
    secret = published["changed in secret"]
    status = secret.stat()
    secret.write_bytes(bytes(reversed(secret.read_bytes())))
    os.utime(secret, ns=(status.st_atime_ns, status.st_mtime_ns))
    s3, bucket = platform.client("s3"), platform.storage["lake_bucket"]
    s3.delete_object(Bucket=bucket, Key=KEPT["without a copy"])

    with platform.only_schedules("-clean"):
        a_week_passes(platform)
    assert young.exists()
    assert not old.exists()
    aside = list((platform.shared_storage / "scratch" / ".kosha-undo").glob("*/run-1/sorted.tmp"))
    assert [each.read_bytes() for each in aside] == [b"bytes"]
    assert (outside / "precious").read_bytes() == b"precious"

    told = finished(platform, "published")
    reasons = {each["path"]: each["reason"] for each in told["staying"]["items"]}
    assert not published["copied"].exists()
    assert (published["changed in secret"].exists(), reasons[KEPT["changed in secret"]]) == (True, "copy_differs")
    assert (published["without a copy"].exists(), reasons[KEPT["without a copy"]]) == (True, "no_copy")
    report = told["result"]["reports"][0].removeprefix(f"s3://{platform.storage['reports_bucket']}/")
    body = s3.get_object(Bucket=platform.storage["reports_bucket"], Key=report)["Body"].read()
    lines = [json.loads(line) for line in body.splitlines()]
    assert ("removed", KEPT["copied"]) in [(line["action"], line["path"]) for line in lines]


def test_a_week_later_what_lay_aside_is_gone_and_what_a_run_uses_is_not(platform: Platform) -> None:
    with platform.only_schedules("-clean"), lease(platform.shared_storage / "intermediate", "run-2", "run-2") as held:
        sunday = platform.now().timestamp() + WEEK
        os.utime(held, (sunday, sunday))
        a_week_passes(platform)
    undo = platform.shared_storage / "scratch" / ".kosha-undo"
    assert [path for path in undo.rglob("*") if path.is_file()] == []
    assert finished(platform, "scratch")["result"]["deleted_files"] >= 1
    assert (platform.shared_storage / YOUNG).exists()
    assert finished(platform, "intermediate")["result"]["stays"]["in_use"] >= 1
