"""What is wrong with a control map is found before anything runs."""

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.evidence import controls
from scripts.evidence.controls import declares, load, mistakes, parse
from scripts.paths import TERRAFORM
from scripts.talk import UserError

Document = dict[str, Any]
TECHNICAL: Document = {
    "id": "T-1",
    "source": "law",
    "section": "section 1",
    "section_verified": False,
    "title": "Keys rotate",
    "requirement": "Keys are changed from time to time.",
    "kind": "technical",
    "owner": "platform",
    "does": "Every key rotates.",
    "files": ["modules/keys/keys.tf"],
    "resources": {"10-foundation": ["module.keys.aws_kms_key.this"]},
    "checks": {
        "checkov": ["CKV_AWS_7"],
        "terraform": ["modules/keys::every_purpose_has_a_rotated_multi_region_key_with_a_replica"],
        "pytest": ["tests/meta/test_commands.py::test_help_lists_every_target"],
        "make": ["lint"],
    },
}
GOOD: Document = {
    "version": 1,
    "sources": {
        "law": {
            "short": "Law",
            "title": "A law",
            "citation": "Of 2026",
            "url": "https://law.example/",
            "read": "Nothing.",
        }
    },
    "owners": {"platform": "Platform engineering"},
    "controls": [TECHNICAL],
}


def test_a_right_map_has_no_mistakes() -> None:
    assert [*mistakes(GOOD)] == []


def _kind(kind: str, **more: Any) -> Callable[[Document], None]:
    """Turn the control into another kind, with what that kind needs, and leave what it must not have."""
    return lambda control: control.update({"kind": kind, **more})


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda c: c.update(source="rumour"), "source 'rumour' is none of law"),
        (lambda c: c.update(owner="nobody"), "owner 'nobody' is none of platform"),
        (lambda c: c.update(files=["modules/nowhere"]), "modules/nowhere does not exist"),
        (
            lambda c: c.update(resources={"10-foundation": ["module.keys.aws_kms_key.that"]}),
            "10-foundation declares no",
        ),
        (lambda c: c.update(resources={"99-nowhere": ["aws_kms_key.this"]}), "terraform/99-nowhere does not exist"),
        (lambda c: c.update(checks={"terraform": ["modules/keys::nothing"]}), "modules/keys has no test run 'nothing'"),
        (lambda c: c.update(checks={"terraform": ["modules/gone::x"]}), "modules/gone does not exist"),
        (lambda c: c.update(checks={"pytest": ["tests/meta/test_gone.py"]}), "tests/meta/test_gone.py does not exist"),
        (lambda c: c.update(checks={"make": ["believe"]}), "no target 'believe'"),
        (lambda c: c.update(accepted_skips={"CKV_AWS_1": "why not"}), "accepted_skips names CKV_AWS_1"),
        (lambda c: c.update(checks={}), "should be non-empty"),
        (lambda c: c.pop("checks"), "is not valid under any of the given schemas"),
        (lambda c: c.update(status="proved"), "Additional properties are not allowed ('status' was unexpected)"),
        (lambda c: c.update(title="x" * 101), "is too long"),
        (_kind("planned", missing="A plan."), "is not valid under any of the given schemas"),
        (_kind("organisational", must="Do it."), "is not valid under any of the given schemas"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mistake_is_found(break_it: Callable[[Document], object], said: str) -> None:
    document = copy.deepcopy(GOOD)
    break_it(document["controls"][0])
    assert any(said in each for each in mistakes(document)), [*mistakes(document)]


def test_an_id_that_stands_twice_is_found() -> None:
    assert [*mistakes(GOOD | {"controls": [TECHNICAL, TECHNICAL]})] == [
        "T-1: stands 2 times; give each control an id of its own"
    ]


def test_what_is_yet_to_be_built_may_be_named_if_the_map_says_so() -> None:
    control = TECHNICAL | {
        "missing": "It is being built.",
        "files": ["modules/to-come"],
        "resources": {"95-to-come": ["module.x.aws_kms_key.this"]},
        "checks": {"terraform": ["modules/to-come::x"], "pytest": ["tests/meta/test_to_come.py::test_x"]},
    }
    document = GOOD | {"controls": [control]}
    assert [*mistakes(document)] == []
    assert parse(document).controls[0].absent_files() == [
        "modules/to-come",
        "terraform/95-to-come",
        "tests/meta/test_to_come.py",
    ]


def test_resources_are_looked_for_through_modules() -> None:
    root = TERRAFORM / "20-storage"
    assert declares(root, "module.data_lake.module.lake.aws_s3_bucket.this")
    assert declares(root, "module.data_lake")
    assert declares(TERRAFORM / "30-cluster", "module.hospital_ingestion.module.identity.aws_iam_role.this")
    assert not declares(root, "module.data_lake.module.pond.aws_s3_bucket.this")
    assert not declares(root, "module.data_lake.aws_s3_bucket.this")


def test_a_file_with_mistakes_is_one_message_with_all_of_them(tmp_path: Path) -> None:
    text = controls.CONTROLS.read_text(encoding="utf-8")
    broken = re.sub(r"owner: platform\n", "owner: nobody\n", text, count=2)
    (tmp_path / "controls.yaml").write_text(broken, encoding="utf-8")
    with pytest.raises(UserError) as said:
        load(tmp_path / "controls.yaml")
    assert str(said.value).count("owner 'nobody' is none of") == 2
