"""The real ``uv audit`` on the real lock file, against an advisory service on loopback that speaks OSV's API
(https://google.github.io/osv.dev/api/): what it is asked, what comes of its answers, and of none."""

import json
import tomllib
from datetime import date
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from scripts.paths import REPOSITORY
from scripts.supply import __main__ as supply
from scripts.supply import audit
from tests.functional.loopback import serving

TODAY = date(2026, 1, 15)
MADE_UP = {
    "id": "GHSA-0000-made-up00",
    "aliases": ["CVE-2026-00000"],
    "summary": "Made up for this test",
    "details": "Nothing is wrong with this package.",
    "modified": "2026-01-02T00:00:00Z",
    "published": "2026-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}],
        }
    ],
    "references": [{"type": "WEB", "url": "https://advisories.example/made-up"}],
}


class AdvisoryService(BaseHTTPRequestHandler):
    """OSV with one advisory, on ``server.afflicted``; broken with ``server.status``. Keeps what it was asked."""

    def do_POST(self) -> None:
        server: Any = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.asked += [(query["package"]["name"], query["version"]) for query in body["queries"]]
        brief = {"id": MADE_UP["id"], "modified": MADE_UP["modified"]}
        names = [query["package"]["name"] for query in body["queries"]]
        self.answer({"results": [{"vulns": [brief]} if name == server.afflicted else {} for name in names]})

    def do_GET(self) -> None:
        self.answer(MADE_UP)

    def answer(self, document: object) -> None:
        server: Any = self.server
        content = json.dumps(document).encode()
        self.send_response(server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


def nothing_accepted(folder: Path) -> Path:
    path = folder / "advisories.yaml"
    path.write_text("advisories: []\n")
    return path


@pytest.fixture
def unreachable() -> str:
    """An address where nobody answers any more."""
    with serving(AdvisoryService) as address:
        return address


@pytest.fixture(autouse=True)
def without_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """uv does not wait before it gives up."""
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")


def test_every_package_of_the_lock_file_is_asked_for_and_an_advisory_is_found(tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []
    with serving(AdvisoryService, status=200, afflicted="jinja2", asked=asked) as address:
        verdict = audit.audit(TODAY, address, nothing_accepted(tmp_path))
    locked = tomllib.loads((REPOSITORY / "uv.lock").read_text(encoding="utf-8"))["package"]
    wanted = {(each["name"], each["version"]) for each in locked if each["name"] != "kosha"}
    assert set(asked) == wanted
    assert verdict.packages == len(wanted)
    assert [(each.package, each.id, each.fixed_in, each.link) for each in verdict.open] == [
        ("jinja2", MADE_UP["id"], ("99.0",), "https://advisories.example/made-up")
    ]
    assert not verdict.is_good


def test_a_clean_lock_file_is_good(tmp_path: Path) -> None:
    with serving(AdvisoryService, status=200, afflicted="", asked=[]) as address:
        assert audit.audit(TODAY, address, nothing_accepted(tmp_path)).is_good


def test_a_service_that_refuses_or_is_not_there_is_no_audit(tmp_path: Path, unreachable: str) -> None:
    with (
        serving(AdvisoryService, status=404, afflicted="", asked=[]) as address,
        pytest.raises(audit.UnavailableError, match="404 Not Found"),
    ):
        audit.audit(TODAY, address, nothing_accepted(tmp_path))
    with pytest.raises(audit.UnavailableError, match="Connection refused"):
        audit.audit(TODAY, unreachable, nothing_accepted(tmp_path))


@pytest.mark.parametrize(("parts", "code"), [((), 0), (("audit",), 1)], ids=["among all checks", "by name"])
def test_the_command_says_that_nothing_was_audited(
    parts: tuple[str, ...],
    code: int,
    unreachable: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["supply", *parts, "--advisory-service", unreachable])
    for other in ("scan_secrets", "write_sboms"):
        monkeypatch.setattr(supply, other, lambda: True)
    assert supply.main() == code
    said = capsys.readouterr().out
    assert "NOT audited" in said
    assert "Connection refused" in said
    assert "no open advisories" not in said
