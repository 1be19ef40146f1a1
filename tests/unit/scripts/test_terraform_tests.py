"""What a failed Terraform test is shown as."""

from scripts.terraform_tests import explain


def test_a_failed_test_says_where_what_and_which_values() -> None:
    diagnostic = {
        "severity": "error",
        "summary": "Test assertion failed",
        "detail": "versioning must be on,\n  always",
        "range": {"filename": "tests/bucket.tftest.hcl", "start": {"line": 31}},
        "snippet": {"values": [{"traversal": "aws_s3_bucket_versioning.this.status", "statement": 'is "Suspended"'}]},
    }
    assert explain(diagnostic).splitlines() == [
        "tests/bucket.tftest.hcl:31 Test assertion failed versioning must be on, always",
        '    aws_s3_bucket_versioning.this.status is "Suspended"',
    ]


def test_an_error_without_a_place_or_values_is_shown_too() -> None:
    assert explain({"severity": "error", "summary": "Failed to load plugin", "snippet": None}).strip() == (
        ": Failed to load plugin"
    )
