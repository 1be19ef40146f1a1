"""The scan of secrets finds what is planted, excuses what is listed and nothing else, and shows no value."""

import subprocess
from pathlib import Path

import pytest

from scripts.supply import __main__ as supply
from scripts.supply import secret_scan
from scripts.talk import UserError

# Put together here, so that the scan of this repository does not find it.
FAKE_KEY = "AKIA" + "QYLPMN5HFIQR7XYA"
NOTHING = "exclusions: []\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty git repository."""
    folder = tmp_path / "repository"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    return folder


def track(repository: Path, name: str, content: str | bytes) -> None:
    path = repository / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    subprocess.run(["git", "add", "--force", name], cwd=repository, check=True)


def scan(repository: Path, exclusions: str = NOTHING) -> secret_scan.Scan:
    file = repository.parent / "secrets.yaml"
    file.write_text(exclusions)
    return secret_scan.scan(repository, file)


def test_a_planted_key_fails_the_scan(repository: Path) -> None:
    track(repository, "deploy/settings.py", f'region = "ap-south-1"\naccess = "{FAKE_KEY}"\n')
    outcome = scan(repository)
    assert not outcome.is_clean
    assert [(each.file, each.line, each.kind) for each in outcome.secrets] == [
        ("deploy/settings.py", 2, "AWS Access Key")
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("keys.lock", f'key = "{FAKE_KEY}"\n'),
        ("picture.svg", f"<!-- {FAKE_KEY} -->\n"),
        ("swagger/settings.txt", f"key {FAKE_KEY}\n"),
        ("excused.py", f'key = "{FAKE_KEY}"  # pragma: allowlist secret\n'),
    ],
)
def test_neither_a_files_name_nor_a_comment_hides_a_key(repository: Path, name: str, content: str) -> None:
    track(repository, name, content)
    assert [each.file for each in scan(repository).secrets] == [name]


def test_what_git_does_not_track_is_not_read(repository: Path) -> None:
    (repository / "local.py").write_text(f'key = "{FAKE_KEY}"\n')
    track(repository, "archive.zip", b"PK\x03\x04\xff\xfe")
    outcome = scan(repository)
    assert outcome.is_clean
    assert (outcome.files, outcome.no_text) == (0, 1)


def test_an_exclusion_excuses_its_value_in_its_files_alone(repository: Path) -> None:
    track(repository, "tests/test_masks.py", f'key = "{FAKE_KEY}"\n')
    listed = "exclusions: [{value: %s, files: ['tests/**'], reason: made up for the test of masks}]\n"
    assert scan(repository, listed % FAKE_KEY).is_clean
    assert scan(repository, listed % FAKE_KEY[:-1]).secrets, "a part of the value is not the value"
    track(repository, "src/settings.py", f'key = "{FAKE_KEY}"\n')
    assert [each.file for each in scan(repository, listed % FAKE_KEY).secrets] == ["src/settings.py"]


def test_an_exclusion_that_excuses_nothing_fails(repository: Path) -> None:
    outcome = scan(repository, "exclusions: [{value: gone, files: ['**'], reason: was in a file that is no more}]\n")
    assert not outcome.is_clean
    assert [each.value.pattern for each in outcome.unused] == ["gone"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{value: x, files: ['**'], reason: because}", "does not say why"),
        ("{value: x, files: ['**']}", "has value, files and reason"),
        ("{value: '(', files: ['**'], reason: a reason of some length}", "no regular expression"),
    ],
)
def test_an_exclusion_that_is_not_whole_is_refused(repository: Path, entry: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        scan(repository, f"exclusions: [{entry}]\n")


def test_outside_a_repository_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="git does not list"):
        secret_scan.tracked_files(tmp_path)


def test_the_command_fails_and_does_not_show_the_key(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    track(repository, "settings.py", f'key = "{FAKE_KEY}"\n')
    found = scan(repository)
    monkeypatch.setattr(secret_scan, "scan", lambda folder: found)
    monkeypatch.setattr("sys.argv", ["supply", "secrets"])
    assert supply.main() == 1
    said = capsys.readouterr().out
    assert "settings.py:1: AWS Access Key" in said
    assert FAKE_KEY not in said
