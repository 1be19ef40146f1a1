"""How the end of a transfer is judged and told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from common.notices import Severity
from common.transfer_event import TransferEvent
from tests.transfers import SNAPSHOTS
from transfer_notifier.domain import Ending, Facts, judge
from transfer_notifier.messages import ended

NOW = datetime(2026, 1, 15, tzinfo=UTC)
EVENT = TransferEvent(SNAPSHOTS, "arn:x", "x", "SUCCESS")
WHOLE = Facts(files_estimated=3, files_transferred=3, files_verified=3, bytes_transferred=41, duration_ms=1500)


def test_all_files_copied_is_success() -> None:
    assert judge("SUCCESS", WHOLE) is Ending.SUCCEEDED


def test_nothing_to_copy_is_success() -> None:
    assert judge("SUCCESS", Facts()) is Ending.SUCCEEDED


@pytest.mark.parametrize(
    "facts",
    [
        Facts(files_estimated=3, files_transferred=2),
        Facts(files_estimated=3, files_transferred=2, files_skipped=1),
        Facts(files_estimated=3, files_transferred=3, files_failed=1),
        Facts(files_estimated=3, files_transferred=3, verify_status="ERROR"),
        Facts(files_estimated=3, files_transferred=3, error_code="Unverified"),
    ],
)
def test_a_success_that_left_something_behind_is_partial(facts: Facts) -> None:
    assert judge("SUCCESS", facts) is Ending.PARTIAL


def test_files_that_have_not_changed_are_skipped_and_that_is_success() -> None:
    assert judge("SUCCESS", Facts(files_estimated=1, files_transferred=1, files_skipped=500)) is Ending.SUCCEEDED


def test_more_copied_than_estimated_is_success() -> None:
    assert judge("SUCCESS", Facts(files_estimated=1, files_transferred=2)) is Ending.SUCCEEDED


def test_an_error_is_a_failure_whatever_was_copied() -> None:
    assert judge("ERROR", WHOLE) is Ending.FAILED
    assert judge("ERROR", None) is Ending.FAILED


def test_the_notice_of_a_success_holds_counts_bytes_and_seconds() -> None:
    notice = ended("local", NOW, EVENT, Ending.SUCCEEDED, WHOLE)
    assert (notice.kind, notice.severity) == ("transfer.succeeded", Severity.INFO)
    assert notice.details["files_transferred"] == 3
    assert notice.details["bytes_transferred"] == 41
    assert notice.details["duration_seconds"] == 1.5


def test_the_notice_of_a_failure_holds_the_error() -> None:
    notice = ended("local", NOW, EVENT, Ending.FAILED, Facts(error_code="NfsPermission", error_detail="no entry"))
    assert (notice.kind, notice.severity) == ("transfer.failed", Severity.CRITICAL)
    assert notice.summary == "The transfer of critical failed: NfsPermission"
    assert (notice.details["error_code"], notice.details["error_detail"]) == ("NfsPermission", "no entry")


def test_a_notice_goes_out_even_when_datasync_knows_nothing() -> None:
    notice = ended("local", NOW, EVENT, Ending.SUCCEEDED, None)
    assert notice.details["counts"] == "unknown to DataSync"


def test_a_partial_notice_says_what_is_wrong() -> None:
    behind = ended("local", NOW, EVENT, Ending.PARTIAL, Facts(files_estimated=3, files_transferred=2))
    unverified = ended("local", NOW, EVENT, Ending.PARTIAL, Facts(files_transferred=2, verify_status="ERROR"))
    assert behind.severity is Severity.WARNING
    assert behind.summary == "The transfer of critical ended with 2 files and folders copied; 1 left behind"
    assert unverified.summary.endswith("2 files and folders copied; the verification found differences")
